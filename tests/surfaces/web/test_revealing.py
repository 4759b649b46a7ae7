"""Showing a stem in the file manager."""

import ipaddress
from pathlib import Path

import pytest

from dawbridge.errors import JobError
from dawbridge.surfaces.web.api import revealing


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("linux", ["xdg-open", "/music/a b"]),
        ("darwin", ["open", "-R", "/music/a b/-x.wav"]),
        ("win32", ["explorer", "/select,/music/a b/-x.wav"]),
    ],
)
def test_each_system_has_its_way(platform, command):
    assert revealing._command(Path("/music/a b/-x.wav"), platform) == command


def test_what_cannot_be_shown_is_said(tmp_path, monkeypatch):
    with pytest.raises(JobError, match="not there any more"):
        revealing.reveal(tmp_path / "gone" / "a.wav")
    monkeypatch.setattr(revealing.shutil, "which", lambda _: None)
    with pytest.raises(JobError, match=f"is not installed.*{tmp_path}"):
        revealing.reveal(tmp_path / "a.wav")


def test_only_a_page_on_this_computer_can_ask(page, monkeypatch):
    shown = []
    monkeypatch.setattr("dawbridge.surfaces.web.api.handlers.reveal", lambda path: shown.append(path))
    job_id = page.job()
    assert page.ask("POST", f"/api/jobs/{job_id}/reveal", json={})[0] == 200
    assert shown
    monkeypatch.setattr("dawbridge.surfaces.web.api.handlers.ip_address", lambda _: ipaddress.ip_address("192.168.1.2"))
    status, body, _ = page.ask("POST", f"/api/jobs/{job_id}/reveal", json={})
    assert (status, body["error"]["code"]) == (403, "path_not_allowed")
    assert page.ask("POST", "/api/jobs/99/reveal", json={})[0] in (403, 404)
