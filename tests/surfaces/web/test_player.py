"""What is heard when loops go round, stems are replaced and connections break, and what is typed meanwhile."""

import itertools

import numpy as np
import pytest
import soundfile

from tests.surfaces.web.browser import Browser, cut_off, listen, opened, reconnect, until

STARTS = """() => {
  window.starts = [];
  const real = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, offset = 0) {
    starts.push([when, offset, this.buffer.length]);
    return real.call(this, when, offset);
  };
}"""
"""Keeps when each buffer is to be heard, from where in it, and how long it is."""


def test_a_loop_goes_round_without_a_gap(tab):
    rate = 44100
    listen(tab)
    tab.evaluate(STARTS)
    tab.evaluate("() => { dawbridge.player.loop = [1.0, 1.5]; dawbridge.player.seek(1.2); }")
    Browser.until(tab, "starts.length >= 24")
    begun = sorted({(round(when * rate), frames) for when, offset, frames in tab.evaluate("starts") if not offset})
    loops = [one for one in begun if one[1] == rate // 2]
    assert len(loops) >= 3
    assert [later[0] - sooner[0] for sooner, later in itertools.pairwise(loops)] == [rate // 2] * (len(loops) - 1)
    Browser.until(tab, "dawbridge.player.seconds >= 1.0 && dawbridge.player.seconds <= 1.5")
    tab.evaluate("() => { dawbridge.player.loop = null; }")
    Browser.until(tab, "dawbridge.player.seconds > 1.6")


def test_an_older_render_that_comes_later_does_not_replace_a_newer_one(tab):
    listen(tab)
    tab.evaluate("""() => {
      const real = window.fetch;
      let asked = 0;
      window.fetch = async (path, ...rest) => {
        if (!String(path).endsWith('/audio/acapella/layout')) return real(path, ...rest);
        const number = ++asked, layout = await (await real(path, ...rest)).json();
        if (number === 1) await new Promise((done) => setTimeout(done, 400));
        return new Response(JSON.stringify({...layout, version: `render-${number}`}));
      };
      window.both = Promise.all([dawbridge.player.swap('acapella'), dawbridge.player.swap('acapella')]);
    }""")
    tab.evaluate("() => window.both.then(() => true)")
    assert tab.evaluate("dawbridge.player.stems.get('acapella').version") == "render-2"


def test_of_two_jobs_that_are_opened_the_last_one_is_heard(tab, page):
    page.job("long.wav", seconds=2.0)
    opened = tab.evaluate("""async () => {
      const real = window.fetch;
      window.fetch = async (path, ...rest) => {
        if (String(path).startsWith('/api/jobs/1/')) await new Promise((done) => setTimeout(done, 300));
        return real(path, ...rest);
      };
      return Promise.all([dawbridge.player.open(1), dawbridge.player.open(2)]);
    }""")
    assert opened == [False, True]
    assert tab.evaluate("[dawbridge.player.job, dawbridge.player.frames]") == [2, 88200]


@pytest.mark.parametrize(("channels", "centre"), [(3, 2), (6, 2), (8, 2)])
def test_what_is_in_the_middle_loudspeaker_is_heard(browser, page, channels, centre):
    page.job(seconds=3.0, stems=False)
    samples = np.zeros((44100, channels))
    samples[:, centre] = 0.4 * np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    folder = page.rig.root / "separated"
    folder.mkdir(exist_ok=True)
    for stem in ("acapella", "instrumental"):
        soundfile.write(folder / f"song_{stem}.wav", samples, 44100, subtype="PCM_24")
        page.rig.jobs.ledger.update(1, **{stem: str(folder / f"song_{stem}.wav")})
    soundfile.write(page.rig.root / "song.wav", samples, 44100, subtype="PCM_16")
    tab, wrong = browser.tab(page.base + "/")
    peaks = tab.evaluate("""async () => {
      await dawbridge.player.open(1);
      const stem = dawbridge.player.stems.get('acapella');
      const buffer = await stem.read(new OfflineAudioContext(2, 100, 44100), 0, 4410);
      return [0, 1].map((side) => Math.max(...buffer.getChannelData(side)));
    }""")
    assert peaks == [pytest.approx(0.4 / np.sqrt(2), abs=0.01)] * 2
    assert wrong == []
    tab.context.close()


def test_a_knob_that_was_turned_without_a_connection_is_sent_when_there_is_one(browser, make_page):
    page = make_page()
    tab = opened(browser, page)
    cut_off(tab, page)
    tab.route("**/api/command", lambda route: route.abort())  # nobody answers at all
    tab.get_by_label("mask depth", exact=True).fill("0.25")
    typed = tab.get_by_label("acapella gain: exact value")
    typed.fill("-12")
    typed.press("Enter")
    tab.get_by_text("not sent yet").wait_for()
    assert page.rig.store.get("mask_depth") == 1.0
    tab.unroute("**/api/command")
    reconnect(page)
    tab.locator("#lost").wait_for(state="hidden")
    until(lambda: page.rig.store.get("mask_depth") == 0.25, tab)
    until(lambda: page.rig.store.get("acapella_gain") == -12.0, tab)
    tab.get_by_text("not sent yet").wait_for(state="detached")
    tab.context.close()


def test_a_page_from_before_a_restart_says_what_to_do(browser, make_page):
    page = make_page()
    tab = opened(browser, page)
    page.server._guard.token = "another"
    page.server._call(page.site.desk.streams.end)
    tab.get_by_text("open the address that it prints now").wait_for()
    tab.context.close()


def test_an_emptied_field_is_refused_and_changes_nothing(tab, page):
    page.rig.store.set("acapella_gain", -6.0, "test")
    exact = tab.get_by_label("acapella gain: exact value")
    exact.fill("")
    exact.press("Enter")
    tab.locator(".knob", has=exact).get_by_text("allowed is -60..6 dB").wait_for()
    assert page.rig.store.get("acapella_gain") == -6.0


def test_files_are_added_one_by_one_and_a_refused_one_holds_up_none(tab, page, tmp_path):
    for name in ("one.wav", "full.wav", "two.wav"):
        (tmp_path / name).write_bytes(b"audio")
    tab.evaluate("""() => {
      const real = XMLHttpRequest.prototype.send, sent = [];
      window.most = 0;
      XMLHttpRequest.prototype.send = function (...body) {
        sent.push(this);
        window.most = Math.max(window.most, sent.filter((one) => one.readyState !== XMLHttpRequest.DONE).length);
        return real.call(this, ...body);
      };
    }""")
    tab.route("**/api/upload/*/full.wav", lambda route: route.fulfill(status=507, body="the disk is full"))
    tab.locator("#file").set_input_files([str(tmp_path / name) for name in ("one.wav", "full.wav", "two.wav")])
    tab.evaluate("""() => {
      const dropped = Object.assign(new Event('drop'), { dataTransfer: { files: [new File(['a'], 'x.wav')] } });
      dispatchEvent(dropped);
    }""")
    tab.locator("#upload-errors").get_by_text("full.wav: 507").wait_for()
    tab.get_by_text("x.wav is in the folder").wait_for()
    assert tab.evaluate("most") == 1
    assert {"one.wav", "two.wav", "x.wav"} <= {path.name for path in page.rig.root.iterdir()}
    tab.locator("#upload-cancel").wait_for(state="hidden")
