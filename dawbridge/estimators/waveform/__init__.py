"""Networks of other people that give a waveform: Mel-Band and BS RoFormer, SCNet, MDX23C, HT Demucs.

Their layers come from the package pymss-core (extra `models`), their weights from whoever has them: `importing` reads
weights as they are passed around and writes safetensors with a `description.Description`; `loading` opens only those.
"""
