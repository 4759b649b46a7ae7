"""Downloads a file of weights: resumed where it was cut off, and believed only if its hash is right.

Nothing else in dawbridge opens a connection to another computer of its own accord.
"""

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock, Timeout

from dawbridge.errors import ModelError
from dawbridge.estimators.catalogue import Entry
from dawbridge.estimators.identity import hash_of
from dawbridge.version import VERSION

PATIENCE_S = 30.0
"""How long a server may say nothing, in seconds."""
_BLOCK = 1 << 20
_PARTIAL = ".part"

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and those of the whole file."""


def fetched(entry: Entry, folder: Path, progress: Progress, urls: tuple[str, ...] = ()) -> Path:
    """Return the file of an entry in `folder`; a whole one that lies there already is not downloaded.

    `urls` are tried before the entry's own. Raises `ModelError`, with the reason of each that failed; what was loaded
    by then stays, and the next call goes on from there.
    """
    target = folder / entry.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{entry.file}.lock", timeout=0):
            if _is_whole(target, entry):
                return target
            partial = target.with_name(target.name + _PARTIAL)
            reasons = []
            for url in (*urls, *entry.urls):
                try:
                    if _completed(url, partial, entry, progress):
                        return partial.replace(target)
                    reasons.append(f"{url}: is not {entry.file} as its author published it (another hash)")
                except (urllib.error.URLError, HTTPException, ValueError) as error:
                    reasons.append(f"{url}: {getattr(error, 'reason', error)}")
                except OSError as error:
                    reasons.append(f"{url}: {error.strerror or error}")
    except Timeout as error:
        raise ModelError(f"{entry.name} is being fetched by another dawbridge; wait for it") from error
    except OSError as error:  # what a server does is in `reasons`
        raise ModelError(f"{folder}: cannot be written to ({error.strerror or error}); make room there") from error
    raise ModelError(
        f"{entry.name} could not be fetched ({'; '.join(reasons)}); try again, it goes on where it stopped, "
        f"or put {entry.file} into {folder} yourself"
    )


def _completed(url: str, partial: Path, entry: Entry, progress: Progress) -> bool:
    """Load what is missing; if it does not fit to what was there, all of it. Whether it is the whole, right file."""
    for _ in range(1 + partial.exists()):
        _load(url, partial, entry, progress)
        if _is_whole(partial, entry):
            return True
        partial.unlink(missing_ok=True)
    return False


def _load(url: str, partial: Path, entry: Entry, progress: Progress) -> None:
    """Add to `partial` what is missing from it. Raises `OSError`, `URLError`, `ValueError`."""
    have = partial.stat().st_size if partial.exists() else 0
    if have >= entry.size:  # of another file, or damaged
        partial.unlink()
        have = 0
    headers = {"User-Agent": f"dawbridge/{VERSION}", **({"Range": f"bytes={have}-"} if have else {})}
    if not url.startswith(("https://", "http://")):
        raise ValueError("an address begins with https://")
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        if have and answer.status != 206:  # the server sends all of it
            have = 0
        with partial.open("ab" if have else "wb") as file:
            while block := answer.read(_BLOCK):
                have += len(block)
                if have > entry.size:
                    raise ValueError(f"more than the {entry.size} bytes that {entry.file} has")
                file.write(block)
                progress(have, entry.size)
    if have < entry.size:
        raise ValueError(f"ended after {have} of {entry.size} bytes")


def _is_whole(path: Path, entry: Entry) -> bool:
    try:
        if path.stat().st_size != entry.size:
            return False
        return hash_of(path) == entry.sha256
    except (OSError, ModelError):
        return False
