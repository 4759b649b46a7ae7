"""The real web server with page and API, in its own thread, over a real ledger; and clients over real sockets."""

import asyncio
import threading

import aiohttp
import numpy as np
import pytest
import soundfile

from dawbridge.events import JobState
from dawbridge.surfaces.web.api.site import Site
from dawbridge.surfaces.web.api.world import World
from dawbridge.surfaces.web.server import WebServer

PATIENCE_S = 20


class Page:
    """A rig with a web server that has page and API, and what a program asks of it."""

    def __init__(self, rig, folder, host="127.0.0.1", **world):
        self.rig = rig
        board = rig.jobs
        self.world = World(
            board.ledger, (rig.root.resolve(),), folder / "pictures", board.jobs.status, board.jobs.automate,
            surfaces=lambda: ("a line",), subscribers=rig.osc.listeners,
            **world,
        )  # fmt: skip
        self.site = Site(rig.store, rig.deck, rig.bus, rig.osc.dispatcher, self.world)
        self.server = WebServer(
            rig.store, rig.deck, rig.bus, rig.osc.dispatcher, rig.osc,
            host=host, port=0, osc_port=rig.address[1], announce=False, site=self.site,
        )  # fmt: skip
        self.port = self.server.address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve)
        self._thread.start()

    def close(self):
        self.server.close()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def run(self, ask):
        """What the coroutine `ask(session)` returns; paths are below the server's address."""

        async def whole():
            timeout = aiohttp.ClientTimeout(PATIENCE_S)
            async with aiohttp.ClientSession(self.base, timeout=timeout) as session:
                return await ask(session)

        return asyncio.run(asyncio.wait_for(whole(), 3 * PATIENCE_S))

    def ask(self, method, path, **more):
        """Status, body (JSON where it is JSON) and headers of one request."""

        async def ask(session):
            async with session.request(method, path, allow_redirects=False, **more) as answer:
                is_json = answer.content_type == "application/json"
                body = await answer.json() if is_json else await answer.read()
                return answer.status, body, answer.headers

        return self.run(ask)

    def get(self, path, **more):
        status, body, _ = self.ask("GET", path, **more)
        assert status == 200, body
        return body

    def command(self, address, *arguments, **more):
        status, body, _ = self.ask("POST", "/api/command", json={"address": address, "arguments": arguments}, **more)
        return status, body

    def job(self, name="song.wav", seconds=1.0, rate=44100, subtype="PCM_16", channels=2, stems=True):
        """A finished job in the ledger, with real files; its id."""
        path = self.rig.root / name
        samples = sound(seconds, rate, channels)
        soundfile.write(path, samples, rate, subtype=subtype, format=FORMATS.get(path.suffix))
        ledger = self.rig.jobs.ledger
        job_id = ledger.add(path, JobState.DONE)
        if stems:
            for stem in ("acapella", "instrumental"):
                file = self.rig.root / "separated" / f"{path.stem}_{stem}.wav"
                file.parent.mkdir(exist_ok=True)
                soundfile.write(file, samples / 2, rate, subtype="PCM_24")
                ledger.update(job_id, **{stem: str(file)})
        return job_id


FORMATS = {".w64": "W64", ".rf64": "RF64", ".caf": "CAF", ".aiff": "AIFF", ".flac": "FLAC"}


def sound(seconds=1.0, rate=44100, channels=2):
    """A tone of 1 kHz that gets louder, `[frames, channels]`."""
    times = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * 1000 * times) * np.linspace(0, 0.9, times.size)
    return np.stack([tone * (1 - 0.5 * channel) for channel in range(channels)], axis=1)


@pytest.fixture
def page(rig, tmp_path):
    page = Page(rig, tmp_path)
    yield page
    page.close()


@pytest.fixture
def make_page(rig, tmp_path):
    """A function that makes a page with other settings."""
    made = []

    def make(**options):
        made.append(Page(rig, tmp_path, **options))
        return made[-1]

    yield make
    for page in made:
        page.close()


@pytest.fixture(scope="module")
def browser():
    from tests.surfaces.web.browser import Browser  # which skips, or fails, where there is none

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
