"""The automation in a MIDI file beside a bounce, by the user's own bindings."""

from pathlib import Path

from dawbridge.knobs.automation import Automation


def read_automation_beside(file: Path) -> Automation:
    """The automation in a MIDI file. Raises `DawbridgeError`."""
    from dawbridge.surfaces.midi.bindings_file import bindings_path, read
    from dawbridge.surfaces.midi.song import read_automation  # mido: only if there is such a file

    return read_automation(file, read(bindings_path()).effective)
