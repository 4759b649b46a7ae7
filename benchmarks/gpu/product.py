"""End to end, by the product's own way: a bounce on disk is decoded, estimated, rendered and written."""

import tempfile
from functools import partial
from pathlib import Path

import soundfile
import torch

from benchmarks.gpu.device import Energy, synchronized
from benchmarks.gpu.network import made_song
from benchmarks.gpu.report import Report
from dawbridge.engine.analysis import AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.separate import separate
from dawbridge.errors import Cancelled
from dawbridge.estimators.model import Model
from dawbridge.knobs.parameters import complete

FIRST_S = {"cpu": 12, "mps": 60, "cuda": 60}
"""Length of the bounce that tells how long a longer one would take, in seconds."""
BLOCK_S, HOUR_S = 12, 3600


def end_to_end(report: Report, model: Model, device: str, share_s: float) -> None:
    """Separate a short bounce, then an hour or as much of it as `share_s` seconds suffice for."""
    engine = Engine(model.name, device)
    engine.warm()
    try:
        rate = _separated(report, engine, device, FIRST_S[device])
        longest_s = min(HOUR_S, 0.7 * rate * min(share_s, report.left_s))
        if longest_s >= 2 * FIRST_S[device]:
            _separated(report, engine, device, int(longest_s) // BLOCK_S * BLOCK_S)
    except Cancelled:
        report.skip(f"{model.name}: end to end", "the time is over")
    for note in engine.notes:
        report.skip(f"{model.name}: a note", note)


def _separated(report: Report, engine: Engine, device: str, seconds: int) -> float:
    """Separate a bounce of so many seconds, a multiple of 12; returns how many times real time that was."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "song.wav"
        block = made_song(BLOCK_S).clamp(-1, 1).T.contiguous().numpy()
        with soundfile.SoundFile(source, "w", 44100, 2, "PCM_24") as file:
            for _ in range(seconds // BLOCK_S):
                file.write(block)
        if device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        energy = Energy(device)
        before, began = energy.joules(), synchronized(device)
        job = SeparationJob(source, folder / "acapella", folder / "instrumental", complete({}))
        result = separate(job, engine, AnalysisCache(folder / "cache"), partial(_in_time, report))
        took_s = synchronized(device) - began
        after = energy.joules()
    title = f"{engine.model}: {seconds} seconds end to end, file to files"
    more = {"network": f"{result.network_s:.2f} s", "all": f"{took_s:.2f} s", "device": engine.device}
    if device == "cuda":
        more["device_memory"] = f"{_peak_bytes(engine) / 2**20:.0f} MiB"
    report.add(title, seconds / took_s, "x real time", **more)
    if before is not None and after is not None:
        watts = (after - before) / took_s
        report.add(f"{engine.model}: energy", (after - before) * 3.6 / seconds, "kJ an hour", watts=f"{watts:.0f}")
    return seconds / took_s


def _in_time(report: Report, _: float) -> None:
    """Stop a separation if the time is over."""
    if report.left_s < 0:
        raise Cancelled


def _peak_bytes(engine: Engine) -> int:
    """Most memory of the card that was in use at once: each batch starts torch's own count again."""
    return max(max(analyser.peak_bytes for _, analyser in engine.parts), torch.cuda.max_memory_allocated())
