"""The mark and its seal: what is ours, exactly as we wrote it, and what only carries our tag."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files, provenance
from dawbridge.audio.provenance import is_intact, is_older_stem, may_replace, read_mark

from .conftest import Bounce, separate
from .test_metadata import MARK, stem_of

CONTAINERS = ["WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "FLAC"]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    provenance._KNOWN.clear()


@pytest.mark.row("our mark")
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("level", [0.1, 1.5])
def test_every_stem_is_sealed(bounce: Bounce, container: str, level: float) -> None:
    stem = stem_of(bounce(container, "PCM_24"), level=level)
    assert read_mark(stem) == MARK and is_intact(stem) and not is_older_stem(stem)
    elsewhere = stem.rename(stem.with_name("my vocals.take"))
    assert is_intact(elsewhere)


@pytest.mark.parametrize("container", CONTAINERS)
def test_one_changed_byte_breaks_the_seal(bounce: Bounce, container: str) -> None:
    stem = stem_of(bounce(container, "PCM_24", frames=300))
    whole = bytearray(stem.read_bytes())
    places = {*range(0, len(whole), 97), 0, len(whole) - 1, *range(len(whole) - 60, len(whole))}
    wrong = []
    for place in sorted(places):
        whole[place] ^= 1
        stem.write_bytes(whole)
        wrong += [place] if is_intact(stem) else []
        whole[place] ^= 1
    assert wrong == []
    stem.write_bytes(whole)
    assert is_intact(stem)
    stem.write_bytes(bytes(whole) + b"\0")
    assert not is_intact(stem)
    stem.write_bytes(whole[:-1])
    assert not is_intact(stem)


def test_a_remix_that_inherited_the_tag_is_not_ours(bounce: Bounce, tmp_path: Path) -> None:
    stem = stem_of(bounce("FLAC", "PCM_16"))
    with soundfile.SoundFile(stem) as file:
        inherited = file.copy_metadata()["software"]
    with soundfile.SoundFile(tmp_path / "remix.flac", "w", 44100, 2, "PCM_16") as file:
        file.software = inherited
        file.write(np.zeros((500, 2)))
    assert (read_mark(tmp_path / "remix.flac") or "").startswith(MARK) and not is_intact(tmp_path / "remix.flac")


def test_what_is_no_stem_is_not_intact(bounce: Bounce, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "text.wav").write_text("dawbridge 0.1.0; seal " + "0" * 32)
    for path in (bounce("WAV", "PCM_24"), tmp_path, tmp_path / "none", tmp_path / "pipe.wav", tmp_path / "text.wav"):
        assert not is_intact(path) and read_mark(path) is None and not is_older_stem(path)


def test_stems_of_version_0_1_are_replaced_only_on_the_ledger_s_word(bounce: Bounce, tmp_path: Path) -> None:
    stem = stem_of(bounce("WAV", "PCM_24"))
    data = stem.read_bytes()
    at = data.index(b"; seal ")
    stem.write_bytes(data[:at] + bytes(39) + data[at + 39 :])
    assert read_mark(stem) == MARK and is_older_stem(stem)
    assert not may_replace()(stem) and not may_replace((tmp_path / "other.wav",))(stem)
    assert may_replace((stem,))(stem)


def test_an_unchanged_file_is_read_once(bounce: Bounce, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = stem_of(bounce("WAV", "PCM_24"))
    assert is_intact(stem)
    monkeypatch.setattr(provenance, "open_regular", lambda _: pytest.fail("opened"))
    assert is_intact(stem)


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_a_file_of_the_user_is_kept_and_the_stem_gets_the_next_name(bounce: Bounce, container: str) -> None:
    path = bounce(container, "PCM_24")
    first = separate(path)
    assert first.acapella is not None and first.instrumental is not None
    soundfile.write(first.acapella, np.full((100, 2), 0.5), 44100, "PCM_16", format=container)
    mine = first.acapella.read_bytes()
    again = separate(path)
    assert first.acapella.read_bytes() == mine and again.instrumental == first.instrumental
    assert again.acapella == first.acapella.with_name(f"{first.acapella.stem} (2){first.acapella.suffix}")
    assert len(again.notes) == 1 and again.acapella.name in again.notes[0]
    assert separate(path).acapella == again.acapella
    assert files.is_intact(again.acapella)
