"""A standard MIDI file of controller lanes as an automation."""

from pathlib import Path

from dawbridge.automation import AUTOMATABLE, Automation
from dawbridge.control.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.control.midi.decode import Control, Kind
from dawbridge.errors import ControlError
from dawbridge.parameters import PARAMETERS

LIMIT_BYTES = 2**20


def read_automation(path: Path, bindings: tuple[Binding, ...] = DEFAULT_BINDINGS) -> Automation:
    """The controllers of a MIDI file as lanes, on any channel, as `bindings` have them; tick 0 is the bounce's start.

    Raises `ControlError` for what is no MIDI file, is beyond 1 MiB or cannot be read.
    """
    import mido

    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise ControlError(f"{path}: a MIDI file of more than 1 MiB; leave the controller lanes, delete the rest")
        song = mido.MidiFile(path)
        points: dict[str, list[tuple[float, float]]] = {}
        now_s = 0.0
        for message in song:
            now_s += message.time
            if message.type == "control_change":
                _take(points, now_s, Control(Kind.CC, message.channel, message.control), message.value, bindings)
    except ControlError:
        raise
    except OSError as error:
        raise ControlError(f"{path}: not readable as a MIDI file ({error}); export it again") from error
    except Exception as error:  # mido raises what it comes upon: KeyError, ValueError, IndexError, EOFError, ...
        raise ControlError(f"{path}: not a whole MIDI file ({type(error).__name__}); export it again") from error
    return Automation.of(points)


def _take(
    points: dict[str, list[tuple[float, float]]],
    now_s: float,
    control: Control,
    value: int,
    bindings: tuple[Binding, ...],
) -> None:
    for binding in bindings:
        if binding.target in AUTOMATABLE and binding.matches(control):
            raw = PARAMETERS[binding.target].denormalize(binding.position(value))
            points.setdefault(binding.target, []).append((now_s, raw))
