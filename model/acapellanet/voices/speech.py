"""Let the voices of the free synthesizers flite and festival speak, and choose what they say."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import soundfile

from acapellanet.errors import DataError

Random = np.random.Generator
TOO_ROUGH = frozenset({"kal", "awb_time"})
"""Voices of flite that are limited to 8 kHz, or can only tell the time."""
LIMIT_S = 60.0
LYRICS = (
    "love you me we they never always night light day away stay fire higher desire heart start apart dream stream "
    "river ocean motion slowly falling calling running through the rain again pain window shadow yellow morning "
    "evening sunday summer winter cold gold old road home alone stone phone broken open token golden city pretty "
    "dance chance money honey sugar shiver river fever forever together better letter water mother brother sister "
    "mister system rhythm shining flying crying trying moonlight daylight midnight sunrise paradise promise kiss miss "
    "this is for all my friends and every single thing that I wanna say to the world when I feel what you mean so "
    "come on take my hand hold me close let it go oh yeah hey na la"
)
WORDS = LYRICS.split()
NONSENSE = "la me no ri tu sa ve do mi ka lo ne ti bu ra se po fi ma da le so ni ta vo pe li ro na be"
SYLLABLES = NONSENSE.split()
"""Syllables for voices that do not speak English."""
ENGLISH = re.compile(r"cmu_us|^ked|^kal|^don|^rab")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice, and the program that it belongs to."""

    program: str
    """`flite` or `festival`."""
    voice: str

    @property
    def name(self) -> str:
        """Name for a folder, such as `flite_slt`."""
        return f"{self.program}_{self.voice}"


def speakers() -> list[Speaker]:
    """List all voices of the installed synthesizers, sorted by name."""
    found: list[Speaker] = []
    if shutil.which("flite"):
        listed = _output_of(["flite", "-lv"]).partition(":")[2].split()
        found += [Speaker("flite", voice) for voice in listed if voice not in TOO_ROUGH]
    if shutil.which("festival") and shutil.which("text2wave"):
        listed = re.findall(r"[\w-]+", _output_of(["festival", "-b", "(print (voice.list))"]))
        found += [Speaker("festival", voice) for voice in listed]
    return sorted(found, key=lambda speaker: speaker.name)


def say(speaker: Speaker, text: str) -> tuple[npt.NDArray[np.float32], int]:
    """Speak `text`: mono `[samples]` and their rate in Hz. Raises `DataError` if the program fails."""
    with TemporaryDirectory() as folder:
        wav, words = Path(folder, "speech.wav"), Path(folder, "words.txt")
        words.write_text(text, encoding="ascii")
        if speaker.program == "flite":
            command = ["flite", "-voice", speaker.voice, "-f", str(words), "-o", str(wav)]
        else:
            command = ["text2wave", "-eval", f"(voice_{speaker.voice})", "-o", str(wav), str(words)]
        _output_of(command)
        try:
            audio, rate = soundfile.read(wav, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise DataError(f"{speaker.name}: {command[0]} wrote no speech ({error})") from error
    return audio.mean(1), int(rate)


def verse(speaker: Speaker, random: Random, words: int = 14) -> str:
    """Make up something to say: English words, or syllables for a speaker of another language."""
    if speaker.program == "flite" or ENGLISH.search(speaker.voice):
        return " ".join(random.choice(WORDS, words))
    lengths = random.integers(2, 4, words)
    return " ".join("".join(random.choice(SYLLABLES, length)) for length in lengths)


def _output_of(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise DataError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout
