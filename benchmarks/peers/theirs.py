"""The peers' side, in their environment and a process for each: python -m benchmarks.peers.theirs PEER FOLDER REPORT.

Each network has its true shape and random weights, and no weights are ever fetched. Each is run as its package runs
it; what is written are a voice and what is left, as dawbridge writes them.
"""

import sys
import tempfile
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import soundfile
import torch
from torch import Tensor, nn

from benchmarks.peers.children import Separation
from benchmarks.peers.reporting import quickest, write_report

RATE = 44100


@dataclass(frozen=True, slots=True)
class Peer:
    """A network, and the way from a file to two stems in a folder."""

    network: nn.Module
    separate: Callable[[Path, Path], None]
    how: str
    share_s: float | None = None
    """How much of a song `separate` does, in seconds; None: all of it."""


def open_unmix() -> Peer:
    """Open-Unmix's default model umxl, asked for the voice and the rest, with the package's own Wiener filter.

    The package imports torchaudio, and uses it to resample and to read and write files; an empty module stands in.
    """
    sys.modules["torchaudio"] = types.ModuleType("torchaudio")
    import openunmix
    from openunmix.predict import separate as predict

    separator = openunmix.umxl(targets=["vocals"], residual=True, pretrained=False)
    separator.freeze()

    def separate(song: Path, folder: Path) -> None:
        stems = predict(audio=_read(song), rate=RATE, separator=separator)
        _write(folder, *(stems[name][0] for name in ("vocals", "residual")))

    return Peer(separator, separate, "openunmix: umxl, vocals and residual, one pass of the Wiener filter")


def ht_demucs() -> Peer:
    """HT Demucs as its command line runs it with `--two-stems vocals`: all four stems, three of which are added."""
    from demucs_infer.api import Separator
    from demucs_infer.audio import save_audio
    from demucs_infer.htdemucs import HTDemucs

    stems = ["drums", "bass", "other", "vocals"]

    class Random(Separator):
        """Has a network of htdemucs's shape instead of fetching one."""

        def _load_model(self) -> None:
            self._model = HTDemucs(stems, bottom_channels=512, dconv_mode=3, samplerate=RATE, segment=7.8)
            self._audio_channels, self._samplerate = 2, RATE

    separator = Random(device="cpu")

    def separate(song: Path, folder: Path) -> None:
        _, estimates = separator.separate_audio_file(song)
        save_audio(estimates.pop("vocals"), folder / "vocals.wav", RATE)
        save_audio(sum(estimates.values()), folder / "no_vocals.wav", RATE)

    return Peer(separator.model, separate, "demucs-infer: its defaults, 7.8 s at a time, overlap 0.25, one shift")


def mel_band_roformer() -> Peer:
    """Mel-Band RoFormer in the shape of the vocals model that is passed around, on its first segment alone.

    Its configuration asks for segments of 8 s of which half overlaps, so that each 4 s of a song cost one segment.
    pymss-core has the layers alone: the segments that the others would be are left out, and so is adding them.
    """
    from pymss_core.modules.bs_roformer.mel_band_roformer import MelBandRoformer

    network = MelBandRoformer(
        384, depth=6, stereo=True, num_stems=1, time_transformer_depth=1, freq_transformer_depth=1, num_bands=60,
        dim_head=64, heads=8, mask_estimator_depth=2, mlp_hidden_layers=2, stft_n_fft=2048, stft_hop_length=441,
        stft_win_length=2048, match_input_audio_length=True,
    ).eval()  # fmt: skip

    @torch.inference_mode()
    def separate(song: Path, folder: Path) -> None:
        mixture = _read(song)[:, : 8 * RATE]
        vocals = network(mixture[None])[0]
        vocals = vocals.reshape(2, -1)
        _write(folder, vocals, mixture[:, : vocals.shape[1]] - vocals)

    return Peer(network, separate, "pymss-core: first segment of 8 s, which a song needs every 4 s, scaled", 4.0)


PEERS = {"open-unmix": open_unmix, "ht-demucs": ht_demucs, "mel-band-roformer": mel_band_roformer}


def _read(song: Path) -> Tensor:
    """Read `[2, samples]`."""
    return torch.from_numpy(soundfile.read(song, dtype="float32", always_2d=True)[0].T.copy())


def _write(folder: Path, vocals: Tensor, rest: Tensor) -> None:
    """Write both stems, `[2, samples]` each, in 24 bits."""
    for name, stem in (("vocals", vocals), ("rest", rest)):
        soundfile.write(folder / f"{name}.wav", stem.numpy().T, RATE, subtype="PCM_24")


def main(name: str, folder: Path, report: Path) -> None:
    """Build, warm up, measure, report; what was done of the song in part is scaled to all of it."""
    torch.manual_seed(1)
    peer = PEERS[name]()
    with tempfile.TemporaryDirectory() as stems:
        peer.separate(folder / "warm-up.wav", Path(stems))
        figures = quickest(lambda: peer.separate(folder / "song.wav", Path(stems)))
    scale = soundfile.info(folder / "song.wav").duration / peer.share_s if peer.share_s else 1.0
    wall_s, cpu_s = (scale * figure for figure in figures)
    how = f"{peer.how} by {scale:g}" if peer.share_s else peer.how
    parameters = sum(tensor.numel() for tensor in peer.network.parameters())
    write_report(report, Separation(wall_s, cpu_s, torch.get_num_threads(), parameters, how))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
