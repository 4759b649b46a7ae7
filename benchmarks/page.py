"""How the page's server bears a thousand idle sockets; against a running daemon: python -m benchmarks.page"""

import argparse
import socket
import time
import urllib.request


def answer_ms(base: str) -> float:
    """How long `/api/state` takes."""
    began = time.perf_counter()
    with urllib.request.urlopen(base + "/api/state", timeout=10) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Print the slowest of ten answers before, and with the sockets open."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9322)
    parser.add_argument("--sockets", type=int, default=1000)
    options = parser.parse_args()
    base = f"http://127.0.0.1:{options.port}"
    before = max(answer_ms(base) for _ in range(10))
    opened = [socket.create_connection(("127.0.0.1", options.port), 10) for _ in range(options.sockets)]
    during = max(answer_ms(base) for _ in range(10))
    for one in opened:
        one.close()
    print(f"slowest of ten answers: {before:.1f} ms; with {options.sockets} idle sockets: {during:.1f} ms")


if __name__ == "__main__":
    main()
