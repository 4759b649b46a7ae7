"""Reads a standard MIDI file of controller lanes as an automation."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import mido

from dawbridge.errors import ControlError
from dawbridge.knobs.automation import AUTOMATABLE, Automation
from dawbridge.knobs.parameters import PARAMETERS
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding, pairs
from dawbridge.surfaces.midi.decode import Decoder
from dawbridge.surfaces.midi.events import ControlEvent, Moved
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S
from dawbridge.surfaces.midi.relative import Encoding

LIMIT_BYTES = 2**20
_PATTERNS = 2
_FRAME_RATES = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}

_Points = dict[str, list[tuple[float, float]]]


def read_automation(path: Path, bindings: tuple[Binding, ...] = DEFAULT_BINDINGS) -> Automation:
    """The controllers of a MIDI file as lanes, as `bindings` have them on whatever port; tick 0 is the bounce's start.

    Endless encoders have no position and are left out. The division may be SMPTE's (frames and ticks a frame).
    Raises `ControlError` for a file that is not MIDI, is of type 2, is larger than 1 MiB or cannot be read.
    """
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise ControlError(f"{path}: a MIDI file of more than 1 MiB; leave the controller lanes, delete the rest")
        song = mido.MidiFile(path)
        if song.type == _PATTERNS:
            raise ControlError(f"{path}: a MIDI file of type 2, whose tracks are independent; export it as type 0 or 1")
        decoder, points = Decoder(pairs(bindings)), _Points()
        for now_s, message in _timed(song):
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


def _timed(song: mido.MidiFile) -> Iterator[tuple[float, mido.Message]]:
    """The messages of all tracks with their times in seconds.

    Source: MIDI 1.0, Standard MIDI Files: a negative upper byte of the division is frames a second (29: 29.97, drop
    frame), the lower one ticks a frame; tempo then means nothing.
    """
    now_s = 0.0
    if song.ticks_per_beat > 0:
        for message in song:
            now_s += message.time
            yield now_s, message
        return
    frames_a_second, ticks_a_frame = -(song.ticks_per_beat >> 8), song.ticks_per_beat & 0xFF
    if frames_a_second not in _FRAME_RATES or not ticks_a_frame:
        raise ControlError(
            f"{song.filename}: its time is counted in {frames_a_second} frames a second of {ticks_a_frame} ticks; "
            f"allowed are {', '.join(map(str, _FRAME_RATES))} frames a second; export it again"
        )
    rate_hz = _FRAME_RATES[frames_a_second] * ticks_a_frame
    for message in mido.merge_tracks(song.tracks):
        now_s += message.time / rate_hz
        yield now_s, message


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
