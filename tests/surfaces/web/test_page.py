"""The page in a real browser: what is seen, what is heard, what a hand does, and that everybody is in step."""

import os
from pathlib import Path

import pytest

from dawbridge.events import Failed, JobState, Progress, StateChanged
from dawbridge.surfaces.osc.client import free_port
from tests.surfaces.web.browser import (
    LONGEST_SILENCE,
    LOUDNESS,
    RECORD,
    Browser,
    cut_off,
    got,
    listen,
    opened,
    reconnect,
    until,
)

AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))
"""axe-core: `npm install axe-core`, or the path of its `axe.min.js`."""


def test_jobs_are_listed_as_they_come_and_change(tab, page):
    assert tab.locator("#job-list li").count() == 1
    job_id = page.rig.jobs.ledger.add(page.rig.root / "<b>new<b>.wav", JobState.RUNNING)

    page.rig.bus.publish(StateChanged(job_id, JobState.RUNNING, "new.wav"))
    row = tab.locator("#job-list li", has_text="<b>new<b>.wav")
    row.locator("progress").wait_for()
    page.rig.bus.publish(Progress(job_id, 0.5, 12.0))
    row.get_by_text("12 s left").wait_for()
    page.rig.jobs.ledger.update(job_id, state="failed")
    page.rig.bus.publish(StateChanged(job_id, JobState.FAILED, "new.wav"))
    page.rig.bus.publish(Failed(job_id, "unreadable", "it is broken; bounce it again"))
    row.get_by_text("it is broken; bounce it again").wait_for()


def test_stems_are_toggled_while_playing(tab):
    listen(tab)
    for key, name in (("1", "mixture"), ("3", "instrumental"), ("2", "acapella")):
        tab.keyboard.press(key)
        Browser.until(tab, f"!dawbridge.player.levels.{name}.muted && dawbridge.picture.stem === '{name}'")
        heard = [other for other in ("mixture", "acapella", "instrumental") if other != name]
        assert all(tab.evaluate(f"dawbridge.player.levels.{other}.muted") for other in heard)
    assert tab.evaluate("dawbridge.player.playing")
    tab.locator("#play").click()
    here = tab.evaluate("dawbridge.player.seconds")
    assert here > 0.2
    tab.locator("#seek").fill("4")
    assert tab.evaluate("dawbridge.player.seconds") == pytest.approx(4, abs=0.01)


def test_the_spectrogram_and_the_waveform_are_drawn(tab):
    listen(tab)
    for canvas in ("spectrogram", "waveform"):
        Browser.until(
            tab,
            f"(() => {{ const c = document.getElementById('{canvas}'); const d = c.getContext('2d').getImageData("
            "c.width - 60, 0, 50, c.height).data; return d.some((v, i) => i % 4 === 0 && v > 200); })()",
        )


def test_two_pages_and_an_osc_client_are_in_step(tab, page, browser):
    other, _ = browser.tab(page.base + "/")
    client = page.rig.client().subscribe()
    knob = tab.get_by_label("mask depth", exact=True)
    knob.fill("0.25")
    client.wait_for("/dawbridge/mask/depth", 0.25)
    Browser.until(other, "document.getElementById('knob-mask_depth').value === '0.25'")
    client.send("/dawbridge/mask/depth", 0.75)
    for one in (tab, other):
        Browser.until(one, "document.getElementById('knob-mask_depth').value === '0.75'")
    knob.dblclick()
    client.wait_for("/dawbridge/mask/depth", 1.0)
    exact = tab.get_by_label("acapella gain: exact value")
    exact.fill("-12")
    exact.press("Enter")
    assert client.wait_for("/dawbridge/acapella/gain/str") == ("-12.0 dB",)
    tab.get_by_label("acapella gain", exact=True).press("ArrowRight")
    assert client.wait_for("/dawbridge/acapella/gain/raw")[0] > -12
    other.context.close()


