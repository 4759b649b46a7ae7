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
