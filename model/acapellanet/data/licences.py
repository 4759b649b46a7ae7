"""List which folders of training data are under which terms, for users who want weights without them.

A folder of which only some tracks are under a licence counts as being under it.
"""

SHARE_ALIKE = (
    "vocals/songs/pjs",
    "vocals/songs/sung_asterisk_",
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
    "vocals/songs/sung_festival_czech_",
    "vocals/songs/sung_festival_hy_fi_mv",
    "vocals/songs/sung_festival_lp_",
    "vocals/songs/sung_festival_pc_",
    "vocals/songs/sung_festival_suo_fi_lj",
    "vocals/songs/sung_festival_upc_ca_ona",
    "vocals/songs/sung_fillets_",
    "vocals/songs/sung_hedgewars_",
    "vocals/songs/spoken_hedgewars_",
    "vocals/songs/sung_klettres_",
    "vocals/songs/spoken_klettres_",
    "vocals/songs/sung_ktuberling_",
    "vocals/songs/spoken_ktuberling_",
    "vocals/songs/sung_tuxpaint_",
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
