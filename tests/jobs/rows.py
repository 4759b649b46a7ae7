"""The ledger of a replay: rows in memory, as the database would have them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from dawbridge.engine.music import TempoKey
from dawbridge.events import JobState
from dawbridge.files.stamp import Stamp
from dawbridge.jobs import effects
from dawbridge.jobs.record import JobRecord, stamp_columns
from dawbridge.knobs.takes import Takes


@dataclass
class Rows:
    """The ledger: what was stored, and nothing else, survives a crash."""

    jobs: dict[int, JobRecord] = field(default_factory=dict)
    takes: dict[int, Takes] = field(default_factory=dict)
    claims: dict[str, Path] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    last_id: int = 0

    def store(self, effect):
        match effect:
            case effects.Add(job_id, path, state):
                assert job_id not in self.jobs, "an id was given twice"
                self.jobs[job_id] = JobRecord(job_id, path, "", state, None, "", {}, "", "", "", "", False, 0.0)
            case effects.Save(job_id, fields):
                self._save(job_id, dict(fields))
            case effects.SaveTakes(job_id, takes):
                self.takes[job_id] = takes
            case effects.Claim(name, path):
                self.claims[name] = path
            case effects.Remove(job_id, whole_file):
                path = self.jobs[job_id].path if job_id in self.jobs else None
                gone = [each for each, row in self.jobs.items() if each == job_id or (whole_file and row.path == path)]
                for each in gone:
                    del self.jobs[each]
            case effects.Move(job_id, old, new, stems, stamp, names):
                for each, row in list(self.jobs.items()):
                    if row.path == old:
                        self.jobs[each] = replace(row, path=new)
                moved = replace(self.jobs[job_id], acapella=stems[0], instrumental=stems[1], stamp=stamp)
                self.jobs[job_id] = moved
                self.claims |= dict.fromkeys(names, new)

    def _save(self, job_id, fields):
        if "size" in fields:
            size, modified, inode, changed = (fields.pop(name) for name in stamp_columns(None))
            fields["stamp"] = Stamp(size, modified, inode, changed) if size >= 0 else None
        if "tempo_key" in fields:
            fields["tempo_key"] = TempoKey.of(fields["tempo_key"])
        if "rendering" in fields:
            fields["rendering"] = bool(fields["rendering"])
        if job_id in self.jobs:
            self.jobs[job_id] = replace(self.jobs[job_id], **fields)
            if fields.get("state") is JobState.DONE:
                self.finished.append(job_id)
