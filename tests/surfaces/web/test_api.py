"""The API over real HTTP: jobs, commands, parameters, presets, automation, the description."""

import json

import pytest

from dawbridge.commands import COMMANDS
from dawbridge.events import JobState
from dawbridge.knobs.parameters import TABLE
from dawbridge.surfaces.web.api.routes import ROUTES


def test_state_says_what_dawbridge_does(page):
    state = page.get("/api/state")
    assert (state["state"], state["queue"], state["recording"], state["learn"]) == ("idle", 0, False, "")
    assert state["folders"] == [{"path": str(page.rig.root.resolve()), "away": False}]
    assert state["focus"]["id"] == 0
    assert state["position"] is None
    page.rig.jobs.loop.recorder.transport.tell(2.5, False)
    assert page.get("/api/state")["position"] == {"seconds": 2.5, "playing": False, "source": "transport"}


def test_jobs_are_listed_newest_first_and_page_by_page(page):
    ids = [page.rig.jobs.ledger.add(page.rig.root / f"{n}.wav", JobState.FAILED) for n in range(5)]
    ids.append(page.job())
    assert [job["id"] for job in page.get("/api/jobs")] == ids[::-1]
    assert [job["id"] for job in page.get("/api/jobs?limit=2")] == ids[:-3:-1]
    assert [job["id"] for job in page.get(f"/api/jobs?limit=2&before={ids[4]}")] == [ids[3], ids[2]]
    assert [job["id"] for job in page.get("/api/jobs?state=done")] == [ids[-1]]


def test_a_job_s_row_and_its_details(page):
    job_id = page.job(seconds=2.0, rate=48000)
    (row,) = page.get("/api/jobs")
    assert (row["name"], row["state"], row["rate_hz"], row["channels"]) == ("song.wav", "done", 48000, 2)
    assert row["duration_s"] == 2.0
    assert row["automation"] is False
    details = page.get(f"/api/jobs/{job_id}")
    assert [stem["name"] for stem in details["stems"]] == ["mixture", "acapella", "instrumental"]
    assert all(stem["exists"] and stem["frames"] == 96000 and len(stem["version"]) == 16 for stem in details["stems"])


def test_a_stem_s_version_changes_when_it_is_written_again(page):
    job_id = page.job()
    before = [stem["version"] for stem in page.get(f"/api/jobs/{job_id}")["stems"]]
    file = page.rig.root / "separated" / "song_acapella.wav"
    file.write_bytes(file.read_bytes() + b"\0\0")
    after = [stem["version"] for stem in page.get(f"/api/jobs/{job_id}")["stems"]]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_parameters_come_out_of_the_table(page):
    rows = page.get("/api/parameters")
    assert [row["name"] for row in rows] == [row.name for row in TABLE]
    page.rig.store.set("acapella_gain", -27.0, "test")
    (gain,) = [row for row in page.get("/api/parameters") if row["name"] == "acapella_gain"]
    assert (gain["raw"], gain["position"], gain["text"], gain["unit"]) == (-27.0, 0.5, "-27.0 dB", "dB")


def test_presets_with_what_they_set(page):
    presets = page.get("/api/presets")
    assert [preset["index"] for preset in presets] == list(range(1, len(presets) + 1))
    assert all(preset["shipped"] and preset["name"] and not preset["problems"] for preset in presets)


def test_a_knob_is_turned_clamped_refused_and_read(page):
    assert page.command("/dawbridge/mask/depth", 0.25)[0] == 200
    assert page.rig.store.get("mask_depth") == 0.25
    assert page.command("/dawbridge/acapella/gain/raw", -12)[0] == 200
    assert page.command("/dawbridge/acapella/gain/str")[1]["reply"] == ["-12.0 dB"]
    status, body = page.command("/dawbridge/mask/depth", 2)
    assert (status, body["error"]["code"]) == (400, "bad_args")
    assert "clamped" in body["error"]["message"]
    assert page.rig.store.get("mask_depth") == 1.0
    status, body = page.command("/dawbridge/mask/depth", "loud")
    assert "'loud' is not a number" in body["error"]["message"]


@pytest.mark.parametrize(
    ("address", "arguments", "status", "code"),
    [
        ("/dawbridge/job/retry", [99], 404, "unknown_job"),
        ("/dawbridge/job/retry", ["x"], 400, "bad_args"),
        ("/dawbridge/job/rety", [1], 404, "unknown_address"),
        ("/dawbridge/job/submit", ["/etc/passwd"], 403, "path_not_allowed"),
        ("/dawbridge/preset", ["no such preset"], 404, "unknown_preset"),
        ("/dawbridge/subscribe", [], 404, "unknown_address"),
        ("/dawbridge/job/state", [1, "done", "x"], 404, "unknown_address"),
        ("/dawbridge/midi/learn", ["mask_depth"], 503, "internal"),
        (5, [], 400, "bad_args"),
        ("/dawbridge/mask/depth", {"value": 1}, 400, "bad_args"),
    ],
)
def test_refusals_have_the_code_that_osc_has(page, address, arguments, status, code):
    asked = json.dumps({"address": address, "arguments": arguments})
    got, body, _ = page.ask("POST", "/api/command", data=asked, headers={"Content-Type": "application/json"})
    assert (got, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]


