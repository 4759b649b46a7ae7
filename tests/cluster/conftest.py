"""A scheduler and workers as processes of this computer, with certificates made on the spot."""

import datetime
import ipaddress
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dawbridge.config.cluster import ClusterSettings
from dawbridge.surfaces.osc.client import free_port

pytest.importorskip("distributed")
PATIENCE_S = 60.0


def certify(folder, name, authority=None):
    """A key and a certificate, signed by `authority` or by itself; its files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (subject, key) if authority is None else authority[:2]
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(signer, hashes.SHA256())
    )  # fmt: skip
    certificate, secret = folder / f"{name}.pem", folder / f"{name}-key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return subject, key, certificate, secret


@dataclass
class Cluster:
    """Processes that can be started and killed one by one."""

    folder: Path
    settings: ClusterSettings
    running: list = field(default_factory=list)

    def _start(self, *command, home):
        environment = {**os.environ, "DAWBRIDGE_HOME": str(self.folder / home), "OMP_NUM_THREADS": "1"}
        with (self.folder / f"{home}-{len(self.running)}.log").open("w") as log:
            process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def scheduler(self):
        settings = self.settings
        port = settings.address.rpartition(":")[2]
        tls = ["--protocol", "tls", "--tls-ca-file", settings.ca, "--tls-cert", settings.certificate,
               "--tls-key", settings.key]  # fmt: skip
        return self._start(
            "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard",
            *map(str, tls), home="scheduler",
        )  # fmt: skip

    def worker(self, name="worker", *more):
        settings = self.settings
        return self._start(
            *(more or ("-m", "dawbridge")), "cluster", "worker", settings.address, "--device", "cpu", "--threads", "1",
            "--ca", str(settings.ca), "--certificate", str(settings.certificate), "--key", str(settings.key), home=name,
        )  # fmt: skip

    def wait_for_workers(self, count):
        from distributed import Client

        from dawbridge.cluster.security import security_of

        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with Client(self.settings.address, security=security_of(self.settings), timeout=5,
                            set_as_default=False) as client:  # fmt: skip
                    client.wait_for_workers(count, timeout=PATIENCE_S)
                    return
            except (OSError, TimeoutError):
                assert time.monotonic() < deadline, "no scheduler"

    def stop(self):
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and one certificate for all."""
    folder = tmp_path_factory.mktemp("tls")
    authority = certify(folder, "ca")
    _, _, certificate, key = certify(folder, "me", authority)
    return {"ca": authority[2], "certificate": certificate, "key": key}


@pytest.fixture
def cluster(tmp_path, certificates):
    made = Cluster(tmp_path, ClusterSettings(f"tls://127.0.0.1:{free_port()}", **certificates))
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """What this computer gives is computed as on the workers: they take whole pieces, which are never in bfloat16."""
    monkeypatch.setattr("acapellanet.estimate.estimator.has_bfloat16", lambda _device: False)
