"""Puts finished stems onto new tracks of a running Live set, through AbletonOSC.

python live_stems.py

Needs Live 12.0.5 or newer with the remote script AbletonOSC, and one word in AbletonOSC's `abletonosc/clip_slot.py`:
`"create_audio_clip"` in the list `methods`. Live offers it, AbletonOSC does not pass it on by itself.
"""

import argparse
from pathlib import Path

from dawbridge.surfaces.osc.client import OscClient

LIVE_PORT, ANSWER_PORT = 11000, 11001
ANSWER_S = 3.0


class Live:
    """A running Live set."""

    def __init__(self, client: OscClient) -> None:
        """`client` sends to AbletonOSC and listens on the port that it answers to, 11001."""
        self._client = client
        self._tracks: dict[str, int] = {}

    def put(self, path: Path) -> int:
        """The file as the first clip of a track of its own, the same track when it comes again; its index, from 0.

        Raises `TimeoutError` where AbletonOSC does not answer, `RuntimeError` where it did not load the file.
        """
        track = self._tracks.get(str(path))
        if track is None:
            track = self._tracks[str(path)] = self._new_track(path.stem)
        else:
            self._send(
                "/live/clip_slot/delete_clip", track, 0
            )  # Live keeps what it has loaded: a new clip reads it again
        self._send("/live/clip_slot/create_audio_clip", track, 0, str(path))
        if not self._ask("/live/clip_slot/get/has_clip", track, 0)[-1]:
            raise RuntimeError(f"Live did not load {path}: is create_audio_clip in AbletonOSC's clip_slot.py?")
        self._send("/live/clip/set/warping", track, 0, 0)
        return track

    def _new_track(self, name: str) -> int:
        self._send("/live/song/create_audio_track", -1)
        (count,) = self._ask("/live/song/get/num_tracks")
        self._send("/live/track/set/name", count - 1, name)
        return int(count) - 1

    def _send(self, address: str, *values: object) -> None:
        self._client.send(address, *values)

    def _ask(self, address: str, *values: object) -> tuple[object, ...]:
        self._send(address, *values)
        return self._client.wait_for(address, ANSWER_S)


def main() -> int:
    """Hear of finished bounces until Ctrl-C; with `--once` until the first. 1 where something did not answer."""
    options = _options()
    with OscClient(options.port) as bridge, OscClient(options.live_port, listen=options.answer_port) as answers:
        live = Live(answers)
        bridge.send("/dawbridge/subscribe", bridge.port, "/dawbridge/job/done")
        try:
            bridge.wait_for("/dawbridge/subscribed", ANSWER_S)
            print("waiting for bounces; Ctrl-C ends it", flush=True)
            while True:
                _, *stems, _ = bridge.wait_for("/dawbridge/job/done", options.patience)
                for stem in filter(None, stems):
                    print(f"track {live.put(Path(stem)) + 1}: {stem}", flush=True)
                if options.once:
                    return 0
        except (TimeoutError, RuntimeError) as error:
            print(f"{error}; are dawbridge and Live with AbletonOSC running?")
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            bridge.send("/dawbridge/unsubscribe", bridge.port)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9320, help="dawbridge's port [9320]")
    parser.add_argument("--live-port", type=int, default=LIVE_PORT, help=f"AbletonOSC's port [{LIVE_PORT}]")
    parser.add_argument("--answer-port", type=int, default=ANSWER_PORT, help=f"where it answers [{ANSWER_PORT}]")
    parser.add_argument("--once", action="store_true", help="end after the first bounce")
    parser.add_argument("--patience", type=float, default=86400.0, help="seconds to wait for a bounce [a day]")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
