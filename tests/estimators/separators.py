"""Networks of each architecture with random weights, small and as released, and what their own package makes of them.

Configurations are written as they are passed around with weights.
"""

import numpy as np
import torch

from dawbridge.estimators.waveform.configuration import describe
from dawbridge.estimators.waveform.loading import _network

BANDS = (2,) * 24 + (4,) * 12 + (12,) * 8 + (24,) * 8 + (48,) * 8 + (128, 129)
FOUR = ["drums", "bass", "other", "vocals"]
TRANSFORMER = {
    "dim": 16, "depth": 2, "stereo": True, "num_stems": 1, "time_transformer_depth": 1, "freq_transformer_depth": 1,
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
"""By architecture: small ones."""
ROFORMER = {**TRANSFORMER, "dim_head": 64, "heads": 8}
EIGHT_S = {"chunk_size": 352800, "sample_rate": 44100}
RELEASED = {
    "mel_band_roformer": {
        "audio": EIGHT_S, "training": ONE, "inference": {"num_overlap": 2},
        "model": {**ROFORMER, "dim": 384, "depth": 6, "num_bands": 60, "sample_rate": 44100},
    },
    "bs_roformer": {
        "audio": EIGHT_S, "training": ONE, "inference": {"num_overlap": 2},
        "model": {**ROFORMER, "dim": 512, "depth": 12, "freqs_per_bands": BANDS},
    },
    "scnet": {
        "audio": {"chunk_size": 485100, "sample_rate": 44100}, "inference": {"num_overlap": 2},
        "training": {"instruments": FOUR, "target_instrument": None},
        "model": {**CONFIGURATIONS["scnet"]["model"], "dims": [4, 32, 64, 128], "num_dplayer": 6},
    },
    "mdx23c": {
        "audio": {"chunk_size": 261120, "dim_f": 4096, "dim_t": 256, "hop_length": 1024, "n_fft": 8192,
                  "num_channels": 2, "sample_rate": 44100, "min_mean_abs": 0.001},
        "model": {**CONFIGURATIONS["mdx23c"]["model"], "growth": 128, "num_blocks_per_scale": 2, "num_channels": 128,
                  "num_scales": 5},
        "training": {"instruments": ["vocals", "other"], "target_instrument": None},
        "inference": {"num_overlap": 2},
    },
    "htdemucs": {
        "model": "htdemucs", "training": {"instruments": FOUR, "channels": 2, "samplerate": 44100, "segment": 7.8},
        "htdemucs": {"channels": 48, "growth": 2, "depth": 4, "nfft": 4096, "t_layers": 5, "t_heads": 8,
                     "bottom_channels": 512, "dconv_mode": 3},
    },
}  # fmt: skip
"""By architecture: of the shapes in which weights for vocals were released."""
HIDDEN = {f"mask_estimators.0.to_freqs.0.0.{layer}.weight": () for layer in (0, 2)}
"""Keys by which the depth of a Mel-Band RoFormer's mask estimators is told."""
RELEASED_HIDDEN = {**HIDDEN, "mask_estimators.0.to_freqs.0.0.4.weight": ()}


def random_network(architecture):
    """A description, and a network with random weights, statistics and scales."""
    return randomised(describe(CONFIGURATIONS[architecture], HIDDEN))


def released_network(architecture):
    """The same in the shape in which weights were released."""
    return randomised(describe(RELEASED[architecture], RELEASED_HIDDEN))


def randomised(description):
    """The description, and a network that it describes, always with the same random weights."""
    torch.manual_seed(7)
    network = _network(description).eval()
    for parameter in network.parameters():
        if parameter.dim() < 2 and parameter.requires_grad:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return description, network


def reference(network, description, mixture):
    """The package's own network on one segment, and the vocals picked by hand."""
    with torch.inference_mode():
        given = network(torch.from_numpy(mixture)[None])[0].numpy()
    return given if given.ndim == 2 else given[description.stems.index("vocals")]


def overlap_add(network, description, mixture):
    """What `reference` gives for each segment of a mixture of any length, added up under triangles."""
    length, hop, samples = description.segment_samples, description.hop_samples, mixture.shape[1]
    ramp = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1))
    sums, weights = np.zeros((2, samples + length)), np.zeros(samples + length)
    padded = np.pad(mixture, ((0, 0), (0, length)))
    for start in range(0, samples, hop):
        sums[:, start : start + length] += ramp * reference(network, description, padded[:, start : start + length])
        weights[start : start + length] += ramp
    return sums[:, :samples] / weights[:samples]


def streamed(estimator, mixture, block_samples):
    """The estimator's vocals of a mixture that arrives in blocks."""
    starts = range(0, mixture.shape[1], block_samples)
    blocks = (mixture[:, start : start + block_samples] for start in starts)
    return np.concatenate(list(estimator.streaming.stream(estimator.estimate, blocks, 1)), axis=1)
