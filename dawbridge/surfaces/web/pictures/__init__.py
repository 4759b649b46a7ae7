"""Pictures of audio for the page: peaks of a waveform and tiles of a spectrogram, computed once and kept on disk."""
