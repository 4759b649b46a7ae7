"""A graphics card at work: `make gpu`, on a machine with Python, torch, numpy and safetensors alone.

Device against processor for both networks, how many times real time the network and the whole way from samples to
samples run, an hour of audio in a stream, its memory, and the energy it takes. Every figure is written to OUT as soon
as it is known, so that a machine that goes away loses nothing. It also runs on the CPU, with fewer and shorter parts.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from acapellanet.estimate.inference import context_samples, prepare
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate
from acapellanet.net.transforms import pad_to_frames, stft, to_planes
from acapellanet.net.weights import load_network

RATE = 44100
WEIGHTS = Path(__file__).resolve().parents[1] / "model/acapellanet/weights"
MODELS = ("acapellanet-full", "acapellanet-small")
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
PIECE_S = 24.0
BATCHES = (1, 4, 16, 64)


@dataclass(slots=True)
class Report:
    """Rows that are written to disk one by one."""

    out: Path
    until: float
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, **more: object) -> None:
        """Keep and show one figure."""
        self.rows.append({"what": what, "value": value, "unit": unit, **more})
        details = ", ".join(f"{key} {value}" for key, value in more.items())
        print(f"{value:12.4g} {unit:<14} {what}{f' ({details})' if details else ''}", flush=True)
        (self.out / "gpu.json").write_text(json.dumps(self.rows, indent=1), encoding="utf-8")
        lines = ["| value | unit | what | |", "|---|---|---|---|"]
        for row in self.rows:
            rest = ", ".join(f"{key} {row[key]}" for key in row if key not in ("what", "value", "unit"))
            lines.append(f"| {row['value']:.4g} | {row['unit']} | {row['what']} | {rest} |")
        (self.out / "gpu.md").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until


def made_song(seconds: float, seed: int = 0) -> Tensor:
    """Make up `[2, samples]`: a gliding voice in the middle, chords at the sides, noise on a beat."""
    generator = torch.Generator().manual_seed(seed)
    time_s = torch.arange(int(seconds * RATE)) / RATE
    pitch_hz = 220 * 2 ** (0.5 * torch.sin(0.9 * time_s) + 0.02 * torch.sin(33 * time_s))
    phase = 2 * torch.pi * torch.cumsum(pitch_hz.double() / RATE, 0)
    voice = sum(torch.sin(k * phase).float() / k for k in range(1, 24)) * (0.5 + 0.5 * torch.sin(2.1 * time_s))
    chord = [sum(torch.sin(2 * torch.pi * hz * d * time_s) for hz in (131, 165, 196)) for d in (1.0, 1.003)]
    noise = torch.randn(2, len(time_s), generator=generator) * torch.exp(-20 * torch.remainder(time_s, 0.5))
    return 0.12 * (voice.expand(2, -1) + torch.stack(chord) + noise)  # type: ignore[union-attr]


def synchronized(device: torch.device) -> float:
    """Wait for the device, and tell the time."""
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()
    return time.monotonic()


def seconds_of(run: Callable[[], object], device: torch.device, least_s: float = 1.0) -> float:
    """Measure how long a call takes, over at least `least_s` after two to warm up."""
    run()
    run()
    calls, began = 0, synchronized(device)
    while True:
        run()
        calls += 1
        if (now := synchronized(device)) - began > least_s:
            return (now - began) / calls


def compare(report: Report, name: str, network: AcapellaNet, device: torch.device, seconds: float) -> None:
    """Compare the device in each precision with the processor in float32."""
    song = made_song(seconds)
    truth = separate(prepare(network, torch.device("cpu")), song)
    on_device, there = prepare(network, device), song.to(device)
    for title, precision in PRECISIONS.items():
        if report.late or (device.type == "cpu" and precision == torch.float16):
            return
        vocals = separate(on_device, there, precision).cpu()
        error = (vocals - truth).square().mean().clamp_min(1e-20) / truth.square().mean()
        report.add(
            f"{name}, {title}: error against the CPU's float32",
            float(10 * error.log10()),
            "dB",
            worst_sample=f"{float((vocals - truth).abs().max()):.1e}",
        )


def throughput(report: Report, name: str, network: AcapellaNet, device: torch.device, seconds: float) -> None:
    """Measure the network alone and the whole way on the device, from one piece at a time to many."""
    on_device, config = prepare(network, device), network.config
    song = made_song(seconds).to(device)
    precision = torch.bfloat16 if device.type != "cpu" else torch.float32
    for batch in BATCHES if device.type != "cpu" else BATCHES[:1]:
        if report.late:
            return
        try:
            pieces = song.expand(batch, -1, -1).contiguous()
            padded = pad_to_frames(pieces, config.hop_samples, config.time_stride_frames)
            planes = to_planes(stft(padded, config.fft_samples, config.hop_samples))
            with torch.inference_mode(), torch.autocast(device.type, precision, enabled=device.type != "cpu"):
                features = on_device.features(planes)
                alone_s = seconds_of(lambda f=features: on_device.masks(f), device)  # type: ignore[misc]
                graph = graph_of(on_device, features, device)
                graph_s = seconds_of(graph, device) if graph else None
            whole_s = seconds_of(lambda p=pieces: separate(on_device, p, precision), device)  # type: ignore[misc]
        except torch.OutOfMemoryError:
            report.add(f"{name}: does not fit", batch, "pieces")
            return
        audio_s = batch * seconds
        kind = str(precision).removeprefix("torch.")
        report.add(f"{name}, {kind}: network alone", audio_s / alone_s, "x real time", batch=batch)
        if graph_s:
            report.add(f"{name}, {kind}: network alone, CUDA graph", audio_s / graph_s, "x real time", batch=batch)
        report.add(f"{name}, {kind}: samples to samples on the device", audio_s / whole_s, "x real time", batch=batch)


def graph_of(network: AcapellaNet, features: Tensor, device: torch.device) -> Callable[[], None] | None:
    """Record the network as a CUDA graph, where there is CUDA."""
    if device.type != "cuda":
        return None
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(2):
            network.masks(features)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        network.masks(features)
    replay: Callable[[], None] = graph.replay
    return replay


def pieces_of(samples: int, core: int, context: int) -> Iterator[tuple[int, int]]:
    """Yield where each piece of a stream begins and ends, its context included."""
    for start in range(0, samples, core):
        yield max(0, start - context), min(samples, start + core + context)


def hour(report: Report, name: str, network: AcapellaNet, device: torch.device, seconds: float) -> None:
    """Separate an hour in pieces with context: memory to device and back by pinned buffers, copies beside the work."""
    on_device, config = prepare(network, device), network.config
    context = context_samples(config)
    core = int(PIECE_S * RATE) // config.alignment_samples * config.alignment_samples
    song = made_song(60.0)
    whole = song.repeat(1, max(1, round(seconds / 60)))
    out = torch.empty_like(whole)
    on_gpu = device.type == "cuda"
    precision = torch.bfloat16 if device.type != "cpu" else torch.float32
    group = 16 if on_gpu else 1
    length = core + 2 * context
    host = [torch.empty(group, 2, length, pin_memory=on_gpu) for _ in range(2)]
    back = [torch.empty(group, 2, length, pin_memory=on_gpu) for _ in range(2)]
    streams = [torch.cuda.Stream() for _ in range(2)] if on_gpu else []
    spans = list(pieces_of(whole.shape[1], core, context))
    groups = [spans[first : first + group] for first in range(0, len(spans), group)]
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    waiting: dict[int, list[tuple[int, int]]] = {}

    def collect(turn: int) -> None:
        if on_gpu:
            streams[turn].synchronize()
        for row, (start, stop) in enumerate(waiting.pop(turn, [])):
            first = start if start == 0 else start + context
            last = stop if stop == whole.shape[1] else stop - context
            out[:, first:last] = back[turn][row, :, first - start : last - start]

    with Power(device) as power:
        began = synchronized(device)
        for number, spans_of_group in enumerate(groups):
            turn = number % 2
            collect(turn)
            host[turn].zero_()
            for row, (start, stop) in enumerate(spans_of_group):
                host[turn][row, :, : stop - start] = whole[:, start:stop]
            with torch.cuda.stream(streams[turn]) if on_gpu else contextlib.nullcontext():
                there = host[turn].to(device, non_blocking=True)
                back[turn].copy_(separate(on_device, there, precision), non_blocking=True)
            waiting[turn] = spans_of_group
            power.sample()
        collect(0)
        collect(1)
        took_s = synchronized(device) - began
    audio_s = whole.shape[1] / RATE
    memory_mib = torch.cuda.max_memory_allocated() / 2**20 if on_gpu else 0.0
    report.add(
        f"{name}: {audio_s / 60:.0f} minutes streamed, memory to memory",
        audio_s / took_s,
        "x real time",
        device_memory=f"{memory_mib:.0f} MiB",
    )
    if power.joules:
        report.add(f"{name}: energy", power.joules / audio_s, "kJ per hour", watts=f"{power.joules / took_s:.0f}")


class Power:
    """Energy between entering and leaving, if the device tells its power."""

    def __init__(self, device: torch.device) -> None:
        self.joules = 0.0
        self._device, self._last = device, 0.0

    def __enter__(self) -> "Power":
        self._last = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.sample()

    def sample(self) -> None:
        """Read the power, which stands for the time since it was read last."""
        if self._device.type != "cuda":
            return
        try:
            watts = torch.cuda.power_draw() / 1000
        except (RuntimeError, ModuleNotFoundError, OSError):
            return
        now = time.monotonic()
        self.joules += watts * (now - self._last)
        self._last = now


def main() -> int:
    """Measure, and write `gpu.json` and `gpu.md`."""
    parser = argparse.ArgumentParser(description="Measure what a graphics card makes of the networks.")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder for gpu.json and gpu.md (default: gpu)")
    parser.add_argument("--seconds", type=float, default=480.0, help="time to spend at most (default: 480)")
    parser.add_argument("--device", help="cuda, mps or cpu (default: what is there)")
    options = parser.parse_args()
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(options.device or found)
    options.out.mkdir(parents=True, exist_ok=True)
    report = Report(options.out, time.monotonic() + options.seconds)
    title = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    print(f"{title}, torch {torch.__version__}", flush=True)
    report.rows.append(
        {"what": title, "value": float(device.type != "cpu"), "unit": "accelerated", "torch": torch.__version__}
    )
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
    on_cpu = device.type == "cpu"
    for name in MODELS:
        network = load_network(WEIGHTS / f"{name}.safetensors")
        parts = (
            (compare, 4.0 if on_cpu else 30.0),
            (throughput, 4.0 if on_cpu else PIECE_S),
            (hour, 60.0 if on_cpu else 3600.0),
        )
        for part, seconds in parts:
            if not report.late:
                part(report, name, network, device, seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
