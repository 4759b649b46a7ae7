import numpy as np
import pytest

from acapellanet.data import augment

from ..conftest import RATE, tone, wide_noise


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def pitch_hz(mono: np.typing.NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono))))
    return float(spectrum.argmax() * RATE / len(mono))


def test_reading_at_every_sample_is_the_identity() -> None:
    audio = wide_noise(0.1)
    assert np.allclose(augment.resample_at(audio, np.arange(audio.shape[1])), audio, atol=1e-6)


def test_an_octave_up() -> None:
    positions = augment.positions_for(np.full(RATE, 12.0))
    assert pitch_hz(augment.resample_at(tone(300, 2.1), positions)[0]) == pytest.approx(600, abs=3)


def test_beyond_the_end_is_silence() -> None:
    audio = augment.resample_at(np.ones((2, 10), dtype=np.float32), np.arange(30.0))
    assert audio.shape == (2, 30)
    assert not audio[:, 12:].any()


def test_melody_stays_in_reach_and_moves() -> None:
    for seed in range(20):
        curve = augment.melody(np.random.default_rng(seed), RATE)
        assert curve.shape == (RATE,)
        assert -13 < curve.min() <= curve.max() < 11
        assert np.abs(np.diff(curve)).max() < 0.1


@pytest.mark.parametrize(
    "effect",
    [
        augment.chop,
        augment.double,
        augment.drive,
        augment.place,
        augment.spread,
        augment.formants,
        augment.harmony,
        augment.compress,
        augment.telephone,
        augment.throw,
    ],
)
def test_effects_keep_shape_and_are_finite(effect: object) -> None:
    audio = tone(300, 0.5)
    out = effect(random(), audio)  # type: ignore[operator]
    assert out.shape == audio.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()


def test_chopping_repeats_syllables_on_a_beat_and_leaves_gaps() -> None:
    audio = np.stack([np.random.default_rng(1).standard_normal(6 * RATE).astype(np.float32)] * 2)
    repeated = gaps = 0
    for seed in range(10):
        out = augment.chop(np.random.default_rng(seed), audio)
        spectrum = np.abs(np.fft.rfft(out[0], 2 * out.shape[1])) ** 2
        alike = np.fft.irfft(spectrum)[: RATE // 2]
        repeated += alike[RATE // 20 :].max() > 0.2 * alike[0]
        gaps += np.abs(out[0]).reshape(-1, RATE // 20).max(1).min() == 0
    assert repeated >= 7 and gaps >= 5


def test_chopping_what_is_shorter_than_a_syllable() -> None:
    assert augment.chop(random(), wide_noise(0.01)).shape == wide_noise(0.01).shape


def test_shape_with_and_without_room() -> None:
    audio = tone(300, 0.5)
    for chance in (0.0, 1.0):
        out = augment.shape(random(), audio, 6.0, chance)
        assert out.shape == audio.shape
        assert np.isfinite(out).all()


def test_effects_on_silence_are_silent() -> None:
    silence = np.zeros((2, 5000), dtype=np.float32)
    for effect in (augment.double, augment.drive, augment.place, augment.spread):
        assert not effect(random(), silence).any()
    assert augment.rms(silence) == 0.0


def test_rms_hears_the_loud_parts() -> None:
    audio = np.zeros((2, 44100), dtype=np.float32)
    audio[:, :4410] = 0.5
    assert augment.rms(audio) == pytest.approx(0.5)


def test_the_same_seed_the_same_sound() -> None:
    first, second = (augment.shape(random(), tone(300, 0.2), 6.0, 1.0) for _ in range(2))
    assert np.array_equal(first, second)


def test_spread_keeps_the_energy_and_parts_the_channels() -> None:
    audio = wide_noise(0.5)[:1].repeat(2, axis=0)
    out = augment.spread(random(), audio)
    assert augment.rms(out) == pytest.approx(augment.rms(audio), rel=0.1)
    assert augment.rms(out[:1] - out[1:]) > 0.2 * augment.rms(out)


def test_width_of_nothing_is_mono() -> None:
    mono = augment.widen(wide_noise(0.1), 0.0)
    assert np.array_equal(mono[0], mono[1])
    assert np.allclose(augment.widen(wide_noise(0.1), 1.0), wide_noise(0.1), atol=1e-6)
