"""The commands over a real socket."""

import pytest

from dawbridge.commands import CODES
from dawbridge.events import JobState
from dawbridge.files.sightings import Settled, Stalled
from dawbridge.jobs.inputs import EngineReady
from dawbridge.knobs.parameters import TABLE

VALUES = {row.address + face for row in TABLE for face in ("", "/raw", "/str")}


def done(name):
    """What answers a command that has no answer of its own."""
    return [("/dawbridge/done", (f"/dawbridge/{name}",))]


def test_ping(rig, client):
    assert client.ask("/dawbridge/ping") == [("/dawbridge/pong", ("1.2.3", rig.address[1], 0, "idle", 0))]
    rig.store.set("watch_enable", 0, "test")
    assert client.ask("/dawbridge/ping", 1.0)[0][1][3:] == ("paused", 0)


@pytest.mark.parametrize(
    "name",
    ["ping", "dump", "preset/next", "preset/prev", "preset/list", "preset/load/karaoke", "subscribe", "unsubscribe"],
)
def test_a_buttons_release_is_ignored_and_its_press_fires(client, name):
    address = "/dawbridge/" + name
    assert client.ask(address, 0) == client.ask(address, 0.0) == client.ask(address, "0") == []
    assert client.ask(address, False, tags="F") == []
    assert client.ask(address, 1.0) != []
    assert client.ask(address) != []


def test_touchoscs_keep_alive_is_not_answered(client):
    assert client.ask("/ping") == client.ask("/ping", 1.0) == client.ask("/ping", "a", 2) == []


def test_dump_is_every_value_in_datagrams_that_no_network_cuts_up(client):
    client.send("/dawbridge/dump")
    sizes, heard = [], []
    client.send("/dawbridge/sync", 7)
    while not heard or heard[-1][0] != "/dawbridge/synced":
        datagram = client.datagram()
        sizes.append(len(datagram))
        heard.extend(client.read(datagram))
    assert max(sizes) <= 1400
    *values, (_, (count,)), _ = heard
    assert {address for address, _ in values} == VALUES
    assert count == len(values) == len(VALUES)


def test_sync_is_a_barrier(rig, client):
    client.raw(client.bundle(client.message("/dawbridge/mask/strength", 0.5), client.message("/dawbridge/sync", -5)))
    assert client.wait_for("/dawbridge/synced") == (-5,)
    assert rig.store.get("mask_strength") == 0.5
    assert client.refused("/dawbridge/sync") == "bad_args"
    assert client.refused("/dawbridge/sync", 1.5) == "bad_args"


def test_a_preset_by_name_comes_back_as_all_values(rig, client):
    client.send("/dawbridge/live/enable", 0)
    done, *answer = client.ask("/dawbridge/preset", "karaoke")
    assert done == ("/dawbridge/done", ("/dawbridge/preset",))
    assert {address for address, _ in answer} == VALUES
    wanted = rig.deck.presets.load("karaoke").setting
    assert {name: rig.store.get(name) for name in wanted} == wanted
    assert rig.store.get("live_enable") == 0  # not the preset's business
    assert client.ask("/dawbridge/preset") == [("/dawbridge/preset", ("karaoke",))]


