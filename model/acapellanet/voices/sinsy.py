"""Let Sinsy sing, a synthesizer with true vowels, consonants and slides between its notes.

Sinsy (Oura et al. 2010, "Recent development of the HMM-based singing voice synthesis system - Sinsy") takes a score
with lyrics; its voice here, NIT SONG070 F001, learned from 70 songs of one Japanese singer. It needs the extra `sinsy`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from acapellanet.errors import DataError
from acapellanet.extras import extra_module
from acapellanet.voices.scales import SCALES

Random = np.random.Generator
Note = tuple[int | None, int]
"""A MIDI number, or `None` for a rest, and a length in sixteenths."""

VOICE, BANK = "nitech_jp_song070_f001.htsvoice", "sinsy_f001"
LOWEST, HIGHEST = 61, 76
"""Range as MIDI numbers; below it the voice whispers."""
SECONDS, TEMPO_BPM, BAR = 26.0, (70, 170), 16
ALPHAS = (0.55, 0.55, 0.55, 0.5, 0.6)
"""Frequency warpings of the voice's spectrum: sizes of mouth around the 0.55 that it was made with."""
SLOW_NOTES, FAST_NOTES, FAST_BPM = (1, 2, 2, 2, 3, 4, 4, 4, 6, 8), (2, 2, 4, 4, 4, 6, 8), 130
SYLLABLES = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわ"
    "がぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽん"
)
PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="2.0"><part-list><score-part id="P1">'
    '<part-name>voice</part-name></score-part></part-list><part id="P1"><measure number="1"><attributes>'
    "<divisions>4</divisions><key><fifths>0</fifths><mode>major</mode></key><time><beats>4</beats>"
    "<beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>"
    '<direction><sound tempo="{tempo_bpm}"/></direction>'
)
TAIL = "</measure></part></score-partwise>"


def is_installed() -> bool:
    """Tell whether Sinsy is installed."""
    try:
        _sinsy()
    except DataError:
        return False
    return True


def sing(random: Random) -> tuple[npt.NDArray[np.float32], int]:
    """Sing a song of about 25 s that `random` makes up: mono `[samples]`, peak 0.7, and its rate in Hz.

    Raises `DataError` if Sinsy is not installed or fails.
    """
    singer = _singer(_sinsy())
    singer.setAlpha(float(random.choice(ALPHAS)))
    with TemporaryDirectory() as folder:
        score = Path(folder, "song.xml")
        score.write_text(_score(random), encoding="utf-8")
        if not singer.loadScoreFromMusicXML(str(score)):
            raise DataError("Sinsy cannot read the score that was made for it")
        audio, rate = singer.synthesize()
    song = np.asarray(audio, dtype=np.float32)
    song = song * np.float32(0.7 / (np.abs(song).max(initial=0.0) + 1e-9))
    return song[_sounding(song, int(rate))], int(rate)


def _sinsy() -> ModuleType:
    return extra_module("pysinsy", "Sinsy is not here: pip install 'dawbridge[sinsy]'")


def _singer(pysinsy: ModuleType) -> Any:
    voice = Path(str(pysinsy.__file__)).parent / "htsvoice" / VOICE
    singer = pysinsy.Sinsy()
    if not (singer.setLanguages("j", pysinsy.get_default_dic_dir()) and singer.loadVoices(str(voice))):
        raise DataError(f"Sinsy lacks its dictionary or its voice, {voice}")
    return singer


def _sounding(song: npt.NDArray[np.float32], rate: int) -> slice:
    loud = np.flatnonzero(np.abs(song) > 1e-3)
    if not loud.size:
        raise DataError("Sinsy sang nothing")
    return slice(max(0, int(loud[0]) - rate // 20), int(loud[-1]) + rate // 10)


def _tune(random: Random, tempo_bpm: int) -> list[Note]:
    """Make up notes of a scale, up and down by at most three steps; most fourth bars end in a rest."""
    scale, root = SCALES[random.integers(len(SCALES))], int(random.integers(12))
    notes = [note for note in range(LOWEST, HIGHEST + 1) if (note - root) % 12 in scale]
    lengths = SLOW_NOTES if tempo_bpm < FAST_BPM else FAST_NOTES
    step, tune = int(random.integers(len(notes))), []
    for bar in range(int(SECONDS * tempo_bpm / 240) + 1):
        left = BAR
        while left:
            breath = bar % 4 == 3 and left <= 4 and random.random() < 0.8
            length = left if breath else min(left, int(random.choice(lengths)))
            step = int(np.clip(step + random.integers(-3, 4), 0, len(notes) - 1))
            tune.append((None if breath or random.random() < 0.04 else notes[step], length))
            left -= length
    return tune


def _score(random: Random) -> str:
    """Write MusicXML with one syllable for each note."""
    tempo_bpm = int(random.integers(*TEMPO_BPM))
    parts, place = [HEAD.format(tempo_bpm=tempo_bpm)], 0
    for note, length in [(None, BAR), *_tune(random, tempo_bpm), (None, BAR)]:
        if place and place % BAR == 0:
            parts.append(f'</measure><measure number="{place // BAR + 1}">')
        place += length
        parts.append(_note(note, length, SYLLABLES[random.integers(len(SYLLABLES))]))
    return "".join((*parts, TAIL))


def _note(note: int | None, length: int, syllable: str) -> str:
    if note is None:
        return f"<note><rest/><duration>{length}</duration><voice>1</voice></note>"
    name = PITCHES[note % 12]
    return (
        f"<note><pitch><step>{name[0]}</step><alter>{len(name) - 1}</alter><octave>{note // 12 - 1}</octave></pitch>"
        f"<duration>{length}</duration><voice>1</voice>"
        f"<lyric><syllabic>single</syllabic><text>{syllable}</text></lyric></note>"
    )
