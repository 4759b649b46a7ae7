"""`dawbridge cache [show | clear | limit SIZE]`: shows, clears or limits the kept analyses."""

import re
from argparse import ArgumentParser, Namespace

from dawbridge.config.paths import cache_folder
from dawbridge.errors import ConfigError

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kKmMgGtT]?)(?:[bB])?")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge cache`."""
    parser.add_argument("action", nargs="?", choices=("show", "clear", "limit"), default="show", help="[show]")
    parser.add_argument("size", nargs="?", default="", metavar="SIZE", help="with limit: 500MB, 5GB, 0")


def run(options: Namespace) -> int:
    """Show, clear or limit. Raises `ConfigError`."""
    from dawbridge.engine.cache import AnalysisCache, keep_limit

    cache = AnalysisCache(cache_folder() / "analyses")
    if options.action == "limit":
        limit = size_bytes(options.size)
        keep_limit(limit)
        cache.trim()
        print(f"limit: {in_words(limit)}; a running daemon observes it, too")
    elif options.action == "clear":
        count, freed = cache.clear()
        print(f"{count} analyses removed, {in_words(freed)} freed; they are made again when a knob needs them")
        return 0
    entries = cache.entries()
    total = sum(entry.size_bytes for entry in entries)
    print(f"{len(entries)} analyses, {in_words(total)} of {in_words(cache.limit_bytes)}, in {cache.folder}")
    return 0


def size_bytes(text: str) -> int:
    """Convert `500MB` or `5GB` to bytes; units are decimal. Raises `ConfigError`."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f"cache limit {text[:60]!r}: give a size, for example 500MB or 5GB; 0 keeps only the one in use"
        )
    return int(float(match[1]) * _UNITS[match[2].lower()])


def in_words(size: int) -> str:
    """Bytes in a unit that is easy to read."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
