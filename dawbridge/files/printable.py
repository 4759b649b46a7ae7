"""Names and texts from elsewhere, made fit to be shown: a file's name can hold anything."""

import unicodedata

_ESCAPED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, bytes that are not UTF-8, line and paragraph separators."""
_REORDERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of the text after them, and could make it read as another."""


def printable(text: str) -> str:
    r"""`text` with everything escaped that a terminal would obey, could not show, or would break a line at.

    `"a\nb\x1b[2J"` → `"a\\nb\\x1b[2J"`. Letters, accents, emoji and wide spaces stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) in _ESCAPED or character in _REORDERING:
        return character.encode("unicode_escape").decode("ascii")
    return character
