"""What the scheduler wants stored, as SQL."""

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from dawbridge.files.stamp import Stamp
from dawbridge.jobs.database import Statement
from dawbridge.jobs.effects import Add, Claim, Move, Remove, Save, SaveTakes, Stored
from dawbridge.jobs.record import kept, stamp_columns
from dawbridge.knobs import takes_json

_TEXTS = ("acapella", "instrumental", "message", "preset")


def statements(effect: Stored) -> list[Statement]:
    """The statements of one effect."""
    now = time.time()
    match effect:
        case Add(job_id, path, state):
            row = (job_id, kept(path), str(state), now)
            return [
                ("INSERT INTO jobs(id, path, state, updated) VALUES (?, ?, ?, ?)", row),
                _history(job_id, state, now),
            ]
        case Save(job_id, fields):
            return _save(job_id, fields, now)
        case SaveTakes(job_id, takes):
            return [("INSERT OR REPLACE INTO automations VALUES (?, ?)", (job_id, json.dumps(takes_json.plain(takes))))]
        case Claim(name, path):
            return [_claim(name, path)]
        case Remove(job_id, whole_file):
            return _forget(job_id) if whole_file else list(remove_jobs([job_id], claims=False))
        case Move():
            return _move(effect)


def begin_root(root: Path, baseline: Mapping[Path, Stamp]) -> Iterable[Statement]:
    """Remember a folder, and the files in it that are not to be done."""
    sql = "INSERT OR REPLACE INTO baseline(path, size, mtime_ns, inode, changed_ns) VALUES (?, ?, ?, ?, ?)"
    for path, stamp in baseline.items():
        yield sql, (kept(path), *stamp_columns(stamp).values())
    yield "INSERT OR IGNORE INTO roots VALUES (?, ?)", (kept(root), time.time())


def remove_jobs(ids: Iterable[int], *, claims: bool = True) -> Iterable[Statement]:
    """Remove jobs; with `claims`, the names too that no job's file has any more."""
    for job_id in ids:
        yield "DELETE FROM jobs WHERE id = ?", (job_id,)
        yield "DELETE FROM history WHERE job_id = ?", (job_id,)
        yield "DELETE FROM automations WHERE job = ?", (job_id,)
    if claims:
        yield "DELETE FROM claims WHERE path NOT IN (SELECT path FROM jobs)", ()


def _save(job_id: int, fields: Mapping[str, object], now: float) -> list[Statement]:
    columns = dict(fields)
    if "settings" in columns:
        columns["settings"] = json.dumps(columns["settings"])
    if "tempo_key" in columns:
        columns["tempo_key"] = json.dumps(columns["tempo_key"])
    columns |= {name: kept(str(columns[name])) for name in _TEXTS if name in columns}
    if "state" in columns:
        columns["state"] = str(columns["state"])
    names = ", ".join(f"{name} = ?" for name in columns)
    saved: Statement = (f"UPDATE jobs SET {names}, updated = ? WHERE id = ?", (*columns.values(), now, job_id))
    return [saved, _history(job_id, str(columns["state"]), now)] if "state" in columns else [saved]


def _forget(job_id: int) -> list[Statement]:
    path = "(SELECT path FROM jobs WHERE id = ?)"
    same = f"(SELECT id FROM jobs WHERE path = {path})"
    return [
        (f"DELETE FROM baseline WHERE path = {path}", (job_id,)),
        (f"DELETE FROM history WHERE job_id IN {same}", (job_id,)),
        (f"DELETE FROM automations WHERE job IN {same}", (job_id,)),
        (f"DELETE FROM jobs WHERE path = {path}", (job_id,)),
    ]


def _move(move: Move) -> list[Statement]:
    """The job's columns first, so that it is right even if its path was the same."""
    columns = {"acapella": kept(move.stems[0]), "instrumental": kept(move.stems[1]), **stamp_columns(move.stamp)}
    names = ", ".join(f"{name} = ?" for name in columns)
    moved: list[Statement] = [(f"UPDATE jobs SET {names} WHERE id = ?", (*columns.values(), move.job_id))]
    if move.old != move.new:
        moved += [
            ("UPDATE jobs SET path = ? WHERE path = ?", (kept(move.new), kept(move.old))),
            ("DELETE FROM baseline WHERE path = ?", (kept(move.new),)),
            ("DELETE FROM claims WHERE path = ?", (kept(move.old),)),
        ]
    return moved + [_claim(name, move.new) for name in move.names]


def _claim(name: str, path: Path) -> Statement:
    return "INSERT OR REPLACE INTO claims VALUES (?, ?)", (kept(name), kept(path))


def _history(job_id: int, state: str, now: float) -> Statement:
    return "INSERT INTO history(job_id, at, state) VALUES (?, ?, ?)", (job_id, now, str(state))
