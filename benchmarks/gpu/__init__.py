"""A graphics card at work: `make gpu`, on a machine with Python, torch, numpy, safetensors and soundfile alone."""
