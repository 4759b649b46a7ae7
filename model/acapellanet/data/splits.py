"""What is trained on, and what is held out: voices that training never hears are what a model is chosen by."""

from collections.abc import Sequence
from dataclasses import dataclass

from acapellanet.data.library import Track

HELD_OUT_SONG = "caesium"
HELD_OUT_FOLDER = "test/"
"""Songs under it, as in MUSDB18-HQ, are never trained on."""
HELD_OUT_BANKS = frozenset({"erithacus", "vocadito"})
HELD_OUT_TENTH = 10
SHARES = {
    "stems": 0.30,
    "pjs": 0.16,
    "sinsy": 0.08,
    "alys": 0.08,
    "kumi": 0.08,
    "sung": 0.22,
    "spoken": 0.03,
    "other": 0.05,
}
"""Of the voices, by the beginning of their bank's name."""
HELD_OUT_SHARES = {"stems": 0.4, "pjs": 0.26, "alys": 0.16, "kumi": 0.1, "other": 0.08}
"""The same for validation, left as it was, so that figures of other days stay comparable."""
SYLLABLES = "syllables"
"""Voices in a folder of that name are monotone, and are put to melodies."""


@dataclass(frozen=True, slots=True)
class Split:
    """Tracks for training or for validation."""

    voices: dict[str, list[Track]]
    """By share: the keys of `SHARES`."""
    instrumentals: list[Track]
    partners: dict[str, Track]
    """Instrumental of each song of stems."""


def split(tracks: Sequence[Track], validation: bool) -> Split:
    """What is for training, or what is for validation.

    Validation are the songs under `test/` and `caesium`, else the last tenth of the songs, at least one of two;
    the held-out banks; of every other kind the last tenth by name.
    """
    songs = [track for track in tracks if track.paired]
    voices = [track for track in tracks if not track.paired and track.role == "vocals"]
    music = [track for track in tracks if not track.paired and track.role == "instrumental"]
    held_songs = _held_out_songs(sorted({track.bank for track in songs}))
    held = {track.name for track in songs if track.bank in held_songs} | _last_tenth(music)
    for share in SHARES:
        held |= _last_tenth([t for t in voices if share_of(t) == share and t.bank not in HELD_OUT_BANKS])
    held |= {track.name for track in voices if track.bank in HELD_OUT_BANKS}
    chosen = [track for track in tracks if (track.name in held) == validation]
    by_share: dict[str, list[Track]] = {}
    for track in chosen:
        if track.role == "vocals":
            by_share.setdefault(share_of(track), []).append(track)
    return Split(
        by_share,
        [track for track in chosen if track.role == "instrumental"],
        {track.bank: track for track in chosen if track.paired and track.role == "instrumental"},
    )


def _held_out_songs(names: list[str]) -> set[str]:
    named = {name for name in names if name == HELD_OUT_SONG or name.startswith(HELD_OUT_FOLDER)}
    if named or len(names) < 2:
        return named
    return set(names[-max(1, len(names) // HELD_OUT_TENTH) :])


def _last_tenth(tracks: list[Track]) -> set[str]:
    names = sorted(track.name for track in tracks)
    return set(names[len(names) - len(names) // HELD_OUT_TENTH :])


def share_of(track: Track) -> str:
    """Which of `SHARES` a voice is drawn under."""
    if track.paired:
        return "stems"
    return next((share for share in SHARES if track.bank.startswith(share)), "other")


def is_monotone(track: Track) -> bool:
    """Whether a voice is to be put to a melody."""
    return SYLLABLES in track.name.split("/")
