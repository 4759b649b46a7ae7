"""Audio by ranges: exact bytes of the file, and of a WAV that exists on no disk."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio.files import open_source
from dawbridge.surfaces.web.api.ranges import OPEN_ENDED_BYTES, Span, UnsatisfiableError, asked_span
from dawbridge.surfaces.web.api.wav import VirtualWav


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None), ("bytes=0-9", Span(0, 10)), ("bytes=5-", Span(5, 100)), ("bytes=-4", Span(96, 100)),
        ("bytes=-400", Span(0, 100)), ("bytes=90-200", Span(90, 100)), ("bytes=5-2", None), ("bytes=0-1,4-5", None),
        ("lines=0-1", None), ("bytes=-", None), ("bytes=a-b", None),
    ],
)  # fmt: skip
def test_ranges(header, span):
    assert asked_span(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-101", "bytes=-0"])
def test_ranges_outside_the_file(header):
    with pytest.raises(UnsatisfiableError):
        asked_span(header, 100)


def test_an_open_range_is_answered_in_part():
    assert asked_span("bytes=7-", 10**12) == Span(7, 7 + OPEN_ENDED_BYTES)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_no_header_leads_outside(header, size):
    try:
        span = asked_span("bytes=" + header, size)
    except UnsatisfiableError:
        return
    assert span is None or 0 <= span.start < span.stop <= size


def samples_of(wav):
    return soundfile.read(io.BytesIO(wav), dtype="float64", always_2d=True)


@pytest.mark.parametrize(
    ("name", "subtype", "channels", "step"),
    [
        ("a.aiff", "PCM_16", 2, 0), ("a.aiff", "PCM_24", 1, 0), ("a.w64", "PCM_24", 2, 0), ("a.caf", "PCM_16", 3, 0),
        ("a.flac", "PCM_24", 2, 0), ("a.wav", "DOUBLE", 2, 1e-7), ("a.wav", "PCM_32", 2, 2**-22),
        ("a.wav", "PCM_U8", 1, 0),
        ("a.wav", "PCM_16", 6, 0),
    ],
)  # fmt: skip
def test_what_browsers_do_not_play_is_a_wav_with_the_same_samples(page, name, subtype, channels, step):
    job_id = page.job(name, seconds=0.3, subtype=subtype, channels=channels, stems=False)
    status, body, headers = page.ask("GET", f"/api/jobs/{job_id}/audio/mixture")
    assert (status, headers["Content-Type"], headers["Accept-Ranges"]) == (200, "audio/wav", "bytes")
    got, rate = samples_of(body)
    wanted, _ = soundfile.read(page.rig.root / name, dtype="float64", always_2d=True)
    assert rate == 44100
    assert np.abs(got - wanted).max() <= step


def test_any_spans_of_a_virtual_wav_add_up_to_it(tmp_path):
    path = tmp_path / "a.aiff"
    soundfile.write(path, np.random.default_rng(1).uniform(-1, 1, (1000, 3)), 48000, subtype="PCM_24")
    with open_source(path) as source:
        wav = VirtualWav.of(source.info)
        whole = wav.read(source, Span(0, wav.size))
        assert len(whole) == wav.size
        for start, stop in ((0, 1), (10, 60), (43, 45), (50, 51), (101, 4567), (wav.size - 1, wav.size)):
            assert wav.read(source, Span(start, stop)) == whole[start:stop]


def test_a_wav_is_sent_as_it_is_and_by_ranges(page):
    job_id = page.job()
    url = f"/api/jobs/{job_id}/audio/acapella"
    content = (page.rig.root / "separated" / "song_acapella.wav").read_bytes()
    status, body, headers = page.ask("GET", url)
    assert (status, body == content) == (200, True)
    tag = headers["ETag"]
    for asked, start, stop in (("bytes=10-19", 10, 20), ("bytes=-7", len(content) - 7, len(content))):
        status, body, headers = page.ask("GET", url, headers={"Range": asked})
        assert (status, body) == (206, content[start:stop])
        assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(content)}"
    assert page.ask("GET", url, headers={"Range": "bytes=0-9", "If-Range": tag})[0] == 206
    assert page.ask("GET", url, headers={"Range": "bytes=0-9", "If-Range": '"older"'})[0] == 200
    status, _, headers = page.ask("GET", url, headers={"Range": f"bytes={len(content)}-"})
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert page.ask("GET", url, headers={"If-None-Match": tag})[0] == 304
    status, body, headers = page.ask("HEAD", url)
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(content)))


def test_a_version_in_the_address_makes_it_last(page):
    job_id = page.job()
    mixture = page.get(f"/api/jobs/{job_id}")["stems"][0]
    assert "immutable" in page.ask("GET", mixture["url"])[2]["Cache-Control"]
    assert page.ask("GET", mixture["url"][:-3])[2]["Cache-Control"] == "no-cache"


def test_the_layout_leads_to_the_samples(page):
    job_id = page.job("a.caf", subtype="PCM_24", stems=False)
    layout = page.get(f"/api/jobs/{job_id}/audio/mixture/layout")
    start = layout["header_bytes"] + 100 * layout["frame_bytes"]
    asked = {"Range": f"bytes={start}-{start + layout['frame_bytes'] - 1}"}
    _, body, _ = page.ask("GET", f"/api/jobs/{job_id}/audio/mixture?as=wav", headers=asked)
    (frame,), _ = soundfile.read(page.rig.root / "a.caf", start=100, frames=1, dtype="int32", always_2d=True)
    assert [int.from_bytes(body[i : i + 3], "little", signed=True) << 8 for i in (0, 3)] == frame.tolist()


def test_what_is_not_there_or_is_no_audio_is_said(page):
    job_id = page.job(stems=False)
    assert page.ask("GET", f"/api/jobs/{job_id}/audio/acapella")[0] == 404
    (page.rig.root / "song.wav").write_text("no audio")
    status, body, _ = page.ask("GET", f"/api/jobs/{job_id}/audio/mixture")
    assert (status, body["error"]["code"]) == (422, "unreadable")
    (page.rig.root / "song.wav").unlink()
    assert page.ask("GET", f"/api/jobs/{job_id}/audio/mixture")[0] == 404
