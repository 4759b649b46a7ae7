import numpy as np
import pytest

from acapellanet.voices.singer import Throat, sing, someone


def test_the_pitch_is_the_one_asked_for() -> None:
    voice = sing((220.0,), 2.0, 2.0, 0.0, np.random.default_rng(1))[22050 : 22050 + 44100]
    spectrum = np.abs(np.fft.rfft(voice * np.hanning(voice.size)))
    assert spectrum[150:300].argmax() + 150 == pytest.approx(220, abs=3)


def test_a_smaller_mouth_is_brighter() -> None:
    def middle_hz(scale: float) -> float:
        voice = sing((200.0,), 1.0, 1.0, 0.0, np.random.default_rng(1), Throat(formant_scale=scale))
        power = np.abs(np.fft.rfft(voice[10000:30000])) ** 2
        return float((power * np.arange(power.size)).sum() / power.sum() * 44100 / 20000)

    assert middle_hz(1.3) > 1.1 * middle_hz(0.85)


def test_anyone_sings_in_full_length_and_like_nobody_before() -> None:
    voices = [someone(np.random.default_rng(seed), 30000) for seed in range(8)]
    assert all(voice.shape == (30000,) and np.isfinite(voice).all() for voice in voices)
    assert all(np.abs(voice).max() == pytest.approx(1.0, abs=0.4) for voice in voices)
    assert not np.allclose(voices[0], voices[1])
