"""The table `[cluster]`: what is read, and which mistakes are named at the start."""

from dataclasses import replace

import pytest

from dawbridge.config.cluster import ClusterSettings, checked, read_cluster
from dawbridge.errors import ConfigError
from tests.cluster.conftest import certify


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"address": "host:8786"}, "tls://HOST:PORT"),
        ({"address": "tls://host:8786"}, "needs the files ca, certificate and key"),
        ({"address": "tcp://host:99999"}, "give tls://"),
        ({"address": "tcp://host:1", "without": "cry"}, "allowed are local and wait"),
        ({"address": "tcp://host:1", "adress": "x"}, "did you mean 'address'"),
        ({"address": 5}, "must be a text"),
        ({"address": "tcp://host:1", "ca": "/no/such"}, "no such file"),
        ({}, "is missing"),
        ([], "must be a table"),
    ],
)
def test_mistakes_in_the_settings_are_named(given, said):
    settings, mistakes = read_cluster(given)
    assert settings is None
    assert said in str(mistakes[0])


def test_settings_are_read():
    settings, mistakes = read_cluster({"address": "tcp://box:8786", "without": "wait"})
    assert (settings, mistakes) == (ClusterSettings("tcp://box:8786", without="wait"), [])
    with pytest.raises(ConfigError):
        checked(ClusterSettings("http://box:8786"))


@pytest.mark.parametrize("port", ["9" * 5000, "\u0661", "-1", " 1", "0", "65536", ""])
def test_ports_that_are_none_are_refused(port):
    with pytest.raises(ConfigError, match="give tls://"):
        checked(ClusterSettings(f"tcp://host:{port}"))


def settings_of(certificates, **more):
    return replace(ClusterSettings("tls://host:8786", **certificates), **more)


def test_certificates_that_fit_are_taken(certificates):
    assert checked(settings_of(certificates)) == settings_of(certificates)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ca", b"no certificate", "no certificate in PEM"),
        ("ca", b"", "no certificate in PEM"),
        ("certificate", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n", "are not a pair in PEM"),
        ("key", b"\0" * 100, "are not a pair in PEM"),
    ],
)
def test_files_that_hold_nothing_are_named_at_the_start(certificates, tmp_path, name, content, said):
    (tmp_path / "given.pem").write_bytes(content)
    with pytest.raises(ConfigError, match=said) as error:
        checked(settings_of(certificates, **{name: tmp_path / "given.pem"}))
    assert "given.pem" in str(error.value) and "\n" not in str(error.value)


def test_a_key_of_another_certificate_is_named_at_the_start(certificates, tmp_path):
    other = certify(tmp_path, "other")
    with pytest.raises(ConfigError, match="are not a pair"):
        checked(settings_of(certificates, key=other[3]))


def test_a_key_with_a_password_is_named_at_the_start_and_nobody_is_asked(certificates, tmp_path):
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(certificates["key"].read_bytes(), None)
    locked = tmp_path / "locked.pem"
    secret = serialization.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    with pytest.raises(ConfigError, match="is locked by a password"):
        checked(settings_of(certificates, key=locked))
