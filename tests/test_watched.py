"""What a watched folder meets, through a real daemon: names, takes over takes, polling, several folders."""

import io
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import soundfile

PATIENCE_S = 120
QUICK = "{ closed_s = 0.1, unclosed_s = 0.2, poll_s = 0.1 }"
NAMES = [
    "é.wav", "e\u0301.wav", "🎤 take (1).wav", "  two  spaces .wav", "x" * 246 + ".wav", "ü" * 123 + ".wav", "'%s'.wav",
    "-o.wav", "~root.wav", "a\nb.wav", "$(id) `id` [bold].wav", os.fsdecode(b"\xff\xfe latin.wav"),
]  # fmt: skip


def config(path, *folders):
    """A dawbridge.toml of folders, each as lines of its table."""
    path.write_text("".join(f"[[folder]]\n{folder}\n" for folder in folders), encoding="utf-8")
    return path


def write(path, frames=3000, seed=1, subtype="PCM_16"):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(os.fsencode(path), 0.1 * np.random.default_rng(seed).standard_normal((frames, 2)), 44100, subtype)
    return path


def read(path):
    return soundfile.read(os.fsencode(path), dtype="float64")[0]


def nulls(path, stems):
    return np.array_equal(sum(map(read, stems)), read(path))


def pairs(folder):
    """Stems by what stands ahead of `_acapella` and `_instrumental`."""
    found = {}
    for stem in folder.iterdir():
        found.setdefault(stem.stem.rpartition("_")[0][:60], []).append(stem)  # long names are cut
    return found


