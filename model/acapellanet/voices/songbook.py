"""Write voice banks sung by synthesizers, or by the speakers of recordings: `acapellanet sing`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from acapellanet.audio import SAMPLE_RATE
from acapellanet.errors import DataError
from acapellanet.voices import sinsy
from acapellanet.voices.contours import contours_of
from acapellanet.voices.manners import any_manner
from acapellanet.voices.recordings import phrases
from acapellanet.voices.speech import Speaker, say, speakers, verse
from acapellanet.voices.sung import Random, sung

BANK_PREFIX = "sung_"
FOLLOWED = 0.5
"""Share of the phrases that follow the melody of a real song, if there are any."""
GIVE_UP_AFTER = 3
"""Number of failures in a row after which a singer is given up."""
Singer = Callable[[Random], tuple[np.typing.NDArray[np.float32], int]]
"""A function that makes a song up: mono samples and their rate in Hz."""


@dataclass(slots=True)
class Songbook:
    """What was written, and what could not be used."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Duration of song in seconds, by bank."""
    problems: list[str] = field(default_factory=list)


def sing_verses(out: Path, minutes: float, seed: int, report: Callable[[float], None]) -> Songbook:
    """Let every installed speaker sing, and Sinsy, `minutes` of song in all, into a bank of `out` each.

    The same seed and voices give the same songs. `report` is called with the seconds of each song that is written.
    Raises `DataError` if nobody can sing.
    """
    choir: dict[str, Singer] = {f"{BANK_PREFIX}{speaker.name}": partial(_sung_verse, speaker) for speaker in speakers()}
    if sinsy.is_installed():
        choir[sinsy.BANK] = sinsy.sing
    if not choir:
        raise DataError(
            "nobody to sing: install flite, or festival and voices for it, or the extra sinsy, or give a folder of "
            "recordings"
        )
    book = Songbook()
    for number, (bank, singer) in enumerate(choir.items()):
        random = np.random.default_rng((seed, number))
        _sing_alone(singer, out / bank, minutes * 60 / len(choir), random, book, report)
    return _or_error(book)


def sing_recordings(
    recordings: Path, out: Path, seed: int, report: Callable[[float], None], melodies: Path | None = None
) -> Songbook:
    """Sing each phrase of `recordings` once, into `out/sung_<its speaker>/`, in any manner of `manners`.

    `melodies`: a folder of solo songs, whose melodies half of the phrases follow. Raises `DataError` if no recording
    can be sung.
    """
    book = Songbook()
    contours = contours_of(melodies) if melodies else []
    for number, phrase in enumerate(phrases(recordings, book.problems)):
        random = np.random.default_rng((seed, number))
        followed = contours and random.random() < FOLLOWED
        contour = contours[int(random.integers(len(contours)))] if followed else None
        try:
            song = sung(phrase.audio, phrase.sample_rate, random, any_manner(random), contour)
        except DataError as error:
            book.problems.append(f"{phrase.speaker}/{phrase.name}: {error}")
            continue
        _write(out / f"{BANK_PREFIX}{phrase.speaker}", phrase.name, song, SAMPLE_RATE, book, report)
    return _or_error(book)


def _sung_verse(speaker: Speaker, random: Random) -> tuple[np.typing.NDArray[np.float32], int]:
    audio, rate = say(speaker, verse(speaker, random))
    return sung(audio, rate, random), SAMPLE_RATE


def _sing_alone(
    singer: Singer, folder: Path, limit_s: float, random: Random, book: Songbook, report: Callable[[float], None]
) -> None:
    failed = number = 0
    while book.seconds.get(folder.name, 0.0) < limit_s and failed < GIVE_UP_AFTER:
        try:
            song, rate = singer(random)
        except DataError as error:
            failed += 1
            if failed == GIVE_UP_AFTER:
                book.problems.append(str(error))
            continue
        failed = 0
        _write(folder, f"{number:03d}", song, rate, book, report)
        number += 1


def _write(
    folder: Path,
    name: str,
    song: np.typing.NDArray[np.float32],
    rate: int,
    book: Songbook,
    report: Callable[[float], None],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.flac", song, rate)
    seconds = len(song) / rate
    book.seconds[folder.name] = book.seconds.get(folder.name, 0.0) + seconds
    report(seconds)


def _or_error(book: Songbook) -> Songbook:
    if not book.seconds:
        raise DataError(f"nothing could be sung: {'; '.join(book.problems[:5])}")
    return book
