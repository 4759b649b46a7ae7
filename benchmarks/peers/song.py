"""Makes the song for `make bench-peers`, and two seconds of it to warm up with: python -m benchmarks.peers.song."""

import sys
from pathlib import Path

import soundfile

from tools.song import make_song

RATE = 44100
WARM_UP_S = 2.0


def main(folder: Path, seconds: float) -> None:
    """Write `song.wav` and `warm-up.wav`, stereo, 24 bits, always the same."""
    vocals, music = make_song(seconds, RATE)
    song = (vocals + music).T
    soundfile.write(folder / "song.wav", song, RATE, subtype="PCM_24")
    soundfile.write(folder / "warm-up.wav", song[: round(WARM_UP_S * RATE)], RATE, subtype="PCM_24")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
