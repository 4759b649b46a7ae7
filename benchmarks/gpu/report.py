"""The figures of a run: each is shown and written to disk as soon as it is known, so that none is lost."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Report:
    """Rows that are written to `gpu.json` and `gpu.md` one by one."""

    out: Path
    until: float
    """When the time is over, by `time.monotonic`."""
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, **more: object) -> None:
        """Keep and show one figure."""
        self.rows.append({"what": what, "value": value, "unit": unit, **more})
        details = ", ".join(f"{key} {value}" for key, value in more.items())
        print(f"{value:12.4g} {unit:<14} {what}{f' ({details})' if details else ''}", flush=True)
        plain = [
            {key: None if item != item else item for key, item in row.items()} for row in self.rows
        ]  # JSON has no NaN
        (self.out / "gpu.json").write_text(json.dumps(plain, indent=1), encoding="utf-8")
        lines = ["| value | unit | what | |", "|---|---|---|---|"]
        for row in self.rows:
            rest = ", ".join(f"{key} {row[key]}" for key in row if key not in ("what", "value", "unit"))
            lines.append(f"| {row['value']:.4g} | {row['unit']} | {row['what']} | {rest} |")
        (self.out / "gpu.md").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def skip(self, what: str, why: str) -> None:
        """Keep and show what could not be measured."""
        self.add(what, float("nan"), "not measured", why=why)

    @property
    def left_s(self) -> float:
        """Time left, in seconds; negative if it is over."""
        return self.until - time.monotonic()
