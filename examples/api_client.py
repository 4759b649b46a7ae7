"""Separate a file through a running `dawbridge watch FOLDER` and fetch its acapella. The standard library alone.

python api_client.py song.wav acapella.wav
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

BASE = "http://127.0.0.1:9322"
PATIENCE_S = 600


def ask(method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
    """One request; its answer."""
    headers = {"Content-Type": kind} if body is not None else {}
    with urllib.request.urlopen(urllib.request.Request(BASE + path, body, headers, method=method)) as answer:
        return bytes(answer.read())


def main(song: Path, target: Path) -> int:
    """Upload, wait, turn no knob, fetch. 1 if it was refused or failed."""
    try:
        name = urllib.parse.quote(song.name)
        put = json.loads(ask("PUT", f"/api/upload/0/{name}", song.read_bytes(), "application/octet-stream"))
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            job = next((job for job in json.loads(ask("GET", "/api/jobs")) if job["file"] == put["path"]), None)
            if job and job["state"] in ("failed", "cancelled", "stalled"):
                print(f"{job['state']}: {job['message']}", file=sys.stderr)
                return 1
            if job and job["state"] == "done":
                target.write_bytes(ask("GET", f"/api/jobs/{job['id']}/audio/acapella?as=wav"))
                print(f"{target}: {job['duration_s']:.1f} s, model {job['model']}")
                return 0
            time.sleep(0.5)  # a program that stays reads /api/events instead
        print(f"not done after {PATIENCE_S} s", file=sys.stderr)
    except urllib.error.HTTPError as error:
        print(json.load(error)["error"]["message"], file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
