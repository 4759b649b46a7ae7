"""Turn a knob from Python and hear what comes of it, while `dawbridge watch FOLDER` runs.

python python_client.py mask/strength 0.5
"""

import argparse

from dawbridge.surfaces.osc.client import OscClient

ANSWER_S = 3.0
RENDER_S = 60.0


def main() -> int:
    """Set one knob, print what it was and is, then the stems that were rendered again. 1 where nothing answers."""
    options = _options()
    address = f"/dawbridge/{options.knob}"
    with OscClient(options.port) as heard, OscClient(options.port) as hand:
        try:
            heard.send("/dawbridge/subscribe")
            (before,) = heard.wait_for(f"{address}/str", ANSWER_S)  # every value comes once, then every change
        except (TimeoutError, ConnectionRefusedError):
            print(
                f"no answer for {address} on UDP port {options.port}: is dawbridge running, and the knob's name right?"
            )
            return 1
        hand.send(address, options.position)  # from a port of its own: what a subscriber turns itself is not told to it
        try:
            (now,) = heard.wait_for(f"{address}/str", ANSWER_S)
            print(f"{address}: {before} -> {now}")
            job, acapella, instrumental, seconds = heard.wait_for("/dawbridge/job/done", RENDER_S)
            print(f"job {job}, {seconds:.2f} s: {acapella}, {instrumental}")
        except TimeoutError as error:
            print(f"{error}: the knob stood there already, or no bounce is done yet")
        finally:
            heard.send("/dawbridge/unsubscribe")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("knob", help="mask/strength, center/amount, acapella/gain ...")
    parser.add_argument("position", type=float, help="0..1")
    parser.add_argument("--port", type=int, default=9320, help="[9320]")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