def test_mistakes_stand_beside_what_they_concern(tab):
    exact = tab.get_by_label("acapella gain: exact value")
    exact.fill("40")
    exact.press("Enter")
    tab.locator(".knob", has=exact).get_by_text("40 is not possible; allowed is -60..6 dB").wait_for()
    tab.get_by_role("button", name="Learn: mask depth").click()
    tab.get_by_text("MIDI is not available").wait_for()


def test_a_file_is_added(tab, page, tmp_path):
    (tmp_path / "mine.wav").write_bytes(b"audio")
    tab.locator("#file").set_input_files(str(tmp_path / "mine.wav"))
    tab.get_by_text("mine.wav is in the folder").wait_for()
    assert (page.rig.root / "mine.wav").read_bytes() == b"audio"


def test_a_lost_connection_is_shown_and_heals(browser, make_page):
    page = make_page()
    tab = opened(browser, page)
    cut_off(tab, page)
    reconnect(page)
    tab.locator("#lost").wait_for(state="hidden")
    tab.context.close()


def lanes(tab):
    return got(tab, "/api/jobs/1/automation")["lanes"]


def test_points_of_a_lane_are_added_dragged_typed_and_deleted(tab):
    listen(tab)
    tab.locator("#play").click()
    tab.locator("#lane").select_option("mask_depth")
    box = tab.locator("#waveform").bounding_box()
    place = lambda seconds, value: (seconds / 6.0 * box["width"], (1 - value) * box["height"])  # noqa: E731

    def at(x, y):
        return box["x"] + x, box["y"] + y

    for count, (seconds, value) in enumerate(((1.0, 0.5), (4.0, 0.9)), 1):
        tab.mouse.dblclick(*at(*place(seconds, value)))
        until(lambda count=count: len(lanes(tab).get("mask_depth", ())) == count, tab)
    (first, second) = lanes(tab)["mask_depth"]
    assert (first, second) == (pytest.approx([1.0, 0.5], abs=0.06), pytest.approx([4.0, 0.9], abs=0.06))
    tab.get_by_label("Point", exact=True).wait_for()
    tab.mouse.move(*at(*place(*first)))
    tab.mouse.down()
    tab.mouse.move(*at(*place(2.0, 0.2)), steps=4)
    tab.mouse.up()
    until(lambda: abs(lanes(tab)["mask_depth"][0][0] - 2.0) < 0.1, tab)
    assert lanes(tab)["mask_depth"] == [pytest.approx([2.0, 0.2], abs=0.06), second]
    tab.get_by_label("Point", exact=True).select_option("1")
    typed = tab.get_by_label("value", exact=True)
    typed.fill("0.25")
    typed.press("Enter")
    until(lambda: lanes(tab)["mask_depth"][1][1] == 0.25, tab)
    typed.fill("7")
    typed.press("Enter")
    tab.get_by_text("7 is not possible; allowed is 0..1").wait_for()
    tab.get_by_role("button", name="Delete point").click()
    until(lambda: len(lanes(tab)["mask_depth"]) == 1, tab)
    tab.locator("#undo-record").click()
    until(lambda: len(lanes(tab)["mask_depth"]) == 2, tab)
    tab.get_by_role("button", name="Remove lane").click()
    until(lambda: not lanes(tab), tab)


