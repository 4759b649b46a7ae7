"""List which folders of training data are under which terms, for users who want weights without them.

A folder of which only some tracks are under a licence counts as being under it.
"""

from itertools import product

from acapellanet.data.splits import COLLECTION, TREATMENTS


def _made_of(*recordings: str) -> tuple[str, ...]:
    """Return the beginnings of the folders of speech, sung or as it is, that is made of these recordings."""
    made = product(TREATMENTS, ("", COLLECTION), recordings)
    return tuple(f"vocals/songs/{treatment}{collection}{name}" for treatment, collection, name in made)


SHARE_ALIKE = (
    "vocals/songs/pjs",
    *_made_of("asterisk_", "audio_cmn_", "gcompris_es_smart4kids"),
    "instrumental/_LMMS_demo_renders",
    "instrumental/agateau__",
    "instrumental/alemart__opensurge",
    "instrumental/beat-feet__",
    "instrumental/bydariogamer__beatgame",
    "instrumental/cflavio__yorg",
    "instrumental/debian__fretsonfire-songs-muldjord",
    "instrumental/debian__redeclipse-data",
    "instrumental/debian__ufoai-music",
    "instrumental/DeltaResero__",
    "instrumental/FreezingMoon__",
    "instrumental/MegaGlest__",
    "instrumental/OpenRCT2__",
    "instrumental/Secretchronicles__",
    "instrumental/supertuxkart__",
    "instrumental/unknown-horizons__",
    "instrumental/Warzone2100__",
)
"""Folders under Creative Commons Attribution-ShareAlike, any version."""

GPL = (
    "vocals/syllables/alys_",
    "vocals/syllables/solfege",
    "vocals/songs/chant_",
    *_made_of("festival_czech_", "festival_hy_fi_mv", "festival_lp_", "festival_pc_", "festival_suo_fi_lj"),
    *_made_of("festival_upc_ca_ona", "fillets_", "gcompris_", "hedgewars_", "klettres_", "ktuberling_", "tuxpaint_"),
    "instrumental/_LMMS_demo_renders",
    "instrumental/_rendered_midi",
    "instrumental/00-Evan__",
    "instrumental/cjhopman__",
    "instrumental/debian__ufoai-music",
    "instrumental/DeltaResero__",
    "instrumental/Neverball__",
    "instrumental/Secretchronicles__",
    "instrumental/supertuxkart__",
    "instrumental/unknown-horizons__",
    "instrumental/viewizard__",
    "instrumental/Warzone2100__",
    "instrumental/xmoto__",
    "instrumental/xonotic__",
)
"""Folders under a licence of GNU (GPL, LGPL, GFDL), any version, alone or as one of several."""

FOLDERS_BY_LICENCE = {"sa": SHARE_ALIKE, "gpl": GPL}


def excluded_folders(licences: list[str]) -> tuple[str, ...]:
    """Return patterns for `open_library(exclude=...)` that leave out everything under `licences`."""
    return tuple(folder for licence in licences for folder in FOLDERS_BY_LICENCE[licence])
