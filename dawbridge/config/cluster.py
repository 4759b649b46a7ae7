"""Settings of a cluster that estimates, and their check: the table `[cluster]` of `dawbridge.toml`."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast

from dawbridge.config.problem import Problem
from dawbridge.errors import ConfigError, did_you_mean
from dawbridge.files.paths import user_path

Fallback = Literal["local", "wait"]
FALLBACKS: tuple[Fallback, ...] = ("local", "wait")
_FILES = ("ca", "certificate", "key")


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Where a cluster's scheduler is, and how it is spoken to."""

    address: str
    """`tls://host:8786`, or `tcp://host:8786` for a network in which everybody is trusted."""
    ca: Path | None = None
    """Certificate of the authority that signed those of the cluster."""
    certificate: Path | None = None
    """This side's own certificate."""
    key: Path | None = None
    """Its private key."""
    without: Fallback = "local"
    """What happens to a bounce if the cluster cannot be reached: it is estimated here, or waits."""


def checked(settings: ClusterSettings) -> ClusterSettings:
    """Return them if they make sense. Raises `ConfigError`."""
    scheme, _, rest = settings.address.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in ("tls", "tcp") or not host or not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ConfigError(f"cluster {settings.address[:80]!r}: give tls://HOST:PORT, or tcp://HOST:PORT")
    given = [name for name in _FILES if getattr(settings, name) is not None]
    if scheme == "tls" and len(given) < len(_FILES):
        missing = ", ".join(name for name in _FILES if name not in given)
        raise ConfigError(
            f"cluster {settings.address}: tls needs the files ca, certificate and key; missing: {missing}; "
            "docs/cluster.md says how they are made"
        )
    for name in given:
        if not getattr(settings, name).is_file():
            raise ConfigError(f"cluster: {name} {getattr(settings, name)}: no such file")
    if settings.ca and settings.certificate and settings.key:
        _check_certificates(settings.ca, settings.certificate, settings.key)
    return settings


def _check_certificates(ca: Path, certificate: Path, key: Path) -> None:
    """Load them as a connection will, so that what does not fit is known at once. Raises `ConfigError`."""

    def no_password() -> str:
        raise ConfigError(
            f"cluster: key {key}: is locked by a password, which nobody could type; "
            "openssl pkey -in KEY -out OPEN writes one without"
        )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cluster: ca {ca}: no certificate in PEM can be read from it ({_reason(error)})") from error
    try:
        context.load_cert_chain(certificate, key, no_password)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cluster: certificate {certificate} and key {key}: are not a pair in PEM that can be read "
            f"({_reason(error)})"
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error).split())[:100]


def read_cluster(table: object) -> tuple[ClusterSettings | None, list[Problem]]:
    """Settings from `[cluster]`, and every mistake in it."""
    if not isinstance(table, Mapping):
        return None, [Problem("cluster", table, "must be a table: [cluster]")]
    known = [field.name for field in fields(ClusterSettings)]
    mistakes = [
        Problem(f"cluster: {key}", value, f"no such key{did_you_mean(key, known)}; allowed are {', '.join(known)}")
        for key, value in table.items()
        if key not in known
    ]
    mistakes += [
        Problem(f"cluster: {key}", value, "must be a text, in quotes")
        for key, value in table.items()
        if key in known and (not isinstance(value, str) or not value)
    ]
    if "address" not in table:
        mistakes.append(Problem("cluster: address", "", "is missing; tls://HOST:PORT"))
    without = table.get("without", "local")
    if without not in FALLBACKS:
        mistakes.append(Problem("cluster: without", without, f"allowed are {' and '.join(FALLBACKS)}"))
    if mistakes:
        return None, mistakes
    paths = {name: user_path(str(table[name])) for name in _FILES if name in table}
    try:
        settings = ClusterSettings(str(table["address"]), without=cast(Fallback, without), **paths)
        return checked(settings), []
    except ConfigError as error:
        return None, [Problem("cluster", table["address"], str(error))]