def test_a_file_in_a_watched_folder_is_submitted(page):
    path = page.rig.bounce()
    status, body, _ = page.ask("POST", "/api/jobs", json={"path": str(path)})
    assert (status, body["path"]) == (201, str(path))
    assert page.get(f"/api/jobs/{body['id']}")["state"] in ("queued", "running")
    status, body, _ = page.ask("POST", "/api/jobs", json={"path": str(path), "presset": "x"})
    assert status == 400


def test_forgotten_jobs_are_gone(page):
    job_id = page.job()
    assert page.command("/dawbridge/job/forget", job_id)[0] == 200
    status, body, _ = page.ask("GET", f"/api/jobs/{job_id}")
    assert (status, body["error"]["code"]) == (404, "unknown_job")


def test_automation_is_replaced_and_read(page):
    job_id = page.job()
    status, body, _ = page.ask(
        "PUT", f"/api/jobs/{job_id}/automation", json={"lanes": {"mask_depth": [[0, 1], [2, 0.5]]}}
    )
    assert (status, body.get("lanes")) == (200, {"mask_depth": [[0.0, 1.0], [2.0, 0.5]]})
    got = page.get(f"/api/jobs/{job_id}/automation")
    assert got == {"lanes": {"mask_depth": [[0.0, 1.0], [2.0, 0.5]]}, "takes": [], "undoable": 1, "redoable": 0}
    assert page.get("/api/jobs")[0]["automation"] is True
    status, body, _ = page.ask("PUT", f"/api/jobs/{job_id}/automation", json={"lanes": {}})
    assert (status, page.get(f"/api/jobs/{job_id}/automation")["lanes"]) == (200, {})


@pytest.mark.parametrize(
    "lanes",
    [[], {"shifts": [[0, 1]]}, {"mask_depth": [[0]]}, {"mask_depth": [[-1, 0]]}, {"mask_depth": [["0", 1]]},
     {"mask_depth": 3}, {"nonsense": []}],
)  # fmt: skip
def test_lanes_that_cannot_be_meant_are_refused(page, lanes):
    job_id = page.job()
    status, body, _ = page.ask("PUT", f"/api/jobs/{job_id}/automation", json={"lanes": lanes})
    assert (status, body["error"]["code"]) == (400, "bad_args")


def test_the_description_names_every_route_command_and_knob(page):
    document = page.get("/api/openapi.json")
    assert {(path, method.upper()) for path, methods in document["paths"].items() for method in methods} == {
        (route.path, route.method) for route in ROUTES
    }
    described = {one["properties"]["address"]["const"] for one in document["components"]["schemas"]["Command"]["oneOf"]}
    assert {row.address for row in TABLE} <= described
    over_http = {row.address for row in COMMANDS if not str(row.call).startswith("client.")}
    assert over_http <= described


@pytest.mark.parametrize(
    "path",
    ["/api/jobs?limit=0", "/api/jobs?limit=9999", "/api/jobs?before=x", "/api/jobs?state=nonsense", "/api/jobs/0",
     "/api/jobs/9999999999999999999999", "/api/jobs/1/audio/voice", "/api/jobs/1/spectrogram/mixture/log/99/0.png"],
)  # fmt: skip
def test_parameters_out_of_range_say_what_is_allowed(page, path):
    status, body, _ = page.ask("GET", path)
    assert (status, body["error"]["code"]) == (400, "bad_args")
    assert "allowed is" in body["error"]["message"]


def test_what_is_not_there_is_said_in_json(page):
    assert page.ask("GET", "/api/nowhere")[0] == 404
    assert page.ask("PUT", "/api/state", data=b"", headers={"Content-Type": "audio/wav"})[0] == 405
    assert page.ask("GET", "/page/nowhere.js")[0] == 404


def test_the_page_for_browsers_and_the_tree_for_programs(page):
    html = {"Accept": "text/html,application/xhtml+xml"}
    status, body, headers = page.ask("GET", "/", headers=html)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"dawbridge" in body
    assert page.ask("GET", "/page/", headers=html)[1] == body
    assert page.ask("GET", "/page/", headers={"If-None-Match": headers["ETag"]})[0] == 304
    assert page.get("/")["FULL_PATH"] == "/"
    assert page.get("/?HOST_INFO", headers=html)["NAME"] == "dawbridge"


def test_health(page):
    health = page.get("/api/health")
    assert health["folders"][0]["free_bytes"] > 0
    assert (health["pictures_bytes"], health["ledger_trouble"]) == (0, "")
