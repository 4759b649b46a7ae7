"""Define what all audio in this package has in common: sample rate, type, and names of files."""

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 44100
"""Sample rate of decoded audio and of the network, in Hz."""
AUDIO_SUFFIXES = frozenset({".opus", ".ogg", ".oga", ".flac", ".wav", ".aif", ".aiff", ".mp3", ".w64", ".caf"})
"""Endings of the names of files that are tried as audio, in lower case."""
Samples = npt.NDArray[np.float32]
"""Audio as `[channels, samples]`, or `[samples]` if it is mono; full scale is 1."""
