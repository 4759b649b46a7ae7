import pytest
import torch

from acapellanet.net.transforms import (
    fold,
    frames_needed,
    from_planes,
    istft,
    pad_to_frames,
    stft,
    to_planes,
    unfold,
)


@pytest.mark.parametrize("samples", [1, 127, 128, 1000, 5000])
def test_stft_comes_back(samples: int) -> None:
    audio = torch.randn(2, 2, samples)
    assert torch.allclose(istft(stft(audio, 512, 128), 512, 128, samples), audio, atol=1e-5)


def test_a_frame_is_centred_on_its_hop() -> None:
    audio = torch.zeros(1, 4096)
    audio[0, 1024] = 1.0
    assert int(stft(audio, 512, 128)[0].abs().sum(0).argmax()) == 1024 // 128


def test_fold_takes_one_two_and_four() -> None:
    assert fold(torch.arange(8.0)).tolist() == [0.0, 1.0, 2.5, 5.5]


def test_unfold_puts_values_back() -> None:
    assert unfold(torch.tensor([0.0, 1.0, 2.5, 5.5])).tolist() == [0, 1, 2.5, 2.5, 5.5, 5.5, 5.5, 5.5]


def test_fold_undoes_unfold() -> None:
    folded = torch.randn(3, 5, 1024)
    assert torch.allclose(fold(unfold(folded)), folded, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 1023, 1024, 8191, 8192, 100_000])
def test_frames_are_a_multiple(samples: int) -> None:
    padded = pad_to_frames(torch.zeros(2, samples), 128, 8)
    frames = stft(padded, 512, 128).shape[-1]
    assert frames == frames_needed(samples, 128, 8)
    assert frames % 8 == 0


def test_planes_and_back_lose_only_the_nyquist_bin() -> None:
    spectrum = torch.randn(2, 2, 257, 9, dtype=torch.complex64)
    planes = to_planes(spectrum)
    assert planes.shape == (2, 2, 2, 9, 256)
    back = from_planes(planes)
    assert torch.equal(back[..., :-1, :], spectrum[..., :-1, :])
    assert not back[..., -1, :].any()
