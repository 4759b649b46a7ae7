"""The models themselves: device against processor, how fast they are, and what of it is the network alone."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from acapellanet.estimate.inference import prepare
from acapellanet.net.network import AcapellaNet
from acapellanet.net.transforms import pad_to_frames, stft, to_planes
from acapellanet.net.weights import load_network
from benchmarks.gpu.device import seconds_of
from benchmarks.gpu.report import Report
from dawbridge.engine.device import is_out_of_memory
from dawbridge.estimators.model import LoadRequest, Model, batch_of
from dawbridge.estimators.overlap_add import SegmentGrid

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
BATCHES = (1, 2, 4, 8, 16, 32, 64)


def made_song(seconds: float, rate: int = 44100) -> Tensor:
    """Make up `[2, samples]`: a gliding voice in the middle, chords at the sides, noise on a beat."""
    generator = torch.Generator().manual_seed(0)
    time_s = torch.arange(int(seconds * rate)) / rate
    pitch_hz = 220 * 2 ** (0.5 * torch.sin(0.9 * time_s) + 0.02 * torch.sin(33 * time_s))
    phase = 2 * torch.pi * torch.cumsum(pitch_hz.double() / rate, 0)
    voice = torch.stack([torch.sin(k * phase).float() / k for k in range(1, 24)]).sum(0)
    voice *= 0.5 + 0.5 * torch.sin(2.1 * time_s)
    chord = [sum(torch.sin(2 * torch.pi * hz * d * time_s) for hz in (131, 165, 196)) for d in (1.0, 1.003)]
    noise = torch.randn(2, len(time_s), generator=generator) * torch.exp(-20 * torch.remainder(time_s, 0.5))
    return 0.12 * (voice.expand(2, -1) + torch.stack(chord) + noise)  # type: ignore[arg-type]


def compare(report: Report, model: Model, device: str, seconds: float) -> None:
    """Compare the device in each precision with the processor in float32."""
    on_cpu = model.load(LoadRequest("cpu", precision="float32"))
    song = _piece(on_cpu.streaming, on_cpu.sample_rate, seconds)
    truth = batch_of(on_cpu)(song[None])[0].cpu()
    for precision in PRECISIONS:
        if report.left_s < 0:
            return
        title = f"{model.name}, {precision}: error against the CPU's float32"
        try:
            estimate = batch_of(model.load(LoadRequest(device, precision=precision)))
            vocals = estimate(song[None].to(device))[0].float().cpu()
        except RuntimeError as error:
            report.skip(title, _brief(error))
            continue
        error_energy = (vocals - truth).square().mean().clamp_min(1e-20)
        error_db = 10 * (error_energy / truth.square().mean().clamp_min(1e-20)).log10()
        report.add(title, float(error_db), "dB", worst_sample=f"{float((vocals - truth).abs().max()):.1e}")


def throughput(report: Report, model: Model, device: str, seconds: float) -> None:
    """Measure samples to samples on the device, from one piece at a time to as many as fit."""
    for precision in PRECISIONS if device != "cpu" else ("float32",):
        estimator = model.load(LoadRequest(device, precision=precision))
        rate, estimate = estimator.sample_rate, batch_of(estimator)
        song = _piece(estimator.streaming, rate, seconds)
        for batch in BATCHES if device != "cpu" else BATCHES[:1]:
            if report.left_s < 0:
                return
            pieces = song.expand(batch, -1, -1).contiguous().to(device)
            title = f"{model.name}, {precision}: samples to samples on the device"
            _rate(report, title, partial(estimate, pieces), device, batch, song, rate)
            if device == "cuda" and torch.cuda.max_memory_allocated() > 0.5 * torch.cuda.mem_get_info()[1]:
                break


def network_alone(report: Report, model: Model, device: str, seconds: float) -> None:
    """Measure the network of dawbridge's own models without transforms; on CUDA as a graph too."""
    if model.weights is None or not model.name.startswith("acapellanet"):
        return
    loaded = load_network(model.weights)
    network, config = prepare(loaded, torch.device(device)), loaded.config
    song = made_song(seconds).to(device)
    padded = pad_to_frames(song[None], config.hop_samples, config.time_stride_frames)
    with torch.inference_mode():
        one = network.features(to_planes(stft(padded, config.fft_samples, config.hop_samples)))
    for name in PRECISIONS if device != "cpu" else ("float32",):
        for batch in (1, 4, 16) if device != "cpu" else (1,):
            if report.left_s < 0:
                return
            features = one.expand(batch, -1, -1, -1).contiguous()
            title, kind = f"{model.name}, {name}: network alone", PRECISIONS[name]
            with torch.inference_mode(), torch.autocast(device, kind, enabled=name != "float32", cache_enabled=False):
                _rate(report, title, partial(network.masks, features), device, batch, song, config.sample_rate)
                if device == "cuda" and batch == 1:
                    graph = _graph_of(network, features)
                    _rate(report, f"{title}, CUDA graph", graph, device, batch, song, config.sample_rate)


def _graph_of(network: AcapellaNet, features: Tensor) -> Callable[[], None]:
    """Record the network as a CUDA graph."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
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


def _rate(
    report: Report, title: str, run: Callable[[], object], device: str, batch: int, song: Tensor, rate: int
) -> None:
    """Report how many times real time `run` is, and its peak memory; or why it cannot run."""
    on_cuda = device == "cuda"
    if on_cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        took_s = seconds_of(run, device, 0.5)
    except RuntimeError as error:
        report.skip(title, f"batch {batch}: {'does not fit' if is_out_of_memory(error) else _brief(error)}")
        return
    memory = {"device_memory": f"{torch.cuda.max_memory_allocated() / 2**20:.0f} MiB"} if on_cuda else {}
    report.add(title, batch * song.shape[1] / rate / took_s, "x real time", batch=batch, **memory)


def _piece(streaming: object, rate: int, seconds: float) -> Tensor:
    """A song as long as a segment of the model, or as `seconds` if it takes any length."""
    length_s = streaming.segment_samples / rate if isinstance(streaming, SegmentGrid) else seconds
    return made_song(length_s, rate)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
