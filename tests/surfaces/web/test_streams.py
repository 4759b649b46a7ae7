"""What an open page is told, and what it can say."""

from dawbridge.events import Done, JobState, MidiLearned, Notice, Progress, StateChanged
from dawbridge.surfaces.web.api.memory import JobMemory


def listen(page, act, *wanted, path="/api/events"):
    """The first message of each of the types `wanted` that comes after `act(stream)`."""

    async def ask(session):
        async with session.ws_connect(path) as stream:
            first = await stream.receive_json()
            assert first["type"] == "snapshot"
            await act(stream)
            found = {}
            while set(wanted) - found.keys():
                message = await stream.receive_json()
                found.setdefault(message["type"], message)
            return first, *(found[name] for name in wanted)

    return page.run(ask)


async def nothing(_stream):
    return


def test_first_comes_everything(page):
    job_id = page.job()
    (first,) = listen(page, nothing)
    assert [job["id"] for job in first["jobs"]] == [job_id]
    assert first["state"]["queue"] == 0
    assert len(first["parameters"]) > 10
    assert first["presets"]


def test_a_job_s_way_is_told(page):
    job_id = page.job()

    async def act(_stream):
        page.rig.bus.publish(StateChanged(job_id, JobState.RUNNING, "song.wav"))
        page.rig.bus.publish(Progress(job_id, 0.5))
        page.rig.bus.publish(Done(job_id, "a", "b", 1.5, float("-inf")))
        page.rig.bus.publish(Notice("a line"))
        page.rig.bus.publish(MidiLearned("mask_depth", "nano", 1, 7, "absolute"))

    _, job, progress, stems, notice, midi = listen(page, act, "job", "progress", "stems", "notice", "midi")
    assert (job["id"], job["name"]) == (job_id, "song.wav")
    assert (progress["id"], progress["fraction"]) == (job_id, 0.5)
    assert sorted(stems["versions"]) == ["acapella", "instrumental", "mixture"]
    assert all(stems["versions"].values())
    assert notice["text"] == "a line"
    assert (midi["what"], midi["parameter"], midi["number"]) == ("learned", "mask_depth", 7)
    row = page.get(f"/api/jobs/{job_id}")
    assert (row["seconds"], row["null_db"]) == (1.5, "-inf")


def test_values_come_with_their_origin_and_state_follows(page):
    async def act(_stream):
        page.rig.deck.load(page.rig.deck.presets.names()[0])
        page.rig.store.set("acapella_gain", -27.0, "osc:127.0.0.1:9000")

    _, value, state, preset = listen(page, act, "value", "state", "preset")
    assert value["address"].startswith("/dawbridge/")
    assert (preset["what"], preset["index"]) == ("loaded", 1)
    assert state["preset"]["index"] == 1


def test_a_page_turns_a_knob_and_knows_its_own_move(page):
    async def act(stream):
        await stream.send_json({"id": 7, "address": "/dawbridge/mask/depth", "arguments": [0.25]})

    _, reply, value = listen(page, act, "reply", "value", path="/api/events?client=tab1")
    assert (reply["id"], reply["ok"]) == (7, True)
    assert (value["raw"], value["origin"]) == (0.25, "page:tab1")
    assert page.rig.store.get("mask_depth") == 0.25


def test_page_osc_and_page_are_in_step(page):
    client = page.rig.client().subscribe()

    async def act(stream):
        await stream.send_json({"address": "/dawbridge/acapella/gain/raw", "arguments": [-12]})

    listen(page, act, "value")
    assert client.wait_for("/dawbridge/acapella/gain/raw") == (-12.0,)
    client.send("/dawbridge/mask/floor/raw", -40.0)
    client.synced()
    (floor,) = [row for row in page.get("/api/parameters") if row["name"] == "mask_floor"]
    assert floor["raw"] == -40.0


def test_nonsense_is_answered_and_harms_nothing(page):
    async def act(stream):
        for text in ("", "{", "[]", "5", '{"address": 5}', "[" * 10_000):
            await stream.send_str(text)
        await stream.send_json({"id": 1, "address": "/dawbridge/nowhere"})
        for _ in range(6):
            assert (await stream.receive_json())["type"] == "error"

    _, error = listen(page, act, "error")
    assert (error["code"], error["id"]) == ("unknown_address", 1)


def test_a_forgotten_job_is_told(page):
    job_id = page.job()

    async def act(stream):
        await stream.send_json({"address": "/dawbridge/job/forget", "arguments": [job_id]})

    _, job = listen(page, act, "job")
    assert (job["id"], job["removed"]) == (job_id, True)


def test_seconds_left_and_seconds_taken_are_remembered():
    memory = JobMemory()
    memory.note(StateChanged(1, JobState.RUNNING, "a"))
    memory.note(Progress(1, 0.25, 30.0))
    assert memory.of(1).eta_s == 30.0
    memory.note(Done(1, "", "", 12.0))
    assert (memory.of(1).eta_s, memory.of(1).seconds) == (None, 12.0)


def test_the_server_ends_while_pages_are_open(page):
    async def ask(session):
        stream = await session.ws_connect("/api/events")
        await stream.receive_json()
        page.server.close()
        async for _ in stream:
            pass
        return stream.closed

    assert page.run(ask)


def test_who_hears_nothing_else_hears_that_the_connection_is_there(page, monkeypatch):
    monkeypatch.setattr("dawbridge.surfaces.web.api.streams.BEAT_S", 0.05)
    _, beat = listen(page, nothing, "beat")
    assert beat == {"type": "beat"}
