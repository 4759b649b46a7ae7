"""A JACK server without a sound card, and what the tests do with it."""

import os
import shutil
import subprocess
import time

import pytest

PATIENCE_S = 30
SERVER = f"dawbridge-test-{os.getpid()}"
TOOLS = ("jackd", "jack_lsp", "jack_connect", "jack_midiseq", "jack_midi_clock", "jack_transport", "csound")
CC_20_IS_32 = """<CsoundSynthesizer>
<CsOptions>
-odac -+rtaudio=jack -+rtmidi=jack -Qdawbridge:in -d
</CsOptions>
<CsInstruments>
sr = 48000
ksmps = 64
nchnls = 1
instr 1
  if metro(20) == 1 then
    midiout 176, 1, 20, 32
  endif
endin
</CsInstruments>
<CsScore>
i 1 0 600
</CsScore>
</CsoundSynthesizer>
"""

CC_7_SWEEPS = CC_20_IS_32.replace(
    "midiout 176, 1, 20, 32", "kValue = (kValue + 3) % 128\n    midiout 176, 1, 7, kValue"
)
CC_7_SWEEPS = CC_7_SWEEPS.replace("instr 1\n", "instr 1\n  kValue init 20\n")


def need(*tools):
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        refuse = pytest.fail if os.environ.get("DAWBRIDGE_CLIENTS") == "required" else pytest.skip
        refuse(f"not installed: {', '.join(missing)}")


def wait_until(answer, work=lambda: time.sleep(0.02)):
    """Does `work` until `answer()` is true; fails after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not answer():
        assert time.monotonic() < deadline, "no answer"
        work()


def jack_ports():
    answer = subprocess.run(["jack_lsp"], capture_output=True, text=True)
    return answer.stdout.split("\n") if answer.returncode == 0 else None


def are_connected(source, *targets):
    """Whether what `source` sends reaches all of `targets`."""
    answer = subprocess.run(["jack_lsp", "-c", source], capture_output=True, text=True)
    return set(targets) <= {line.strip() for line in answer.stdout.split("\n")}


def send_cc(start, folder, text=CC_20_IS_32):
    score = folder / "cc.csd"
    score.write_text(text)
    return start("csound", str(score), cwd=folder)