def test_takes_are_recorded_used_and_deleted_and_the_position_is_shown(tab, page):
    listen(tab)
    client = page.rig.client()
    tab.locator("#record").click()
    tab.get_by_text("knobs render this one").wait_for()  # what is recorded belongs to the bounce that is open
    Browser.until(tab, "document.getElementById('record').getAttribute('aria-pressed') === 'true'")
    client.send("/dawbridge/transport", 2.0, 0)
    tab.get_by_text("2.0 s by transport").wait_for()
    client.send("/dawbridge/mask/depth", 0.5)
    Browser.until(tab, "document.getElementById('knob-mask_depth').value === '0.5'")
    tab.locator("#stop-record").click()
    take = tab.locator("#take-list li")
    take.wait_for()
    assert "take 1: " in take.inner_text() and "..2.0 s, mask depth" in take.inner_text()
    tab.locator("#clear-record").click()
    until(lambda: not lanes(tab), tab)
    tab.get_by_role("button", name="Use: take 1").click()
    until(lambda: "mask_depth" in lanes(tab), tab)
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="Delete: take 1").click()
    take.wait_for(state="detached")
    tab.locator("#zero").select_option("at")
    start = tab.get_by_label("Start of the bounce, in seconds")
    start.fill("3600")
    start.press("Enter")
    until(lambda: got(tab, "/api/state")["zero"] == 3600.0, tab)
    tab.locator("#zero").select_option("-2")
    until(lambda: got(tab, "/api/state")["zero"] == -2.0, tab)


def test_two_settings_are_compared(tab, page):
    depth = tab.get_by_label("mask depth", exact=True)
    tab.get_by_role("button", name="Keep as A").click()
    depth.fill("0.25")
    until(lambda: page.rig.store.get("mask_depth") == 0.25, tab)
    Browser.until(tab, "document.getElementById('knob-mask_depth').value === '0.25'")
    assert tab.locator("#swap").is_disabled()
    tab.get_by_role("button", name="Keep as B").click()
    tab.get_by_role("button", name="Hear A").click()
    until(lambda: page.rig.store.get("mask_depth") == 1.0, tab)
    Browser.until(tab, "document.getElementById('knob-mask_depth').value === '1'")
    tab.keyboard.press("b")
    until(lambda: page.rig.store.get("mask_depth") == 0.25, tab)


def test_what_doctor_finds_is_shown(tab):
    tab.locator("#health-list").get_by_text("ok: 2.").first.wait_for()  # torch
    assert "ffmpeg" in tab.locator("#health-list").inner_text()


def test_a_job_is_shown_in_its_folder(tab, page, monkeypatch):
    shown = []
    monkeypatch.setattr("dawbridge.surfaces.web.api.handlers.reveal", lambda path: shown.append(str(path)))
    tab.get_by_role("button", name="Show in folder: song.wav").click()
    until(lambda: shown, tab)
    assert shown[0].endswith("song_acapella.wav")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [320, 1400])
def test_axe_finds_nothing(tab, scheme, width):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm install axe-core")
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 800})
    listen(tab)
    tab.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found = tab.evaluate("async () => (await axe.run()).violations.map((v) => [v.id, v.nodes.map((n) => n.html)])")
    assert found == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_turned_knob_is_heard_without_a_gap(browser, start_daemon):
    """A real daemon: a bounce comes, is played, and the acapella's gain is turned while it sounds."""
    port = free_port()
    daemon = start_daemon("--http-port", str(port))
    tab, wrong = browser.tab(f"http://127.0.0.1:{port}/")
    Browser.until(tab, "document.querySelectorAll('.knob').length > 10")
    daemon.bounce("song.wav", seconds=20.0)
    daemon.done()
    listen(tab)
    tab.evaluate(RECORD, "acapella")
    Browser.until(tab, "heard.length > 20000")
    before = tab.evaluate(LOUDNESS)
    version = tab.evaluate("dawbridge.player.stems.get('acapella').version")
    tab.get_by_label("acapella gain: exact value").fill("-20")
    tab.get_by_label("acapella gain: exact value").press("Enter")
    daemon.done()
    Browser.until(tab, f"dawbridge.player.stems.get('acapella').version !== '{version}'")
    Browser.until(tab, f"({LOUDNESS})() < {before} / 4")
    assert tab.evaluate(LOUDNESS) == pytest.approx(before / 10, rel=0.6)
    assert tab.evaluate(LONGEST_SILENCE) < 0.05
    assert wrong == []
    tab.context.close()
