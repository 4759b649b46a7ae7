"""Reads a standard MIDI file of controller lanes as an automation."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from dawbridge.errors import ControlError
from dawbridge.knobs.automation import AUTOMATABLE, Automation
from dawbridge.knobs.parameters import PARAMETERS
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding, pairs
from dawbridge.surfaces.midi.decode import Decoder
from dawbridge.surfaces.midi.events import ControlEvent, Moved
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S
from dawbridge.surfaces.midi.relative import Encoding

LIMIT_BYTES = 2**20

_Points = dict[str, list[tuple[float, float]]]


def read_automation(path: Path, bindings: tuple[Binding, ...] = DEFAULT_BINDINGS) -> Automation:
    """The controllers of a MIDI file as lanes, as `bindings` have them on whatever port; tick 0 is the bounce's start.

    Endless encoders have no position and are left out.
    Raises `ControlError` for a file that is not MIDI, is larger than 1 MiB or cannot be read.
    """
    import mido

    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise ControlError(f"{path}: a MIDI file of more than 1 MiB; leave the controller lanes, delete the rest")
        song = mido.MidiFile(path)
        decoder, points = Decoder(pairs(bindings)), _Points()
        now_s = 0.0
        for message in song:
            now_s += message.time
            if not message.is_meta:
                _take_late(points, now_s, decoder, bindings)
                _take(points, now_s, decoder.feed(message, now_s), bindings)
        _take_late(points, float("inf"), decoder, bindings)
    except ControlError:
        raise
    except OSError as error:
        raise ControlError(f"{path}: not readable as a MIDI file ({error}); export it again") from error
    except Exception as error:  # mido raises whatever it runs into: KeyError, ValueError, IndexError, EOFError, ...
        raise ControlError(f"{path}: not a whole MIDI file ({type(error).__name__}); export it again") from error
    return Automation.of(points)


def _take_late(points: _Points, now_s: float, decoder: Decoder, bindings: Sequence[Binding]) -> None:
    """Add 14-bit values of which only one half came, each at the time of that half."""
    while (due_s := decoder.deadline_s) <= now_s and due_s < float("inf"):
        _take(points, due_s - PAIR_WAIT_S, decoder.flush(due_s), bindings)


def _take(
    points: _Points,
    now_s: float,
    events: Sequence[ControlEvent],
    bindings: Sequence[Binding],
) -> None:
    moves = [event for event in events if isinstance(event, Moved)]
    for move, binding in product(moves, bindings):
        is_lane = binding.target in AUTOMATABLE and binding.encoding is Encoding.ABSOLUTE
        if is_lane and binding.matches(move.control):
            raw = PARAMETERS[binding.target].denormalize(binding.position(move.value))
            points.setdefault(binding.target, []).append((now_s, raw))
