"""Peaks and spectrogram tiles: what they show, what they cost, that they are kept within a limit."""

import io

import numpy as np
import pytest
import soundfile

from dawbridge.surfaces.web.pictures import peaks
from dawbridge.surfaces.web.pictures.sources import OPEN_AT_ONCE, Sources
from dawbridge.surfaces.web.pictures.spectrogram import SIDE, Grid, tile
from dawbridge.surfaces.web.pictures.store import PictureStore
from dawbridge.surfaces.web.pictures.worker import WHOLE_S
from tests.surfaces.web.conftest import Page, sound

Image = pytest.importorskip("PIL.Image")


def reading(samples):
    return lambda start, frames: samples[:, start : start + frames]


def test_an_overview_has_every_extreme():
    noise = np.random.default_rng(2).uniform(-1, 1, (2, 100_001))
    kept = peaks.overview(reading(noise), 100_001)
    assert kept.shape == (2, 391)
    block = noise[:, 256:512]
    assert kept[0, 1] == np.floor(block.min() * 32767)
    assert kept[1, 1] == np.ceil(block.max() * 32767)
    few = peaks.from_overview(kept, 0, 100_001, 7)
    assert (few[0].min(), few[1].max()) == (kept[0].min(), kept[1].max())


def test_a_close_up_of_fewer_samples_than_points():
    found = peaks.close_up(reading(np.array([[0.0, 0.5, -0.5]])), 0, 3, 8)
    assert found.shape == (2, 8)
    assert (found[1].max(), found[0].min()) == (16384, -16384)


def test_peaks_over_http(page):
    job_id = page.job(seconds=3.0)
    whole = page.get(f"/api/jobs/{job_id}/peaks/mixture?points=30")
    assert (whole["start"], whole["stop"], whole["exact"], len(whole["min"])) == (0, 132300, True, 30)
    assert whole["max"][-1] == pytest.approx(0.9, abs=0.01)
    assert np.all(np.diff(whole["max"]) > 0)
    part = page.get(f"/api/jobs/{job_id}/peaks/acapella?points=10&start=132000&stop=132300")
    assert max(part["max"]) == pytest.approx(0.45, abs=0.01)
    status, body, _ = page.ask("GET", f"/api/jobs/{job_id}/peaks/mixture?start=200000")
    assert (status, body["error"]["code"]) == (422, "unreadable")


def test_a_long_bounce_is_sketched_first_and_exact_later(page):
    rate = 8000
    path = page.rig.root / "long.wav"
    job_id = page.job("long.wav", seconds=0.1, stems=False)
    with soundfile.SoundFile(path, "w", rate, 1, subtype="PCM_16") as file:
        for _ in range(int(WHOLE_S / 60) + 1):
            file.write(np.full(60 * rate, 0.25))

    async def ask(session):
        async with session.ws_connect("/api/events") as stream:
            assert (await stream.receive_json())["type"] == "snapshot"
            async with session.get(f"/api/jobs/{job_id}/peaks/mixture?points=500") as answer:
                first = await answer.json()
            while (message := await stream.receive_json())["type"] != "peaks":
                pass
            async with session.get(f"/api/jobs/{job_id}/peaks/mixture?points=500") as answer:
                return first, message, await answer.json()

    first, message, then = page.run(ask)
    assert (first["exact"], then["exact"], message["id"], message["stem"]) == (False, True, job_id, "mixture")
    assert first["max"] == pytest.approx(then["max"], abs=0.001)


def test_the_server_ends_while_an_overview_is_made(rig, tmp_path, recwarn):
    page = Page(rig, tmp_path)
    job_id = page.job("long.wav", seconds=0.1, stems=False)
    with soundfile.SoundFile(rig.root / "long.wav", "w", 8000, 1, subtype="PCM_16") as file:
        for _ in range(int(WHOLE_S / 60) + 1):
            file.write(np.zeros(60 * 8000))
    assert page.get(f"/api/jobs/{job_id}/peaks/mixture")["exact"] is False
    page.close()
    assert not list(recwarn)


