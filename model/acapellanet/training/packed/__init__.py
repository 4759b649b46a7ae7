"""Training from a pack, with all audio and all mixing on the device: what a GPU needs in order not to wait.

Needs torch, numpy, safetensors and soundfile alone.
"""
