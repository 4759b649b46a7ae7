"""Paths as users write them."""

from pathlib import Path

from dawbridge.errors import ConfigError


def user_path(text: str | Path) -> Path:
    """`text` as a path, with `~` or `~name` at its start replaced by that user's home folder.

    Raises `ConfigError` if there is no such user, or if the text holds a NUL, which no path can.
    """
    written = str(text)
    if "\0" in written:
        raise ConfigError(f"{written[:60]!r} holds a NUL character, which no path can; write the path without it")
    try:
        return Path(written).expanduser()
    except RuntimeError:
        user = Path(written).parts[0]
        raise ConfigError(
            f"{written[:200]!r}: there is no user {user[1:]!r} whose home folder {user} could stand for; "
            "write the path in full, or ./~... for a folder whose name begins with ~"
        ) from None