def test_presets_by_number_fader_and_button(rig, client):
    names = rig.deck.presets.names()
    assert client.ask("/dawbridge/preset/list") == [("/dawbridge/preset/list", (len(names), *names))]

    def loaded(address, *arguments):
        client.ask(address, *arguments)
        return rig.deck.current

    assert loaded("/dawbridge/preset/prev") == names[-1]  # nothing was loaded yet: from the list's end
    assert loaded("/dawbridge/preset/next") == names[0]
    assert loaded("/dawbridge/preset/next", 1) == names[1]
    assert loaded("/dawbridge/preset/prev", 1) == names[0]
    assert loaded("/dawbridge/preset/prev") == names[-1]
    assert loaded("/dawbridge/preset/index", 2) == names[1]
    assert loaded("/dawbridge/preset/index", 3.0) == names[2]  # Pd knows only floats
    assert client.ask("/dawbridge/preset/index") == [("/dawbridge/preset/index", (3,))]
    assert loaded("/dawbridge/preset/fader", 0.0) == names[0]
    assert loaded("/dawbridge/preset/fader", 1.0) == names[-1]
    assert loaded("/dawbridge/preset/fader", 0.5) == names[len(names) // 2]
    assert loaded(f"/dawbridge/preset/load/{names[1]}".replace(" ", "%20"), 1) == names[1]


@pytest.mark.parametrize(
    ("address", "arguments", "code"),
    [
        ("/dawbridge/preset", ("karoake",), "unknown_preset"), ("/dawbridge/preset", (2,), "bad_args"),
        ("/dawbridge/preset", ("a", "b"), "bad_args"), ("/dawbridge/preset/index", (0,), "bad_args"),
        ("/dawbridge/preset/index", (99,), "unknown_preset"), ("/dawbridge/preset/index", (1.5,), "bad_args"),
        ("/dawbridge/preset/fader", (), "bad_args"), ("/dawbridge/preset/fader", (float("nan"),), "not_finite"),
        ("/dawbridge/preset/fader", (1.5,), "bad_args"), ("/dawbridge/preset/load/none", (), "unknown_preset"),
        ("/dawbridge/preset/a", ("none",), "unknown_preset"), ("/dawbridge/preset/morph", (0.5,), "unknown_preset"),
        ("/dawbridge/preset/save", ("../up",), "bad_name"), ("/dawbridge/preset/save", ("x" * 41,), "bad_name"),
        ("/dawbridge/preset/save", (), "bad_args"), ("/dawbridge/preset/delete", ("karaoke",), "read_only"),
        ("/dawbridge/preset/delete", ("nobody",), "unknown_preset"), ("/dawbridge/preset/next", (1, 1), "bad_args"),
        ("/dawbridge/job/cancel", (99,), "unknown_job"), ("/dawbridge/job/cancel", (0,), "bad_args"),
        ("/dawbridge/job/rerender", (99,), "unknown_job"), ("/dawbridge/job/focus", (99,), "unknown_job"),
        ("/dawbridge/job/retry", (99,), "unknown_job"), ("/dawbridge/job/forget", (99,), "unknown_job"),
        ("/dawbridge/job/accept", (99,), "unknown_job"), ("/dawbridge/job/accept", (), "bad_args"),
        ("/dawbridge/job/submit", ("/etc/passwd",), "path_not_allowed"), ("/dawbridge/job/submit", (1,), "bad_args"),
        ("/dawbridge/subscribe", (70000,), "bad_args"), ("/dawbridge/subscribe", (9000, 5), "bad_args"),
        ("/dawbridge/subscribe", (9000, "", 0), "bad_args"), ("/dawbridge/subscribe", (9000, "", 30, -1), "bad_args"),
        ("/dawbridge/subscribe", (9000, "", 30, 0, 0), "bad_args"), ("/dawbridge/unsubscribe", (1, 2), "bad_args"),
    ],
)  # fmt: skip
def test_refusals(client, address, arguments, code):
    assert code in CODES
    assert client.refused(address, *arguments) == code


def test_a_preset_saved_and_deleted(rig, client):
    client.send("/dawbridge/mask/strength", 0.25)
    assert client.ask("/dawbridge/preset/save", "my mix") == [("/dawbridge/done", ("/dawbridge/preset/save",))]
    client.send("/dawbridge/mask/strength", 1.0)
    client.ask("/dawbridge/preset", "my mix")
    assert rig.store.get("mask_strength") == 0.25
    assert client.ask("/dawbridge/preset/delete", "my mix") == [("/dawbridge/done", ("/dawbridge/preset/delete",))]
    assert client.refused("/dawbridge/preset", "my mix") == "unknown_preset"


def test_morphing_between_two_presets(rig, client):
    low, high = client, rig.client().subscribe()
    for name, gain in (("one", -60.0), ("two", 0.0)):
        low.send("/dawbridge/acapella/gain/raw", gain)
        low.ask("/dawbridge/preset/save", name)
    assert low.ask("/dawbridge/preset/a") == [("/dawbridge/preset/a", ("",))]
    assert low.ask("/dawbridge/preset/a", "one") == done("preset/a")
    assert low.ask("/dawbridge/preset/b", "two") == done("preset/b")
    assert low.ask("/dawbridge/preset/b") == [("/dawbridge/preset/b", ("two",))]
    assert high.wait_for("/dawbridge/preset/b") == ("two",)
    assert low.ask("/dawbridge/preset/morph", 0.5) == []
    assert rig.store.get("acapella_gain") == pytest.approx(-30)
    assert low.ask("/dawbridge/preset/morph") == [("/dawbridge/preset/morph", (0.5,))]
    assert high.wait_for("/dawbridge/preset/morph") == (0.5,)
    clamped, (_, (_, code, _)) = low.ask("/dawbridge/preset/morph", 7)
    assert (clamped, code) == (("/dawbridge/preset/morph", (1.0,)), "bad_args")


def test_a_file_is_submitted_and_its_job_cancelled(rig, client):
    path = rig.bounce("Größe – ミックス.wav")
    ear = rig.client().subscribe()
    assert client.ask("/dawbridge/job/submit", str(path)) == [("/dawbridge/job/submitted", (1, str(path)))]
    assert ear.wait_for("/dawbridge/job/state") == (1, "queued", str(path))
    assert ear.wait_for("/dawbridge/queue") == (1,)
    assert client.ask("/dawbridge/job/cancel", 1) == done("job/cancel")
    assert ear.wait_for("/dawbridge/queue") == (0,)
    assert ear.wait_for("/dawbridge/job/state") == (1, "cancelled", str(path))


def test_submit_with_a_preset(rig, client):
    path = str(rig.bounce())
    assert client.refused("/dawbridge/job/submit", path, "none") == "unknown_preset"
    assert client.ask("/dawbridge/job/submit", path, "karaoke")[0][0] == "/dawbridge/job/submitted"
    rig.jobs.handle(EngineReady())
    (task,) = rig.jobs.tasks()
    assert task.job.values["acapella_enable"] == rig.deck.presets.load("karaoke").setting["acapella_enable"]


def test_only_files_inside_the_watched_folders_are_taken(rig, client):
    outside = rig.root.parent / "secret.wav"
    outside.write_bytes(b"audio")
    (rig.root / "link.wav").symlink_to(outside)
    for path in (outside, rig.root / ".." / "secret.wav", rig.root / "link.wav", rig.root, rig.root / "none.wav"):
        assert client.refused("/dawbridge/job/submit", str(path)) == "path_not_allowed"


def test_a_stalled_file_is_accepted(rig, client):
    path = rig.bounce()
    rig.jobs.handle(Stalled(path, "cut off"))
    assert client.ask("/dawbridge/job/accept", 1) == done("job/accept")
    assert rig.jobs.wishes == [("accept", path)]
    rig.jobs.handle(Settled(path))
    assert rig.jobs.ledger.get(1).state is JobState.QUEUED
    assert client.refused("/dawbridge/job/accept", 1) == "unknown_job"
    for command in ("rerender", "retry", "forget"):
        assert client.refused(f"/dawbridge/job/{command}", 1) == "busy"


def test_a_cancelled_job_is_tried_again_and_forgotten(rig, client):
    path = str(rig.bounce())
    client.ask("/dawbridge/job/submit", path)
    client.ask("/dawbridge/job/cancel", 1)
    ear = rig.client().subscribe()
    assert client.ask("/dawbridge/job/retry", 1) == done("job/retry")
    assert ear.wait_for("/dawbridge/job/state") == (1, "queued", path)
    client.ask("/dawbridge/job/cancel", 1)
    assert client.ask("/dawbridge/job/forget", 1) == done("job/forget")
    assert rig.jobs.wishes == [("forget", rig.root / "song.wav")]
    assert client.refused("/dawbridge/job/forget", 1) == "unknown_job"


@pytest.mark.parametrize("name", ["pong", "subscribed", "dumped", "synced", "error", "startup", "queue", "job/done"])
def test_what_only_goes_out_is_passed_over_when_a_mirror_sends_it_back(client, name):
    assert client.ask("/dawbridge/" + name, 1, "x") == []


def test_a_morph_from_elsewhere_is_told_to_all_and_one_of_a_client_to_the_others(rig):
    names = rig.deck.presets.names()
    rig.deck.set_end("a", names[0])
    rig.deck.set_end("b", names[1])
    one, other = rig.client().subscribe(), rig.client().subscribe()
    rig.deck.morph(0.25, "midi:x")
    assert one.wait_for("/dawbridge/preset/morph") == other.wait_for("/dawbridge/preset/morph") == (0.25,)
    one.send("/dawbridge/preset/morph", 0.75)
    assert other.wait_for("/dawbridge/preset/morph") == (0.75,)
    assert "/dawbridge/preset/morph" not in [address for address, _ in one.synced()]


def test_automation_and_transport_over_osc(idle_rig):
    said = []

    commands = ("record", "stop", "clear", "undo", "redo")

    class Moves:
        record, clear, undo, redo = (lambda self, name=name: said.append(name) for name in commands if name != "stop")
        position, zero = (2.5, 1, "mtc"), -1.0

        def stop(self):
            said.append("stop")
            return 0, "take 1: waits"

        def set_zero(self, seconds):
            said.append(seconds)

        def place(self, seconds, playing):
            said.append((seconds, playing))

        def is_recording(self):
            return False

    client = idle_rig.serve(moves=Moves()).client()
    for command in commands:
        client.send(f"/dawbridge/automation/{command}", 1)
        client.send(f"/dawbridge/automation/{command}", 0)
    client.send("/dawbridge/transport", 1.5)
    client.send("/dawbridge/transport", 2.5, 0)
    client.send("/dawbridge/position/zero", 3600.0)
    answers = {name: done(f"automation/{name}") for name in commands}
    answers["stop"] = [("/dawbridge/automation/stopped", (0, "take 1: waits"))]
    assert client.synced() == [message for name in commands for message in answers[name]] + [*done("position/zero")]
    assert said == [*commands, (1.5, True), (2.5, False), 3600.0]
    client.send("/dawbridge/position")
    assert client.synced() == [("/dawbridge/position", (2.5, 1, "mtc"))]
    assert client.refused("/dawbridge/position/zero", -3.0) == "bad_args"
    assert client.refused("/dawbridge/transport") == "bad_args"
    assert client.refused("/dawbridge/transport", -1.0) == "bad_args"
    assert client.refused("/dawbridge/transport", float("nan")) == "not_finite"


@pytest.mark.parametrize("address", ["transport", "position/zero"])
@pytest.mark.parametrize("seconds", [-1e9, float("nan"), float("inf"), 86_401.0, 1e30, "nan", "1e999"])
def test_a_position_that_cannot_be_is_refused_with_what_is_allowed(idle_rig, address, seconds):
    class Moves:
        position, zero = (-1.0, 0, ""), -1.0

        def is_recording(self):
            return False

    client = idle_rig.serve(moves=Moves()).client()
    client.send(f"/dawbridge/{address}", seconds)
    whose, _, message = client.wait_for("/dawbridge/error")
    assert whose == f"/dawbridge/{address}"
    assert "..86400 s" in message
