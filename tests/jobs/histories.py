"""Random histories of a daemon, and how a replay goes through them."""

from hypothesis import strategies as st

from dawbridge.files import sightings
from dawbridge.jobs import inputs
from dawbridge.knobs.parameters import DEFAULTS, PARAMETERS, Stage
from tests.jobs.replay import ROOT

PATHS = [ROOT / f"{name}.wav" for name in "abcd"]
SOUND = [name for name in DEFAULTS if PARAMETERS[name].stage is not Stage.CONTROL]
KNOBS = ["mask_depth", "mask_strength", "center_width"]

paths = st.sampled_from(PATHS)
bounces = st.tuples(st.just("bounce"), paths, st.text("xyz", min_size=1, max_size=4))
knobs = st.tuples(st.just("turn"), st.sampled_from(KNOBS), st.sampled_from([0.1, 0.2, 0.3, 0.4]))
waits = st.tuples(st.just("wait"), st.sampled_from([0.01, 0.06, 0.2, 1.5]))
engine = st.sampled_from([("finish", ""), ("finish", ""), ("finish", "unreadable"), ("finish", "disk"), ("lose",)])
others = st.one_of(
    st.tuples(st.just("settling"), paths),
    st.tuples(st.just("delete"), paths),
    st.tuples(st.sampled_from(["cancel", "rerender", "retry"]), st.integers(1, 6)),
    st.tuples(st.just("switch"), st.sampled_from(["live_enable", "watch_enable"]), st.sampled_from([0.0, 1.0])),
)
histories = st.lists(st.one_of(bounces, bounces, knobs, waits, engine, others), min_size=8, max_size=40)


def play(replay, move):
    """One thing that happens."""
    match move:
        case ("bounce", path, content):
            replay.bounce(path, content)
        case ("settling", path):
            if path in replay.files:
                replay.step(sightings.Settling(path))
                replay.step(sightings.Settled(path))
        case ("delete", path):
            if replay.files.pop(path, None):
                replay.step(sightings.Gone(path))
        case ("turn" | "switch", name, value):
            replay.turn(name, value)
        case ("wait", seconds):
            replay.tick(seconds)
        case ("finish", code):
            replay.finish(code)
        case ("lose",):
            replay.lose()
        case ("focus", job_id):
            replay.ask(inputs.Focus(job_id))
        case ("cancel", job_id):
            replay.ask(inputs.Cancel(job_id))
        case ("rerender", job_id):
            replay.ask(inputs.Rerender(job_id))
        case ("retry", job_id):
            replay.ask(inputs.Retry(job_id))


def come_to_rest(replay):
    """Everything is switched on, the engine works, time passes."""
    for name in ("live_enable", "watch_enable"):
        replay.turn(name, 1.0)
    replay.settle()


def latest(replay, path):
    rows = [row for row in replay.rows.jobs.values() if row.path == path]
    return max(rows, key=lambda row: row.id) if rows else None
