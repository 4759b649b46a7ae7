"""How often each kind of voice is drawn for training."""

SHARES = {
    "stems": 0.23,
    "pjs": 0.10,
    "producer_space_trance": 0.08,
    "producer_space_house": 0.08,
    "chant": 0.11,
    "sinsy": 0.04,
    "alys": 0.05,
    "kumi": 0.05,
    "sung": 0.18,
    "tuned": 0.03,
    "spoken": 0.05,
    "other": 0.03,
}
"""How often each kind of voice is drawn; the keys are beginnings of names of banks.

Within a kind every speaker is drawn equally often. Voices that the network still loses (chant, dry speech) have more
than their minutes would give them, those that it knows (house, trance) less.
"""
HELD_OUT_SHARES = {"stems": 0.4, "pjs": 0.26, "alys": 0.16, "kumi": 0.1, "other": 0.08}
"""The shares of `mashups` without kinds, unchanged since the first weights, so that their figures stay comparable."""
