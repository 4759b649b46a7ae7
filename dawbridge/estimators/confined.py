"""Imports a file from elsewhere in a process of its own, with bounded memory and time.

Readers of such files are written in C and believe more than they should: a checkpoint of a few kilobytes can nest so
deep that it ends whoever reads it, or name a number that takes days to hash; a graph can count for ever. What a file
does there is done to that process alone, and is one line here.
"""

import json
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

from dawbridge.errors import ConfigError, ModelError
from dawbridge.files.part import remove_leftovers

MOST_S = 900.0
"""How long an import may take, in seconds."""
SPARE_BYTES = 4 << 30
TIMES = 6
"""Memory that an import may take: so many times the file, and what is spare."""
_ONNX = ".onnx"
_EXTRAS = {"onnxruntime": "onnx"}

Configuration = Path | Mapping[str, Any] | None
"""The YAML file that belongs to the weights, or what is in it."""


def import_confined(source: Path, target: Path, config: Configuration, licence: str) -> None:
    """Import `source` to `target`. Raises `ModelError`; whatever becomes of it, no half file stays."""
    ours, theirs = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=_work, args=(theirs, source, target, config, licence), daemon=True)
    with ours:
        process.start()
        theirs.close()
        try:
            told = json.loads(ours.recv_bytes()) if ours.poll(MOST_S) else {"problem": _too_long(source)}
        except EOFError:
            process.join()
            told = {"problem": f"{source}: refused: it ended the process that read it ({_end(process.exitcode)})"}
        finally:
            process.kill()
            process.join()
            remove_leftovers(target.parent)
    if "missing" in told:
        extra = _EXTRAS.get(told["missing"], "models")
        raise ModelError(f"weights of this kind need the package {told['missing']}; pip install 'dawbridge[{extra}]'")
    if told["problem"]:
        raise ModelError(told["problem"])


def import_weights(source: Path, target: Path, config: Configuration, licence: str) -> None:
    """Import `source` to `target` in this process. Raises `ModelError`, `ModuleNotFoundError`, `MemoryError`."""
    if isinstance(config, Path):
        from dawbridge.estimators.waveform.configuration import read_configuration

        config = read_configuration(config)
    if source.suffix.lower() == _ONNX:
        from dawbridge.estimators.mdxnet.importing import import_mdxnet

        import_mdxnet(source, target, config, licence)
    else:
        from dawbridge.estimators.waveform.importing import import_separator

        import_separator(source, target, config, licence)


def _work(answer: connection.Connection, source: Path, target: Path, config: Configuration, licence: str) -> None:
    """What the other process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that waits, which ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    told = {"problem": ""}
    try:
        _bound(source)
        import_weights(source, target, config, licence)
    except (ModelError, ConfigError) as error:
        told = {"problem": str(error)}
    except ModuleNotFoundError as error:
        told = {"missing": str(error.name)}
    except MemoryError:
        told = {"problem": f"{source}: refused: reading it takes far more memory than weights of its size need"}
    except Exception as error:  # whatever a reader makes of it
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        told = {"problem": f"{source}: cannot be imported ({reason})"}
    answer.send_bytes(json.dumps(told).encode())


def _bound(source: Path) -> None:
    """Limit this process's memory and time, where the system can."""
    try:
        import resource
    except ImportError:
        return
    most = {resource.RLIMIT_CPU: int(MOST_S)}
    with suppress(OSError):
        most[resource.RLIMIT_DATA] = TIMES * source.stat().st_size + SPARE_BYTES
    for limit, wanted in most.items():
        with suppress(OSError, ValueError):
            _, hard = resource.getrlimit(limit)
            resource.setrlimit(limit, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _too_long(source: Path) -> str:
    return f"{source}: refused: reading it takes longer than {MOST_S:g} s"


def _end(code: int | None) -> str:
    """How a process ended, in a word."""
    if code is None or code >= 0:
        return f"status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
