"""Shows the main job: the daemon runs, a song is bounced into its folder, a knob is turned, and the stems are there.

Writes everything below `demo/`. Run by `make demo`.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from dawbridge.surfaces.osc.client import OscClient, free_port
from tools.pictures import draw_spectrograms
from tools.song import make_song

FOLDER = Path("demo")
PATIENCE_S = 600.0


class Watching:
    """Runs `dawbridge watch` as a program of its own, with its settings inside the demo's folder."""

    def __init__(self, bounces: Path, port: int, feedback: int) -> None:
        environment = {**os.environ, "DAWBRIDGE_HOME": str(FOLDER / "home")}
        command = [sys.executable, "-m", "dawbridge", "watch", str(bounces), "--no-midi", "--osc-port", str(port)]
        command += ["--http-port", "0"]
        command += ["--osc-feedback", f"127.0.0.1:{feedback}"]
        self._process = subprocess.Popen(command, env=environment)

    def __enter__(self) -> "Watching":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)


def main() -> int:
    """Run the demonstration; 0 if both stems are there and add up to the bounce."""
    options = _options()
    shutil.rmtree(FOLDER, ignore_errors=True)
    bounces = FOLDER / "bounces"
    bounces.mkdir(parents=True)
    song = _song(options.song)
    bounce = bounces / (Path(options.song).name if options.song else "song.wav")
    port = free_port()
    with OscClient(port) as heard, Watching(bounces, port, heard.port):
        heard.wait_for("/dawbridge/startup", PATIENCE_S)
        print(f"\n> a bounce: {bounce}")
        shutil.copyfile(song, bounce)
        begun = time.monotonic()
        _, acapella, instrumental, seconds = heard.wait_for("/dawbridge/job/done", PATIENCE_S)
        print(f"> stems {time.monotonic() - begun:.1f} s after it\n\n> OSC: /dawbridge/mask/contrast 0.75")
        heard.send("/dawbridge/mask/contrast", 0.75)
        begun = time.monotonic()
        heard.wait_for("/dawbridge/job/done", PATIENCE_S)
        print(f"> stems rewritten {time.monotonic() - begun:.2f} s after the knob\n")
        heard.send("/dawbridge/mask/contrast", 0.5)
        heard.wait_for("/dawbridge/job/done", PATIENCE_S)
    return _summary(bounce, Path(str(acapella)), Path(str(instrumental)), float(seconds))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--song", default="", help="your own song, instead of one that is made here")
    parser.add_argument("--seconds", type=float, default=24.0, help="length of the song that is made [24]")
    return parser.parse_args()


def _song(given: str) -> Path:
    if given:
        if not Path(given).is_file():
            sys.exit(f"there is no file {given}; give one: make demo SONG=path/to/song.wav")
        return Path(given)
    vocals, music = make_song(_options().seconds)
    path = FOLDER / "song.wav"
    soundfile.write(path, (vocals + music).T, 44100, subtype="PCM_24")
    soundfile.write(FOLDER / "true_vocals.wav", vocals.T, 44100, subtype="PCM_24")
    return path


def _summary(bounce: Path, acapella: Path, instrumental: Path, seconds: float) -> int:
    mixture, rate = soundfile.read(bounce, dtype="float64", always_2d=True)
    stems = [soundfile.read(stem, dtype="float64", always_2d=True) for stem in (acapella, instrumental)]
    same = all(stem.shape == mixture.shape and stem_rate == rate for stem, stem_rate in stems)
    worst = float(np.abs(stems[0][0] + stems[1][0] - mixture).max()) if same else float("inf")
    depth = "-inf dBFS: bit for bit" if worst == 0 else f"{20 * np.log10(worst):.1f} dBFS"
    duration = len(mixture) / rate
    draw_spectrograms(bounce, acapella, instrumental, FOLDER / "spectrogram.png")
    print(f"acapella          {acapella}")
    print(f"instrumental      {instrumental}")
    print(f"frames and rate   {'the same as the bounce' if same else 'DIFFER from the bounce'}")
    print(f"null depth        {depth}")
    print(f"real-time factor  {seconds / duration:.3f} ({seconds:.1f} s for {duration:.1f} s of audio)")
    if (FOLDER / "true_vocals.wav").exists():
        vocals, _ = soundfile.read(FOLDER / "true_vocals.wav", dtype="float64", always_2d=True)
        error = ((stems[0][0] - vocals) ** 2).sum()
        print(f"vocals SDR        {10 * np.log10((vocals**2).sum() / error):.1f} dB "
              f"(mixture {10 * np.log10((vocals**2).sum() / ((mixture - vocals) ** 2).sum()):.1f} dB)")  # fmt: skip
    print(f"picture           {FOLDER / 'spectrogram.png'}")
    return 0 if same and worst <= 2.0**-24 else 1


if __name__ == "__main__":
    raise SystemExit(main())
