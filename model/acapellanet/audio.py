"""What all audio in this package has in common: its sample rate, its type, and the files it is read from."""

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 44100
"""Sample rate of decoded audio and of the network, in Hz."""
AUDIO_SUFFIXES = frozenset({".opus", ".ogg", ".oga", ".flac", ".wav", ".aif", ".aiff", ".mp3", ".w64", ".caf"})
"""Endings of the names of files that are tried as audio, in lower case."""
Samples = npt.NDArray[np.float32]
"""Audio as `[channels, samples]`, or `[samples]` if it is mono; full scale is 1."""
