"""The certificates of a cluster, as Dask distributed takes them."""

from typing import Any

from dawbridge.config.cluster import ClusterSettings


def security_of(settings: ClusterSettings) -> Any:
    """Encryption for `tls://`; None for `tcp://`."""
    from distributed import Security

    if not settings.address.startswith("tls://"):
        return None
    certificate, key = str(settings.certificate), str(settings.key)
    return Security(
        require_encryption=True, tls_ca_file=str(settings.ca),
        tls_client_cert=certificate, tls_client_key=key, tls_worker_cert=certificate, tls_worker_key=key,
        tls_scheduler_cert=certificate, tls_scheduler_key=key,
    )  # fmt: skip
