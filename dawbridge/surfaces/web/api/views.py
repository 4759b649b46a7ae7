"""Jobs, parameters and presets as JSON: what the routes answer and the stream of events carries."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dawbridge.events import JobState
from dawbridge.jobs.ledger import JobRecord, Ledger
from dawbridge.knobs.parameters import TABLE, Parameter, ParameterStore
from dawbridge.knobs.presets import Preset
from dawbridge.knobs.takes import Takes
from dawbridge.surfaces.web.api.facts import UNKNOWN, AudioFacts, FactsShelf, version_of
from dawbridge.surfaces.web.api.memory import Remembered
from dawbridge.surfaces.web.api.wav import VirtualWav

Json = dict[str, Any]

STEMS = ("mixture", "acapella", "instrumental")
"""What can be listened to, by the names in the addresses."""


def stem_path(record: JobRecord, stem: str) -> Path | None:
    """The file of a job's mixture or stem, if the job has one."""
    found = {"mixture": str(record.path), "acapella": record.acapella, "instrumental": record.instrumental}[stem]
    return Path(found) if found else None


def job_row(record: JobRecord, remembered: Remembered, shelf: FactsShelf, has_automation: bool) -> Json:
    """One job as a list shows it. What is not known is null."""
    facts = next((known for path in record.stems if (known := shelf.of(path)) is not UNKNOWN), UNKNOWN)
    if facts is UNKNOWN:
        facts = shelf.of(record.path)
    is_running = record.state is JobState.RUNNING
    return {
        "id": record.id,
        "file": _text(record.path),
        "name": _text(record.path.name),
        "state": str(record.state),
        "progress": remembered.fraction if is_running or record.state is JobState.DONE else 0.0,
        "eta_s": remembered.eta_s,
        "seconds": remembered.seconds,
        "null_db": _null_db(remembered, facts),
        "rate_hz": facts.sample_rate or None,
        "channels": facts.channels or None,
        "duration_s": facts.duration_s,
        "model": facts.model,
        "preset": record.preset,
        **_tempo_key(record),
        "acapella": _text(record.acapella),
        "instrumental": _text(record.instrumental),
        "message": _text(remembered.message or record.message),
        "code": remembered.code or record.code,
        "updated": record.updated,
        "automation": has_automation,
        "rendering": record.rendering,
    }


def automation(takes: Takes) -> Json:
    """A bounce's automation."""
    return {
        "lanes": takes.automation.plain(),
        "takes": [
            {"number": take.number, "from_s": take.span_s[0], "to_s": take.span_s[1],
             "knobs": list(take.names)}
            for take in takes.kept
        ],
        "undoable": len(takes.past),
        "redoable": len(takes.undone),
    }  # fmt: skip


def job_details(record: JobRecord, row: Json, ledger: Ledger, shelf: FactsShelf) -> Json:
    """One job with its settings, its history and its files."""
    return {
        **row,
        "settings": {name: _parameter(_ROWS[name], raw) for name, raw in record.settings.items() if name in _ROWS},
        "history": [{"at": at, "state": state} for at, state in ledger.history(record.id)],
        "stems": [_stem(record.id, stem, path, shelf) for stem in STEMS if (path := stem_path(record, stem))],
    }


def parameters(store: ParameterStore) -> list[Json]:
    """The table of parameters with its values now."""
    values = store.snapshot()
    return [
        {
            "name": row.name, "address": row.address, "low": row.low, "high": row.high, "default": row.default,
            "unit": row.unit, "curve": str(row.curve), "stage": str(row.stage), "help": row.help,
            "allowed": row.allowed, "off": row.off, "default_position": row.normalize(row.default),
            **_parameter(row, values[row.name]),
        }
        for row in TABLE
    ]  # fmt: skip


def value_event(row: Parameter, raw: float, origin: str) -> Json:
    """A parameter's new value."""
    return {"type": "value", "name": row.name, "address": row.address, "origin": origin, **_parameter(row, raw)}


def preset_row(index: int, preset: Preset) -> Json:
    """One preset, number `index` from 1."""
    return {
        "index": index,
        "name": preset.name,
        "description": preset.description,
        "shipped": preset.shipped,
        "problems": [str(problem) for problem in preset.problems],
        "values": dict(preset.values),
    }


_ROWS: Mapping[str, Parameter] = {row.name: row for row in TABLE}


def _parameter(row: Parameter, raw: float) -> Json:
    """`raw` is the value in the parameter's own unit."""
    return {"value": raw, "raw": raw, "position": row.normalize(raw), "text": row.display(raw)}


def _stem(job_id: int, stem: str, path: Path, shelf: FactsShelf) -> Json:
    facts, version = shelf.of(path), version_of(path)
    try:
        size = path.stat().st_size if version else None
    except OSError:
        size = None
    return {
        "name": stem,
        "path": _text(path),
        "exists": bool(version),
        "size": size,
        "version": version,
        "url": f"/api/jobs/{job_id}/audio/{stem}?v={version}",
        "rate_hz": facts.sample_rate or None,
        "channels": facts.channels or None,
        "frames": facts.frames or None,
    }


def wav_layout(wav: VirtualWav) -> Json:
    """Where the samples are in the virtual WAV, for players that fetch them by spans."""
    return {"header_bytes": len(wav.header), "frame_bytes": wav.frame_bytes, "subtype": wav.subtype, "size": wav.size}


def _tempo_key(record: JobRecord) -> Json:
    """As they were estimated; null if they are not known, or not sure."""
    found = record.tempo_key
    sure = found is not None and bool(found.key_text)
    return {
        "bpm": float(found.bpm_text) if found is not None and found.bpm_text else None,
        "key": found.key_text if found is not None and sure else None,
        "camelot": found.key.camelot if found is not None and found.key is not None and sure else None,
    }


def _null_db(remembered: Remembered, facts: AudioFacts) -> float | str | None:
    """In dB; "-inf" for a null that is exact bit for bit, which JSON has no number for."""
    found = remembered.null_db if remembered.null_db is not None else facts.null_db
    return "-inf" if found is not None and math.isinf(found) else found


def _text(path: Path | str) -> str:
    """A name that JSON can carry: bytes that are not UTF-8 become question marks."""
    return str(path).encode("utf-8", "replace").decode()
