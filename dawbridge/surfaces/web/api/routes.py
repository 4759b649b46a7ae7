"""The table of HTTP routes: address, method, help, parameters. The server's routes and openapi.json come out of it."""

from dataclasses import dataclass
from typing import Any

JOB_STATES = ("settling", "queued", "running", "done", "failed", "cancelled", "stalled")
STEMS = ("mixture", "acapella", "instrumental")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, in the path if the path names it, else in the query."""

    name: str
    type: str
    """`integer`, `number` or `string`."""
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One row."""

    method: str
    path: str
    handler: str
    """Name of the method of `Api` that answers."""
    help: str
    fields: tuple[Field, ...] = ()
    body: str = ""
    """Name of the schema of its JSON body, or a media type."""
    answers: str = "application/json"
    """Media type of a good answer."""
    status: int = 200


_ID = Field("id", "integer", "the job's number", 1)
_STEM = Field("stem", "string", "which of the three", choices=STEMS)
_VERSION = Field("v", "string", "the stem's version, from the job's `stems`; the answer may be cached for ever then")

ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/openapi.json", "openapi", "this description"),
    Route("GET", "/api/state", "state", "what dawbridge does: queue, focus, preset, morph, recording, folders, surfaces"),
    Route("GET", "/api/health", "health", "versions, folders and their room, the cache of pictures, what is connected, and what `dawbridge doctor` finds"),
    Route("GET", "/api/jobs", "jobs", "jobs, the newest first", (
        Field("limit", "integer", "how many at most", 1, 500),
        Field("before", "integer", "only jobs with a lower number: the next page", 1),
        Field("state", "string", "only jobs in this state", choices=JOB_STATES),
    )),
    Route("POST", "/api/jobs", "submit", "separate a file inside a watched folder", body="Submission", status=201),
    Route("GET", "/api/jobs/{id}", "job", "one job with settings, history and stems", (_ID,)),
    Route("GET", "/api/jobs/{id}/audio/{stem}", "audio", "audio, by ranges; as=wav: always as a WAV with a plain header", (
        _ID, _STEM, _VERSION, Field("as", "string", "wav", choices=("wav",)),
    ), answers="audio/wav"),
    Route("GET", "/api/jobs/{id}/audio/{stem}/layout", "layout", "where the samples are in the audio that as=wav gives", (_ID, _STEM)),
    Route("GET", "/api/jobs/{id}/peaks/{stem}", "peaks", "lowest and highest sample of each of some points", (
        _ID, _STEM, _VERSION,
        Field("points", "integer", "how many points", 1, 8192),
        Field("start", "integer", "first sample", 0), Field("stop", "integer", "sample after the last", 1),
    )),
    Route("GET", "/api/jobs/{id}/spectrogram/{stem}", "grid", "how many tiles there are at which level", (_ID, _STEM)),
    Route("GET", "/api/jobs/{id}/spectrogram/{stem}/{axis}/{level}/{tile}.png", "tile", "256 columns of a spectrogram, level 0 every 20 ms, each next half as many", (
        _ID, _STEM, Field("axis", "string", "of frequency", choices=("log", "linear")),
        Field("level", "integer", "0: the finest", 0, 23), Field("tile", "integer", "from 0", 0), _VERSION,
    ), answers="image/png"),
    Route("POST", "/api/jobs/{id}/reveal", "reveal", "show the job's stem, or its bounce, in this computer's file manager; only for a page on this computer", (_ID,)),
    Route("GET", "/api/jobs/{id}/automation", "automation", "the job's automation (seconds and values by parameter), its takes, and how much can be undone", (_ID,)),
    Route("PUT", "/api/jobs/{id}/automation", "automate", "replace the job's automation, and render it again", (_ID,), body="Automation"),
    Route("PUT", "/api/upload/{folder}/{name}", "upload", "put a file into a watched folder; none is ever replaced", (
        Field("folder", "integer", "number of the folder in `/api/state`, from 0", 0),
        Field("name", "string", "the file's name"),
    ), body="application/octet-stream", status=201),
    Route("POST", "/api/command", "command", "any command or knob, as over OSC", body="Command"),
    Route("GET", "/api/parameters", "parameters", "all knobs: ranges, units, help, values"),
    Route("GET", "/api/presets", "presets", "all presets and what they set"),
    Route("GET", "/api/events", "events", "a WebSocket: a snapshot, then everything that changes, as JSON", answers="application/json"),
)  # fmt: skip


def field_schema(field: Field) -> dict[str, Any]:
    """JSON schema of a parameter."""
    schema: dict[str, Any] = {"type": field.type}
    if field.low is not None:
        schema["minimum"] = field.low
    if field.high is not None:
        schema["maximum"] = field.high
    if field.choices:
        schema["enum"] = list(field.choices)
    return schema
