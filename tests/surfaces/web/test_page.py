"""The page in a real browser: what is seen, what is heard, what a hand does, and that everybody is in step."""

import os
from pathlib import Path

import pytest

from dawbridge.events import Failed, JobState, Progress, StateChanged
from dawbridge.surfaces.osc.client import free_port
from tests.surfaces.web.browser import Browser

AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))
"""axe-core: `npm install axe-core`, or the path of its `axe.min.js`."""
RECORD = """async (name) => {
  const {player} = dawbridge, context = player.context, recorder = context.createScriptProcessor(1024, 1, 1);
  window.heard = []; recorder.onaudioprocess = (event) => window.heard.push(...event.inputBuffer.getChannelData(0));
  player.levels[name].node.connect(recorder); recorder.connect(context.destination);
}"""
"""Keeps what is heard of a stem in `heard`."""
LONGEST_SILENCE = """() => { let run = 0, longest = 0; const start = heard.findIndex((s) => s !== 0);
  for (const sample of heard.slice(start)) {
    run = Math.abs(sample) < 1e-6 ? run + 1 : 0; longest = Math.max(longest, run);
  }
  return longest / dawbridge.player.context.sampleRate; }"""
LOUDNESS = "() => Math.sqrt(heard.slice(-8192).reduce((sum, s) => sum + s * s, 0) / 8192)"


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def tab(browser, page):
    """The page with a finished job; nothing may be complained of in the end."""
    page.job(seconds=6.0)
    tab, wrong = browser.tab(page.base + "/")
    tab.wait_for_selector("#job-list li")
    yield tab
    assert [text for text in wrong if "status of" not in text] == []  # refusals are shown, and Chromium logs them too
    tab.context.close()


def listen(tab):
    tab.get_by_role("button", name="Listen: song.wav").click()
    Browser.until(tab, "dawbridge.player.frames > 0")
    tab.locator("#play").click()
    Browser.until(tab, "dawbridge.player.seconds > 0.2")


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
    tab, _ = browser.tab(page.base + "/")
    Browser.until(tab, "document.querySelectorAll('.knob').length > 10")
    page.server._call(page.site.desk.streams.end)
    tab.locator("#lost").wait_for(state="visible")
    page.server._call(lambda: setattr(page.site.desk.streams, "_over", False))
    tab.locator("#lost").wait_for(state="hidden")
    tab.context.close()


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
