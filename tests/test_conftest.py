"""The fixtures that run other people's programs: their own crash fails no test, a failure does."""

import pytest

FAULTS = ["kill -SEGV $$", "exec sleep 60"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_program_that_crashes_by_itself_or_hangs_is_run_again_under_another_name(run_program, tmp_path, fault):
    script = f'touch "$0"; [ -e {tmp_path}/mark ] || {{ touch {tmp_path}/mark; {fault}; }}'
    path = tmp_path / "made.wav"
    made = run_program("sh", "-c", script, path, makes=path, patience_s=2)
    assert made == tmp_path / "made 1.wav"
    assert made.exists()
    assert not path.exists()


def test_a_program_that_fails_or_always_crashes_fails_the_test(run_program):
    with pytest.raises(AssertionError, match="sh ended with 3"):
        run_program("sh", "-c", "exit 3")
    with pytest.raises(AssertionError, match="sh ended with -11"):
        run_program("sh", "-c", "kill -SEGV $$")


@pytest.mark.parametrize("fault", FAULTS)
def test_lmms_that_crashes_or_hangs_is_run_again_under_another_name(lmms, tmp_path, monkeypatch, fault):
    program = tmp_path / "lmms"
    program.write_text(f'#!/bin/sh\nfor out; do :; done\ntouch "$out"\n[ -e mark ] || {{ touch mark; {fault}; }}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)
    assert lmms("song", tmp_path / "bounce.wav", patience_s=2) == tmp_path / "bounce 1.wav"
    assert not (tmp_path / "bounce.wav").exists()
