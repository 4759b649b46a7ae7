"""Downloads a file of weights: resumed where it was cut off, and believed only if its hash is right.

Nothing else in dawbridge opens a connection to another computer of its own accord.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from dawbridge.errors import ModelError
from dawbridge.estimators.catalogue import Entry
from dawbridge.estimators.identity import hash_of
from dawbridge.files.opening import is_regular
from dawbridge.version import VERSION

PATIENCE_S = 30.0
"""How long a server may say nothing, in seconds."""
WINDOW_S = 60.0
LEAST_BYTES = 60_000
"""What has to come within each `WINDOW_S`: a server that sends a byte now and then would hold us for ever."""
_BLOCK = 1 << 20
_PARTIAL = ".part"
_ELSEWHERE = 416
"""Status of an answer to a range that the file does not have."""

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and those of the whole file."""


def fetched(entry: Entry, folder: Path, progress: Progress, urls: tuple[str, ...] = ()) -> Path:
    """Return the file of an entry in `folder`; a whole one that lies there already is not downloaded.

    `urls` are tried before the entry's own. Raises `ModelError`, with the reason of each that failed, or with what is
    wrong with the folder; what was loaded by then stays, and the next call goes on from there.
    """
    target = folder / entry.file
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / f"{entry.file}.lock", timeout=0):
                return target if _is_whole(target, entry) else _downloaded(entry, target, progress, urls)
        except Timeout as error:
            raise ModelError(f"{entry.name} is being fetched by another dawbridge; wait for it") from error


def _downloaded(entry: Entry, target: Path, progress: Progress, urls: tuple[str, ...]) -> Path:
    """Ask one place after the other. Raises `ModelError`, and `OSError` for what is wrong with the folder."""
    partial = target.with_name(target.name + _PARTIAL)
    if not is_regular(partial):  # a pipe would be waited for
        partial.unlink(missing_ok=True)
    reasons = []
    for url in (*urls, *entry.urls):
        try:
            whole = _completed(url, partial, entry, progress)
        except (OSError, HTTPException, ValueError) as error:  # `ModelError` if the disk is to blame
            reasons.append(f"{url}: {_brief(error)}")
            continue
        if whole:
            return partial.replace(target)
        reasons.append(f"{url}: is not {entry.file} as its author published it (another hash)")
    raise ModelError(
        f"{entry.name} could not be fetched ({'; '.join(reasons)}); try again, it goes on where it stopped, "
        f"or put {entry.file} into {target.parent} yourself"
    )


def _completed(url: str, partial: Path, entry: Entry, progress: Progress) -> bool:
    """Load what is missing; if it does not fit to what was there, all of it. Whether it is the whole, right file."""
    for _ in range(1 + partial.exists()):
        try:
            _load(url, partial, entry, progress)
        except urllib.error.HTTPError as error:
            if error.code != _ELSEWHERE or not partial.exists():
                raise
        if _is_whole(partial, entry):
            return True
        partial.unlink(missing_ok=True)
    return False


def _load(url: str, partial: Path, entry: Entry, progress: Progress) -> None:
    """Add to `partial` what is missing from it.

    Raises `ModelError` if that cannot be written; `OSError`, `HTTPException`, `ValueError` for what the server does.
    """
    have = partial.stat().st_size if partial.exists() else 0
    if have >= entry.size:  # of another file, or damaged
        partial.unlink()
        have = 0
    headers = {"User-Agent": f"dawbridge/{VERSION}", **({"Range": f"bytes={have}-"} if have else {})}
    if not url.startswith(("https://", "http://")):
        raise ValueError("an address begins with https://")
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.build_opener(_Redirects).open(request, timeout=PATIENCE_S) as answer:
        if answer.status != 206:  # the server sends all of it
            have = 0
        elif not answer.headers.get("Content-Range", f"bytes {have}-").startswith(f"bytes {have}-"):
            raise ValueError(f"sends another part than what comes after {have} bytes")
        if answer.length is not None and have + answer.length != entry.size:
            raise ValueError(f"offers {have + answer.length} bytes; {entry.file} has {entry.size}")
        _receive(answer, partial, have, entry, progress)


def _receive(answer: HTTPResponse, partial: Path, have: int, entry: Entry, progress: Progress) -> None:
    """Write what comes after the first `have` bytes. Raises as `_load` does."""
    with _writing(partial.parent):
        file = partial.open("ab" if have else "wb")
    with file:
        since_s, since = time.monotonic(), have
        while block := answer.read1(_BLOCK):
            have += len(block)
            if have > entry.size:
                partial.unlink(missing_ok=True)  # it is no part of the file
                raise ValueError(f"more than the {entry.size} bytes that {entry.file} has")
            with _writing(partial.parent):
                file.write(block)
            progress(have, entry.size)
            if (now_s := time.monotonic()) - since_s > WINDOW_S:
                if have - since < LEAST_BYTES:
                    raise ValueError(f"sends only {(have - since) / (now_s - since_s):.0f} bytes a second")
                since_s, since = now_s, have
        with _writing(partial.parent):
            file.flush()
    if have < entry.size:
        raise ValueError(f"ended after {have} of {entry.size} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to another address, unless that is less safe than the first one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        scheme = newurl.partition(":")[0].lower()
        if scheme != "https" and not (scheme == "http" == req.type):
            raise ValueError(f"sends us on to {newurl[:80]}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Name the folder, and not the server, if something cannot be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(f"{folder}: cannot be written to ({reason}); make room there, then try again") from error


def _is_whole(path: Path, entry: Entry) -> bool:
    try:
        return path.stat().st_size == entry.size and hash_of(path) == entry.sha256
    except (OSError, ModelError):
        return False


def _brief(error: Exception) -> str:
    """What is wrong, in one short line, whatever the server wrote."""
    code = f"{error.code} " if isinstance(error, urllib.error.HTTPError) else ""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return code + (" ".join(str(reason).split())[:200] or type(error).__name__)