def test_names_of_every_kind(start_daemon, tmp_path):
    assert unicodedata.normalize("NFC", NAMES[1]) == NAMES[0]
    daemon = start_daemon("--config", str(config(tmp_path / "c.toml", f"path='{tmp_path}/bounces'\ntimes={QUICK}")))
    for seed, name in enumerate(NAMES):
        write(daemon.folder / name, seed=seed)
    for _ in NAMES:
        daemon.done()
    found = pairs(daemon.folder / "separated")
    assert [len(stems) for stems in found.values()] == [2] * len(NAMES)
    sums = [sum(map(read, stems)) for stems in found.values()]
    for name in NAMES:
        bounce = read(daemon.folder / name)
        assert sum(np.array_equal(bounce, one) for one in sums) == 1, name
    listed = subprocess.run(
        [sys.executable, "-m", "dawbridge", "jobs"], env={**os.environ, "DAWBRIDGE_HOME": str(daemon.home)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert listed.count("  done  ") == len(NAMES)


def test_a_bounce_overwritten_twenty_times_while_it_is_separated_has_the_stems_of_the_last(start_daemon, tmp_path):
    daemon = start_daemon("--config", str(config(tmp_path / "c.toml", f"path='{tmp_path}/bounces'\ntimes={QUICK}")))
    path = daemon.folder / "song.wav"
    for take in range(20):
        write(path, frames=400_000 + take, seed=take)
        while daemon.heard.wait_for("/dawbridge/job/state", PATIENCE_S)[1] != "running":
            pass
    write(path, frames=5000, seed=99)
    _, *stems = daemon.done()
    while len(read(stems[0])) != 5000:
        _, *stems = daemon.done()
    assert nulls(path, stems)
    assert len(list(stems[0].parent.iterdir())) == 2


def test_a_polled_folder_and_two_with_their_own_settings(start_daemon, tmp_path):
    """One daemon: a polled folder, one whose stems are FLACs elsewhere, one that pipes feed."""
    polled, flac, pipes = (tmp_path / name for name in ("polled", "flac", "pipes"))
    for folder in (polled, flac, pipes):
        folder.mkdir()
    file = config(
        tmp_path / "c.toml",
        f"path='{polled}'\npoll=true\ntimes={QUICK}",
        f"path='{flac}'\nformat='flac24'\noutput='../out/{{name}}-{{stem}}'\npreset='karaoke'\ntimes={QUICK}",
        f"path='{pipes}'\naccept_streamed=true\ntimes={{ streamed_s = 0.3 }}",
    )
    daemon = start_daemon("--config", str(file), folder=None)
    bounce = write(polled / "late night" / "song.wav")
    _, *stems = daemon.done()
    assert stems[0] == bounce.parent / "separated" / "song_acapella.wav"
    assert nulls(bounce, stems)
    write(flac / "song.wav", seed=2)
    _, *stems = daemon.done()
    assert [stem.name for stem in stems] == ["song-acapella.flac", "song-instrumental.flac"]
    assert {stem.parent for stem in stems} == {tmp_path / "out"}
    data = bytearray(write(tmp_path / "pipe.wav", seed=3).read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (pipes / "pipe.wav").write_bytes(data)
    _, *stems = daemon.done()
    assert Path(stems[0]).parent == pipes / "separated"
    np.testing.assert_array_equal(sum(map(read, stems)), read(tmp_path / "pipe.wav"))


def test_hundreds_at_once_in_many_folders(start_daemon, files=300):
    """`python -m benchmarks.many` is the same with 10,000 in 1,000."""
    daemon = start_daemon()
    for number in range(files):
        write(daemon.folder / f"{number % 30}" / f"{number}.wav", frames=50, seed=number)
    done = {daemon.done()[0] for _ in range(files)}
    assert len(done) == files
    for number in range(files):
        path = daemon.folder / f"{number % 30}" / f"{number}.wav"
        stems = [path.parent / "separated" / f"{number}_{stem}.wav" for stem in ("acapella", "instrumental")]
        assert nulls(path, stems)


def lines_until(output, text):
    """What the daemon prints, up to the line that has `text` in it."""
    lines = []
    for line in output:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(lines)


def test_what_rests_open_is_waited_for_and_what_is_left_alone_is_listed(start_daemon, tmp_path):
    daemon = start_daemon(output=subprocess.PIPE)
    with daemon.process.stderr, io.TextIOWrapper(daemon.process.stdout, encoding="utf-8") as printed:
        write(daemon.folder / "Audio Files" / "take 1.wav")
        write(daemon.folder / "Freeze" / "Freeze (mix).wav")
        assert daemon.done()[1].name == "Freeze (mix)_acapella.wav"
        with write(daemon.folder / "open.wav").open("ab"):
            (daemon.folder / "song.wav.part").touch()
            lines = lines_until(printed, "open.wav: is still open in ")
            assert f"(pid {os.getpid()})" in lines[-1] and lines[-1].startswith("[2]")
            assert any("left alone: Audio Files/ (part of a project of " in line for line in lines)
            assert any("left alone: song.wav.part (an unfinished download" in line for line in lines)
            assert not any("open.wav: separated" in line for line in lines)
        assert daemon.done()[1].name == "open_acapella.wav"
        daemon.stop()
    listed = subprocess.run(
        [sys.executable, "-m", "dawbridge", "jobs"], env={**os.environ, "DAWBRIDGE_HOME": str(daemon.home)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert f"left alone in {daemon.folder}:" in listed
    assert "Audio Files/" in listed and "song.wav.part" in listed
    assert not list(daemon.folder.glob("Audio Files/separated"))


def test_two_daemons_with_two_homes_do_not_share_a_folder_nor_one_inside_it(start_daemon, tmp_path):
    daemon = start_daemon()
    inner = daemon.folder / "inner"
    inner.mkdir()
    for folder, words in (
        (daemon.folder, "is watched by another dawbridge"),
        (inner, "which another dawbridge watches"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "dawbridge", "watch", folder, "--model", "center", "--no-midi", "--osc-port", "0"],
            env={**os.environ, "DAWBRIDGE_HOME": str(tmp_path / "another home")}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert daemon.stop() == 0
    assert [path.name for path in daemon.folder.iterdir()] == ["inner"]
