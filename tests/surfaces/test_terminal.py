"""The terminal: what it shows, and that one that nobody reads stops nothing."""

import contextlib
import io
import os
import pty
import termios
import threading

import pytest

from dawbridge.events import Bus, Failed, JobState, Notice, Progress, StateChanged
from dawbridge.surfaces.patient import PatientOutput
from dawbridge.surfaces.terminal import LINES, LiveDisplay, PlainDisplay, Terminal

PATIENCE_S = 10.0


@pytest.fixture
def served():
    """A terminal that serves in its own thread."""
    made = []

    def serve(bus, out):
        terminal = Terminal(bus, out)
        thread = threading.Thread(target=terminal.serve, daemon=True)
        thread.start()
        made.append((terminal, thread))
        return terminal

    yield serve
    for terminal, thread in made:
        terminal.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture
def pipe():
    """Both ends of a pipe, the writer's as a text file."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        yield reader, out
    with contextlib.suppress(OSError):
        os.close(reader)


def test_all_is_shown_by_the_time_it_is_closed():
    bus, out = Bus(), io.StringIO()
    terminal = Terminal(bus, out)
    bus.publish(StateChanged(1, JobState.QUEUED, "/bounces/song.wav"))
    bus.publish(Notice("a line"))
    thread = threading.Thread(target=terminal.serve)
    thread.start()
    bus.publish(Progress(1, 0.5))
    terminal.close()
    thread.join(PATIENCE_S)
    assert out.getvalue().splitlines() == ["[1] song.wav: queued", "a line", "[1] song.wav: 50%"]


@pytest.mark.parametrize("display", [PlainDisplay, LiveDisplay])
def test_names_that_a_terminal_would_obey_are_shown_escaped(display):
    out = io.StringIO()
    shown = display(out)
    shown(StateChanged(1, JobState.QUEUED, "/bounces/\x1b[2J[red]\ndone.wav"))
    shown(Progress(1, 0.5))
    shown(Failed(1, "unreadable", "/bounces/\x1b[2J\n[7] song.wav: done"))
    shown.close()
    assert r"[1] \x1b[2J[red]\ndone.wav: queued" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue() and "\n[7]" not in out.getvalue()


def test_what_was_said_before_it_served_is_shown_even_if_it_never_does():
    bus, out = Bus(), io.StringIO()
    terminal = Terminal(bus, out)
    bus.publish(Notice("no such folder"))
    terminal.close()
    assert out.getvalue() == "no such folder\n"


def test_a_pipe_that_nobody_reads_stops_nobody_and_says_later_what_is_missing(served, pipe):
    reader, out = pipe
    bus = Bus()
    served(bus, out)
    for number in range(3 * LINES):
        bus.publish(Notice(f"{number:6} " + "x" * 60))  # far more than a pipe holds
    bus.publish(Notice("the last"))
    read = b""
    while b"the last" not in read:
        read += os.read(reader, 65536)
    lines = read.decode().splitlines()
    gaps = [line for line in lines if "are missing here" in line]
    assert gaps
    assert sum(int(gap.split()[0]) for gap in gaps) + len(lines) - len(gaps) == 3 * LINES + 1


def test_a_reader_that_leaves_ends_nothing(served, pipe):
    reader, out = pipe
    bus = Bus()
    terminal = served(bus, out)
    os.close(reader)
    for _ in range(100):
        bus.publish(Notice("x" * 1000))
    terminal.close()
    bus.publish(Notice("still there"))


@pytest.mark.filterwarnings("ignore:This process")
def test_a_terminal_that_was_stopped_ends_with_the_program(served):
    master, slave = pty.openpty()
    termios.tcflow(slave, termios.TCOOFF)  # Ctrl-S
    bus = Bus()
    with os.fdopen(slave, "w", encoding="utf-8") as out:
        terminal = served(bus, out)
        for _ in range(1000):
            bus.publish(Notice("x" * 100))
        terminal.close()
    os.close(master)


def test_patience_ends_when_it_is_told_to(pipe):
    _, out = pipe
    patient = PatientOutput(out)
    patient.write("y" * 1_000_000)
    patient.give_up(0.0)
    patient.flush()
    assert not patient.isatty()
    assert patient.encoding == "utf-8"
