"""What the page does when a job, its files, an answer or the sound card goes away, and with odd keys and names."""

import pytest

from dawbridge.events import JobForgotten, JobState
from tests.surfaces.web.browser import Browser, got, listen, until

UNHANDLED = """() => { window.unhandled = 0; addEventListener('unhandledrejection', () => window.unhandled++); }"""
FETCHES = """(part) => {
  const real = window.fetch;
  window.asked = 0;
  window.fetch = (path, ...rest) => { if (String(path).includes(part)) window.asked++; return real(path, ...rest); };
}"""
"""Counts the requests whose address contains a text in `asked`."""


def refuse(route):
    route.fulfill(status=404, json={"error": {"code": "unknown_job", "message": "it is gone"}})


def test_a_job_that_is_forgotten_while_it_plays_is_closed(tab, page):
    listen(tab)
    page.rig.jobs.ledger.forget(1)
    page.rig.bus.publish(JobForgotten(1))
    tab.get_by_text("song.wav was forgotten").wait_for()
    assert tab.evaluate("[dawbridge.player.playing, dawbridge.player.frames, dawbridge.player.job]") == [False, 0, 0]
    tab.keyboard.press("Space")
    assert not tab.evaluate("dawbridge.player.playing")


def test_stems_that_are_gone_while_they_play_stop_it_with_a_message(tab):
    """The first buffers come, the next ones are refused."""
    left = [3]

    def few(route):
        left[0] -= 1
        route.continue_() if left[0] >= 0 else refuse(route)

    tab.route("**/audio/*?as=wav*", few)
    tab.get_by_role("button", name="Listen: song.wav").click()
    Browser.until(tab, "dawbridge.player.frames > 0")
    tab.locator("#play").click()
    tab.get_by_text("No sound of this job can be read").wait_for()
    assert not tab.evaluate("dawbridge.player.playing")
    assert left[0] >= -9  # three stems, three tries each


def test_peaks_that_are_refused_are_not_asked_for_with_every_picture(tab):
    tab.route("**/peaks/**", refuse)
    tab.evaluate(FETCHES, "/peaks/")
    listen(tab)
    Browser.until(tab, "dawbridge.player.seconds > 1")
    assert 1 <= tab.evaluate("asked") <= 3


def test_refusals_are_shown_and_none_is_left_unhandled(tab):
    tab.evaluate(UNHANDLED)
    listen(tab)
    Browser.until(tab, "dawbridge.picture.grids.acapella !== undefined")  # what is being opened clears the line
    tab.route("**/spectrogram/instrumental", refuse)
    tab.keyboard.press("3")
    tab.locator("#listen-error").get_by_text("it is gone").wait_for()
    assert tab.evaluate("unhandled") == 0


def test_older_jobs_that_cannot_be_read_are_reported_and_can_be_asked_for_again(browser, page):
    for number in range(60):
        page.rig.jobs.ledger.add(page.rig.root / f"{number}.wav", JobState.FAILED)
    tab, _ = browser.tab(page.base + "/")
    tab.route("**/api/jobs?*", refuse)
    tab.locator("#more").click()
    tab.locator("#more-error").get_by_text("it is gone").wait_for()
    tab.unroute("**/api/jobs?*")
    tab.locator("#more").click()
    tab.locator("#more").wait_for(state="hidden")
    assert tab.locator("#job-list li").count() == 60
    assert tab.locator("#more-error").inner_text() == ""
    tab.context.close()


def test_a_list_that_has_become_empty_is_shown_empty(tab, page):
    page.rig.jobs.ledger.forget(1)
    page.server._call(page.site.desk.streams.end)
    tab.locator("#lost").wait_for(state="visible")
    page.server._call(lambda: setattr(page.site.desk.streams, "_over", False))
    tab.locator("#job-list li").wait_for(state="detached")


def test_a_key_that_is_held_does_it_once(tab):
    listen(tab)
    tab.locator("#play").click()
    tab.locator("#play").blur()
    for _ in range(4):
        tab.keyboard.down("Space")
    assert tab.evaluate("dawbridge.player.playing")
    tab.keyboard.up("Space")


def test_a_sound_card_that_stops_shows_as_paused(tab):
    listen(tab)
    tab.evaluate("() => dawbridge.player.context.suspend()")
    tab.get_by_role("button", name="Play", exact=True).wait_for()
    tab.locator("#play").click()
    here = tab.evaluate("dawbridge.player.seconds")
    Browser.until(tab, f"dawbridge.player.playing && dawbridge.player.seconds > {here} + 0.1")


def test_a_preset_is_replaced_only_when_that_is_confirmed_and_a_refused_name_stays(tab, page):
    asked = []
    name = tab.get_by_label("Save as")
    save = tab.get_by_role("button", name="Save", exact=True)
    tab.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    name.fill("a/b")
    save.click()
    tab.locator("#presets .error").get_by_text("a/b").wait_for()
    assert name.input_value() == "a/b"
    name.fill("mine")
    save.click()
    tab.locator("#presets option", has_text="mine").first.wait_for(state="attached")
    assert asked == []
    save.click()
    until(lambda: asked == ["Replace the preset mine?"], tab)


def test_an_older_position_of_a_morph_does_not_come_after_a_newer_one(tab):
    sent = []

    def answer(route):
        sent.append(route.request.post_data_json["arguments"])
        route.fulfill(json={"ok": True})

    tab.route("**/api/command", answer)
    tab.evaluate("""() => {
      const morph = [...document.querySelectorAll('#presets input')].find((one) => one.type === 'range');
      for (const value of [0.1, 0.2, 0.3, 0.4, 0.5]) { morph.value = value; morph.dispatchEvent(new Event('input')); }
    }""")
    until(lambda: sent == [[0.1], [0.5]], tab)


@pytest.mark.parametrize("name", ["\u202egnp.wav", "\u05d0\u05d1 (1).wav", "\U0001f3a4 " + "long" * 40 + ".wav"])
def test_odd_names_keep_to_their_line(browser, page, name):
    page.rig.jobs.ledger.add(page.rig.root / name, JobState.FAILED)
    tab, wrong = browser.tab(page.base + "/", viewport={"width": 320, "height": 800})
    shown = tab.locator("#job-list .name")
    shown.wait_for()
    assert shown.get_attribute("dir") == "auto"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrong == []
    tab.context.close()


def test_a_lane_that_another_page_changed_meanwhile_is_not_overwritten(tab):
    listen(tab)
    tab.locator("#play").click()
    tab.locator("#lane").select_option("mask_depth")
    theirs = {"mask_depth": [[1.0, 0.5]]}
    tab.evaluate(
        """(lanes) => {
      const real = window.fetch;
      window.fetch = async (path, options) => {
        if (options?.method !== 'PUT') return real(path, options);
        window.fetch = real;
        await real(path, {method: 'PUT', headers: options.headers, body: JSON.stringify({lanes})});
        return real(path, options);
      };
    }""",
        theirs,
    )
    tab.get_by_role("button", name="Add point here").click()
    tab.locator("#listen-error").get_by_text("changed elsewhere").wait_for()
    assert got(tab, "/api/jobs/1/automation")["lanes"] == theirs
    tab.get_by_label("Point", exact=True).wait_for()  # what the other one did is shown
    tab.get_by_role("button", name="Add point here").click()
    until(lambda: len(got(tab, "/api/jobs/1/automation")["lanes"]["mask_depth"]) == 2, tab)
