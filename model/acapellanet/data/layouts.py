"""Recognise what each file of a data folder is: a voice, music without one, or half of a song.

Four layouts are known and may be mixed (any format that libsndfile reads)::

    vocals/<…>/<bank>/*  instrumental/<owner>/*            solo voices; music without voice
    <song>/vocals.*  <song>/instrumental.*                 pairs whose sum is the mixture, at any depth
    <song>/{vocals,drums,bass,other}.wav                   MUSDB18-HQ; its test/ is kept for validation
    8A - title acapella.mp3  8A - other title.mp3          2017's: voices say "acapella" in their names
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from acapellanet.audio import AUDIO_SUFFIXES

VOCALS, INSTRUMENTAL = "vocals", "instrumental"
REST_OF_MUSDB = ("bass", "drums", "other")
ACAPELLA = "acapella"
KNOWN_LAYOUTS = (
    "<song>/vocals.* and <song>/instrumental.* (or MUSDB18-HQ's drums, bass, other), vocals/<bank>/*, "
    "instrumental/<owner>/*, or files of which some have 'acapella' in their names"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A sound to decode."""

    name: str
    """Path inside the data folder, with forward slashes; the first, if there are several files."""
    parts: tuple[str, ...]
    """Paths inside the data folder of the files that are added up."""
    role: str
    """`vocals` or `instrumental`."""
    bank: str
    """Folder that contains the file: a song of stems, a voice bank, an owner of instrumentals."""
    paired: bool
    """Whether it is half of a song."""


def scan(data: Path) -> list[Entry]:
    """List what is in `data` and is understood, sorted by name."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in _files(data):
        relative = path.relative_to(data)
        if path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".") and path.is_file():
            folders[relative.parent.as_posix()].append(relative.as_posix())
    entries = [entry for folder, names in folders.items() for entry in _of_folder(folder, sorted(names))]
    return sorted(entries, key=lambda entry: entry.name)


def _files(data: Path) -> Iterator[Path]:
    """Walk all folders that are not hidden, following links, none of them twice."""
    seen: set[str] = set()
    for folder, inner, names in os.walk(data, followlinks=True):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        yield from (Path(folder, name) for name in names)


def _of_folder(folder: str, names: list[str]) -> Iterator[Entry]:
    stems = {PurePosixPath(name).stem.lower(): name for name in reversed(names)}
    kind = PurePosixPath(folder).parts[:1]
    if VOCALS in stems and (INSTRUMENTAL in stems or any(part in stems for part in REST_OF_MUSDB)):
        yield from _song(folder, stems)
    elif kind in ((VOCALS,), (INSTRUMENTAL,)):
        bank = PurePosixPath(folder).name
        yield from (Entry(name, (name,), kind[0], bank, False) for name in names)
    elif any(ACAPELLA in stem for stem in stems):
        for name in names:
            role = VOCALS if ACAPELLA in PurePosixPath(name).stem.lower() else INSTRUMENTAL
            yield Entry(name, (name,), role, folder, False)
    else:  # half of a song; other files in the folder are ignored
        for role in (VOCALS, INSTRUMENTAL):
            if role in stems:
                yield Entry(stems[role], (stems[role],), role, _song_name(folder), True)


def _song(folder: str, stems: dict[str, str]) -> Iterator[Entry]:
    rest = [INSTRUMENTAL] if INSTRUMENTAL in stems else [part for part in REST_OF_MUSDB if part in stems]
    for role, parts in ((VOCALS, (VOCALS,)), (INSTRUMENTAL, rest)):
        paths = tuple(stems[part] for part in parts)
        yield Entry(paths[0], paths, role, _song_name(folder), True)


def _song_name(folder: str) -> str:
    return folder.removeprefix("stems/")
