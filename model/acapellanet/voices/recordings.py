"""Cut recorded speech into phrases to sing: long takes stay as they are, single words of a speaker are joined."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from acapellanet.audio import AUDIO_SUFFIXES, Samples
from acapellanet.errors import DataError

LONGEST_S = 20.0
"""Longest part of a take that is used, in seconds."""
PHRASE_S = 8.0
"""Duration in seconds up to which shorter takes are joined."""
PAUSE_S = 0.1
LEVEL_RMS = 0.1
"""Level that every take is brought to, so that no word of a phrase is drowned by its neighbours."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of one speaker: mono `audio` `[samples]` at `sample_rate` Hz."""

    speaker: str
    """Path of the speaker's folder, from the name of the recordings on, joined by `_`: `klettres_de_alpha`."""
    name: str
    """Name of the first take in the phrase."""
    audio: Samples
    sample_rate: int


def phrases(recordings: Path, problems: list[str]) -> Iterator[Phrase]:
    """Yield all phrases in a folder of recordings, in which each folder with takes is a speaker.

    Takes that are silent or cannot be read are added to `problems`. Raises `DataError` if there are no audio files.
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
