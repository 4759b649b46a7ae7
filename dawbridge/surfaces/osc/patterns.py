"""OSC address patterns: `?`, `*`, `[a-z]`, `[!a]`, `{one,two}`; none of them crosses `/`.

Source: Open Sound Control 1.0 specification, *OSC message dispatching and pattern matching*.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

MAX_LENGTH = 256
MAX_TOKENS = 96
"""A longer pattern fits nothing. All addresses of dawbridge have fewer letters."""

_Token = tuple[str, str]
"""Kind (`*`, `?`, `[`, `{`, or empty for a letter) and body."""


def is_pattern(address: str) -> bool:
    """Whether the address has wildcards."""
    return any(character in address for character in "*?[{")


def matches(pattern: str, address: str) -> bool:
    """Whether `pattern` fits `address`."""
    return bool(matching(pattern, (address,)))


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """The addresses that `pattern` fits.

    Every place in an address that the pattern can have come to is one bit of a number, so that a token costs a few
    operations whatever comes before it: the time is bounded by tokens times addresses.

    ```
    /a*c        /abcc   after /a: place 2    after *: places 2, 3, 4, 5    after c: places 4, 5    5 is the end: fits
    ```
    """
    if len(pattern) > MAX_LENGTH:
        return []
    tokens = list(_tokens(pattern))
    if len(tokens) > MAX_TOKENS:
        return []
    return [address for address in addresses if _fits(tokens, address)]


def _fits(tokens: list[_Token], address: str) -> bool:
    letters, segments = _places(address)
    places = 1
    for kind, body in tokens:
        match kind:
            case "":
                places = (places & letters.get(body, 0)) << 1
            case "*":
                places = _spread(places, segments)
            case "{":
                places = _words(places, body, address)
            case _:
                wanted = _in_set(body, kind == "?", letters)
                places = (places & wanted) << 1
        if not places:
            return False
    return bool(places >> len(address) & 1)


@lru_cache(maxsize=512)
def _places(address: str) -> tuple[dict[str, int], tuple[int, ...]]:
    """The places of each letter, and the places inside each part between slashes."""
    letters: dict[str, int] = {}
    segments = [0]
    for place, letter in enumerate(address):
        letters[letter] = letters.get(letter, 0) | 1 << place
        segments[-1] |= 1 << place
        if letter == "/":
            segments.append(0)
    segments[-1] |= 1 << len(address)
    return letters, tuple(segments)


def _spread(places: int, segments: tuple[int, ...]) -> int:
    """All places from the first one in each part on, up to the slash that ends it."""
    spread = 0
    for segment in segments:
        inside = places & segment
        if inside:
            spread |= segment & -(inside & -inside)
    return spread


def _words(places: int, body: str, address: str) -> int:
    found = 0
    words = [word for word in body.split(",") if "/" not in word]
    for place in range(len(address) + 1):
        if places >> place & 1:
            for word in words:
                if address.startswith(word, place):
                    found |= 1 << place + len(word)
    return found


def _in_set(body: str, any_letter: bool, letters: dict[str, int]) -> int:
    """Places of the letters that `[body]` or `?` fits."""
    negated = body.startswith("!") and not any_letter
    wanted = 0
    for letter, places in letters.items():
        if letter != "/" and (any_letter or _is_in(body[negated:], letter) != negated):
            wanted |= places
    return wanted


def _is_in(body: str, letter: str) -> bool:
    place = 0
    while place < len(body):
        if body[place + 1 : place + 2] == "-" and place + 2 < len(body):
            if body[place] <= letter <= body[place + 2]:
                return True
            place += 3
        else:
            if body[place] == letter:
                return True
            place += 1
    return False


def _tokens(pattern: str) -> Iterator[_Token]:
    """`/a**{b,c}` → letters `/` and `a`, one `*`, and `{` with `b,c`. An unclosed bracket stands for itself."""
    place, last = 0, ""
    while place < len(pattern):
        character = pattern[place]
        closing = {"[": "]", "{": "}"}.get(character)
        end = pattern.find(closing, place + 1) if closing else -1
        if end > 0:
            yield character, pattern[place + 1 : end]
            place = end + 1
        else:
            if character != "*" or last != "*":
                yield (character, "") if character in "*?" else ("", character)
            place += 1
        last = character if end <= 0 else ""