def picture(body):
    return np.array(Image.open(io.BytesIO(body)))


def test_a_tone_is_a_line_in_both_axes(page):
    job_id = page.job(seconds=2.0)
    linear = picture(page.ask("GET", f"/api/jobs/{job_id}/spectrogram/mixture/linear/0/0.png")[1])
    log = picture(page.ask("GET", f"/api/jobs/{job_id}/spectrogram/mixture/log/0/0.png")[1])
    assert linear.shape == log.shape == (SIDE, SIDE)
    from_top = SIDE - 1 - linear[:, 90].argmax()
    assert from_top == pytest.approx(1000 / 22050 * SIDE, abs=1.5)
    from_top = SIDE - 1 - log[:, 90].argmax()
    assert from_top == pytest.approx(np.log(1000 / 30) / np.log(22050 / 30) * SIDE, abs=1.5)
    assert linear[:, 101:].max() == 0  # two seconds are a hundred columns
    assert linear[:, 90].max() > 225  # nearly full scale


def test_a_full_scale_sine_is_the_brightest_and_silence_the_darkest():
    rate, grid = 44100, Grid(44100, 44100 * 6)
    sine = np.sin(2 * np.pi * 3000 * np.arange(rate * 6) / rate)[None]
    assert tile(reading(sine), grid, "linear", 0, 0).max() >= 252
    assert tile(reading(sine * 0), grid, "log", 0, 0).max() == 0


def test_tiles_of_each_level_and_none_past_the_end(page):
    job_id = page.job(seconds=12.0, rate=8000)
    grid = page.get(f"/api/jobs/{job_id}/spectrogram/mixture")
    assert [level["tiles"] for level in grid["levels"]] == [3, 2, 1]
    assert grid["levels"][1]["column_s"] == pytest.approx(0.04)
    for level, status in ((0, 200), (2, 200)):
        assert page.ask("GET", f"/api/jobs/{job_id}/spectrogram/mixture/log/{level}/0.png")[0] == status
    assert page.ask("GET", f"/api/jobs/{job_id}/spectrogram/mixture/log/0/3.png")[0] == 404


def test_pictures_are_kept_and_made_again_for_another_version(page):
    job_id = page.job()
    url = f"/api/jobs/{job_id}/spectrogram/acapella/log/0/0.png"
    first = page.ask("GET", url)[1]
    assert page.get("/api/health")["pictures_bytes"] == len(first)
    assert page.ask("GET", url)[1] == first
    assert page.get("/api/health")["pictures_bytes"] == len(first)
    soundfile.write(page.rig.root / "separated" / "song_acapella.wav", sound() * 0, 44100)
    assert page.ask("GET", url)[1] != first


def test_the_store_stays_within_its_limit_and_drops_the_oldest(tmp_path):
    store = PictureStore(tmp_path / "pictures", limit_bytes=1000)
    for number in range(30):
        store.put(str(number), bytes(100))
        assert store.size <= 1000
    assert store.get("29") == bytes(100)
    assert store.get("0") is None
    assert sum(path.stat().st_size for path in (tmp_path / "pictures").iterdir()) == store.size
    assert PictureStore(tmp_path / "pictures", 1000).size == store.size


def test_a_disk_that_takes_nothing_is_no_error(tmp_path):
    (tmp_path / "pictures").write_text("a file")
    store = PictureStore(tmp_path / "pictures")
    store.put("a", b"x")
    assert store.get("a") is None


def test_only_a_few_files_stay_open_and_none_that_nobody_reads(tmp_path):
    now = [0.0]
    sources = Sources(lambda: now[0])
    for number in range(OPEN_AT_ONCE + 3):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, sound(0.1), 44100)
        with sources.borrow(path) as source:
            assert source.info.frames == 4410
    assert len(sources) == OPEN_AT_ONCE
    now[0] = 60.0
    sources.close_idle()
    assert len(sources) == 0
