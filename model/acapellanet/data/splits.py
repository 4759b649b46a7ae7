"""What is trained on and what is held out: a model is chosen by voices that training never hears."""

from collections.abc import Sequence
from dataclasses import dataclass

from acapellanet.data.library import Track
from acapellanet.data.shares import SHARES

HELD_OUT_SONG = "caesium"
HELD_OUT_FOLDER = "test/"
"""Songs in this folder, as in MUSDB18-HQ, are never trained on."""
_LIBRISPEECH = (
    "103 1235 1447 163 1743 1963 2002 211 226 2391 250 26 2764 2893 302 3080 322 3331 3526 3830 3982 4088 426 533"
)
_GCOMPRIS = (
    "ast_xandru_osuna de_claudia_charruau es_eva_romero fr_clara_coudoin he_benjamin_mariano hu_somlai "
    "pt_BR_marcos_dias_meneghel ru_katrin_lubimova sv_ulrika_uddeborg zh_CN_feng_jie"
)
HELD_OUT_SPEAKERS = frozenset(
    {
        *("erithacus", "vocadito", "small_vocadito", "small_sms_tools", "small_basic_pitch_ts"),
        *("small_chrome_music_lab", "chant_reader02", "producer_space_shouts"),
        *(f"librispeech_{reader}" for reader in _LIBRISPEECH.split()),
        *(f"gcompris_{speaker}" for speaker in _GCOMPRIS.split()),
        *("vctk_p240", "vctk_p243", "vctk_p260"),
        *("sms_tools_speech-female", "todepond_lu_wilson"),
    }
)
"""Speakers and banks of which no file is ever trained on, neither as speech nor as song made of it."""
TREATMENTS = ("sung_", "spoken_", "tuned_")
"""What precedes a speaker's name in the name of a bank: what was done to that speaker's voice."""
COLLECTION = "speech_"
"""What may follow it: `acapellanet sing speech` puts this before each name, `acapellanet sing speech/vctk` does not."""
HELD_OUT_TENTH = 10
SYLLABLES = "syllables"
"""Voices in a folder of this name are monotone, and are put to melodies."""


@dataclass(frozen=True, slots=True)
class Split:
    """Tracks for training or for validation."""

    voices: dict[str, list[Track]]
    """Voices by kind: the keys of `SHARES`."""
    instrumentals: list[Track]
    partners: dict[str, Track]
    """Instrumental of each song of stems."""


def split(tracks: Sequence[Track], validation: bool) -> Split:
    """Choose what is for training, or what is for validation.

    Held out are the songs under `test/` and `caesium`, else the last tenth of the songs, at least one of two; the
    speakers of `HELD_OUT_SPEAKERS`; of the music, and of each kind of voices that has no such speaker, the last tenth
    by name.
    """
    songs = [track for track in tracks if track.paired]
    music = [track for track in tracks if not track.paired and track.role == "instrumental"]
    held_songs = _held_out_songs(sorted({track.bank for track in songs}))
    held = {track.name for track in songs if track.bank in held_songs} | _last_tenth(music)
    held |= _held_out_voices([track for track in tracks if not track.paired and track.role == "vocals"])
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


def speaker_of(track: Track) -> str:
    """Return whose voice it is: the bank's name without what was done to the voice and without `COLLECTION`."""
    treatment = next((name for name in TREATMENTS if track.bank.startswith(name)), "")
    return track.bank.removeprefix(treatment).removeprefix(COLLECTION)


def share_of(track: Track) -> str:
    """Return the key of `SHARES` that a voice is drawn under."""
    if track.paired:
        return "stems"
    return next((share for share in SHARES if track.bank.startswith(share)), "other")


def is_monotone(track: Track) -> bool:
    """Tell whether a voice has to be put to a melody."""
    return SYLLABLES in track.name.split("/")


def _held_out_songs(names: list[str]) -> set[str]:
    named = {name for name in names if name == HELD_OUT_SONG or name.startswith(HELD_OUT_FOLDER)}
    if named or len(names) < 2:
        return named
    return set(names[-max(1, len(names) // HELD_OUT_TENTH) :])


def _held_out_voices(voices: list[Track]) -> set[str]:
    held: set[str] = set()
    for share in SHARES:
        of_share = [track for track in voices if share_of(track) == share]
        named = {track.name for track in of_share if speaker_of(track) in HELD_OUT_SPEAKERS}
        held |= named or _last_tenth(of_share)
    return held


def _last_tenth(tracks: list[Track]) -> set[str]:
    names = sorted(track.name for track in tracks)
    return set(names[len(names) - len(names) // HELD_OUT_TENTH :])
