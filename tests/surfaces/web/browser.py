"""Debian's Chromium by Playwright, for the tests of the page."""

import os
import shutil

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    missing = pytest.fail if os.environ.get("DAWBRIDGE_CLIENTS") == "required" else pytest.skip
    missing("Chromium is not installed", **({} if missing is pytest.fail else {"allow_module_level": True}))

ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--mute-audio"]
PATIENCE_MS = 30_000

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


class Browser:
    """One browser; each tab's errors and messages fail the test that asks for them."""

    def __init__(self):
        self._playwright = sync_api.sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

    def tab(self, address, **options):
        """A new tab, and the list of what its console complains of."""
        tab = self._browser.new_context(**options).new_page()
        tab.set_default_timeout(PATIENCE_MS)
        wrong = []
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        tab.goto(address)
        return tab, wrong

    @staticmethod
    def until(tab, expression):
        """Wait until a JavaScript expression is true: its value.

        Playwright's own wait needs eval, which the page forbids.
        """
        for _ in range(PATIENCE_MS // 50):
            found = tab.evaluate(expression)
            if found:
                return found
            tab.wait_for_timeout(50)
        pytest.fail(f"never came true: {expression}")
        return None

    def close(self):
        self._browser.close()
        self._playwright.stop()


def listen(tab):
    tab.get_by_role("button", name="Listen: song.wav").click()
    Browser.until(tab, "dawbridge.player.frames > 0")
    tab.locator("#play").click()
    Browser.until(tab, "dawbridge.player.seconds > 0.2")


def got(tab, path):
    """What the API answers; asked by the page, since Playwright's loop is this thread's."""
    return tab.evaluate("async (path) => (await fetch(path)).json()", path)


def until(condition, tab):
    for _ in range(200):
        if condition():
            return
        tab.wait_for_timeout(50)
    pytest.fail("never came true")


def opened(browser, page):
    """A tab with the knobs of `page`."""
    tab, _ = browser.tab(page.base + "/")
    Browser.until(tab, "document.querySelectorAll('.knob').length > 10")
    return tab


def cut_off(tab, page):
    """Break the connection of `tab`, for good until `reconnect(page)`."""
    page.server._call(page.site.desk.streams.end)
    tab.locator("#lost").wait_for(state="visible")


def reconnect(page):
    """Take connections again."""
    page.server._call(lambda: setattr(page.site.desk.streams, "_over", False))
