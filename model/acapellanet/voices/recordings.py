"""Recorded speech as phrases to sing: long takes as they are, single words of one speaker joined."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from acapellanet.audio import AUDIO_SUFFIXES, Samples
from acapellanet.errors import DataError

LONGEST_S = 20.0
"""Of a take: the rest is not used."""
PHRASE_S = 8.0
"""Takes shorter than this are joined until they last so long."""
PAUSE_S = 0.1
LEVEL_RMS = 0.1
"""Each take is brought to it, so that no word of a phrase is drowned by its neighbours."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What one speaker says: mono `audio` `[samples]` at `sample_rate` Hz."""

    speaker: str
    """The folder's path from the recordings' own name on, with `_` between its parts: `klettres_de_alpha`."""
    name: str
    """Of the first take in it."""
    audio: Samples
    sample_rate: int


def phrases(recordings: Path, problems: list[str]) -> Iterator[Phrase]:
    """All phrases in a folder of recordings, each folder with takes being a speaker.

    What is silent or cannot be read is told to `problems`. Raises `DataError` if there are no audio files.
    """
    paths = sorted(path for path in recordings.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if not paths:
        raise DataError(f"{recordings}: no recordings there; expected {', '.join(sorted(AUDIO_SUFFIXES))}")
    root = recordings.resolve().name
    waiting: dict[tuple[Path, int], Phrase] = {}
    for path in paths:
        try:
            take = _take(path, "_".join((root, *path.parent.relative_to(recordings).parts)))
        except (DataError, soundfile.LibsndfileError) as error:
            problems.append(f"{path}: {error}")
            continue
        place = path.parent, take.sample_rate
        before = waiting.pop(place, None)
        phrase = take if before is None else _joined(before, take)
        if len(phrase.audio) >= PHRASE_S * phrase.sample_rate:
            yield phrase
        else:
            waiting[place] = phrase
    yield from waiting.values()


def _take(path: Path, speaker: str) -> Phrase:
    with soundfile.SoundFile(path) as file:
        rate = file.samplerate
        audio = file.read(int(LONGEST_S * rate), dtype="float32", always_2d=True).mean(1)
    loud = np.flatnonzero(np.abs(audio) > 0.02 * np.abs(audio).max(initial=0.0))
    if not len(loud) or not np.isfinite(audio).all():
        raise DataError("nobody speaks in it")
    audio = audio[loud[0] : loud[-1] + 1]
    audio = audio * (LEVEL_RMS / np.sqrt(np.square(audio, dtype=np.float64).mean()))
    return Phrase(speaker, path.stem, np.asarray(audio, dtype=np.float32), rate)


def _joined(before: Phrase, take: Phrase) -> Phrase:
    pause = np.zeros(int(PAUSE_S * take.sample_rate), dtype=np.float32)
    audio = np.concatenate((before.audio, pause, take.audio))
    return Phrase(before.speaker, before.name, audio, take.sample_rate)
