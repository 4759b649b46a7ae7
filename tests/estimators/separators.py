"""Small networks of each architecture with random weights, and their configurations as they are passed around."""

import torch

from dawbridge.estimators.waveform.configuration import describe
from dawbridge.estimators.waveform.loading import _network

BANDS = (2,) * 24 + (4,) * 12 + (12,) * 8 + (24,) * 8 + (48,) * 8 + (128, 129)
FOUR = ["drums", "bass", "other", "vocals"]
TRANSFORMER = {
    "dim": 16, "depth": 1, "stereo": True, "num_stems": 1, "time_transformer_depth": 1, "freq_transformer_depth": 1,
    "dim_head": 8, "heads": 2, "mask_estimator_depth": 2, "stft_n_fft": 2048, "stft_hop_length": 441,
    "stft_win_length": 2048,
}  # fmt: skip
ONE = {"instruments": ["vocals", "other"], "target_instrument": "vocals"}
AUDIO = {"chunk_size": 16384, "sample_rate": 44100}
CONFIGURATIONS = {
    "mel_band_roformer": {
        "audio": AUDIO, "model": {**TRANSFORMER, "num_bands": 60, "sample_rate": 44100}, "training": ONE,
        "inference": {"num_overlap": 2},
    },
    "bs_roformer": {
        "audio": AUDIO, "training": ONE, "inference": {"num_overlap": 4},
        "model": {**TRANSFORMER, "freqs_per_bands": BANDS},
    },
    "scnet": {
        "audio": AUDIO, "training": {"instruments": FOUR, "target_instrument": None},
        "model": {
            "sources": FOUR, "audio_channels": 2, "dims": [4, 8, 16, 32], "nfft": 4096, "hop_size": 1024,
            "win_size": 4096, "normalized": True, "band_SR": [0.175, 0.392, 0.433], "band_stride": [1, 4, 16],
            "band_kernel": [3, 4, 16], "conv_depths": [3, 2, 1], "compress": 4, "conv_kernel": 3, "num_dplayer": 2,
            "expand": 1,
        },
    },
    "mdx23c": {
        "audio": {"chunk_size": 31744, "dim_f": 1024, "dim_t": 32, "hop_length": 1024, "n_fft": 2048,
                  "num_channels": 2, "sample_rate": 44100},
        "model": {"act": "gelu", "bottleneck_factor": 4, "growth": 8, "norm": "InstanceNorm", "scale": [2, 2],
                  "num_blocks_per_scale": 1, "num_channels": 8, "num_scales": 2, "num_subbands": 4},
        "training": {"instruments": ["vocals", "other"], "target_instrument": None},
    },
    "htdemucs": {
        "model": "htdemucs", "training": {"instruments": FOUR, "channels": 2, "samplerate": 44100, "segment": 0.5},
        "htdemucs": {"channels": 16, "growth": 2, "depth": 4, "nfft": 2048, "t_layers": 1, "t_heads": 2,
                     "bottom_channels": 32, "dconv_mode": 3},
    },
}  # fmt: skip
"""By architecture."""
HIDDEN = {f"mask_estimators.0.to_freqs.0.0.{layer}.weight": () for layer in (0, 2)}
"""Keys by which the depth of a Mel-Band RoFormer's mask estimators is told."""


def random_network(architecture):
    """A description, and a network with random weights, statistics and scales."""
    torch.manual_seed(7)
    description = describe(CONFIGURATIONS[architecture], HIDDEN)
    network = _network(description).eval()
    for parameter in network.parameters():
        if parameter.dim() < 2 and parameter.requires_grad:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return description, network
