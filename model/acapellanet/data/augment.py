"""Make many voices out of few: melody, harmony, formants, chopping, tone, room, drive, dynamics, stereo field.

All functions take and return float32 `[2, samples]` and draw from the generator that they are given.
"""

from itertools import accumulate

import numpy as np
import numpy.typing as npt
import torch

from acapellanet.audio import Samples
from acapellanet.net.transforms import istft, stft
from acapellanet.voices.scales import SCALES

Curve = npt.NDArray[np.float64]
Random = np.random.Generator

RATE_HZ = 44100
FORMANT_FFT, FORMANT_HOP, ENVELOPE_QUEFRENCIES = 1024, 256, 32
ENVELOPE_LIMIT_DB = 24.0
CHOP_SEMITONES = (0, 0, 0, 0, -12, -7, -5, 3, 5, 7, 12)
HARMONY_SEMITONES = (-12, -12, -8, -5, -4, -3, 3, 4, 7, 12)
CODEC_FFT, CODEC_HOP = 2048, 1024


def db(value_db: float) -> float:
    """Convert decibels to a factor of amplitude."""
    return float(10.0 ** (value_db / 20.0))


def rms(audio: Samples) -> float:
    """Compute the RMS of the louder parts: of all blocks of 50 ms, those within 30 dB of the loudest."""
    blocks = audio[:, : audio.shape[1] // 2205 * 2205].reshape(audio.shape[0], -1, 2205)
    power = np.square(blocks).mean((0, 2))
    loud = power[power > power.max(initial=0.0) * 1e-3]
    return float(np.sqrt(loud.mean())) if loud.size else 0.0


def resample_at(audio: Samples, positions: Curve) -> Samples:
    """Read `audio` at fractional `positions` (ascending, in samples) by Catmull-Rom; 0 beyond its end."""
    padded = np.pad(audio, ((0, 0), (1, 3)))
    positions = np.clip(positions, 0, audio.shape[1])
    index = positions.astype(np.int64)
    t = (positions - index).astype(np.float32)
    a, b, c, d = (np.take(padded, index + offset, axis=1) for offset in range(4))
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def positions_for(semitones: Curve) -> Curve:
    """Compute where to read so that the pitch is shifted by `semitones` `[samples]` at each output sample."""
    return np.cumsum(2.0 ** (semitones / 12.0)) - 1.0


def melody(random: Random, samples: int) -> Curve:
    """Make up a melody in semitones `[samples]`: notes of a scale, with glides, and vibrato on most."""
    scale = SCALES[random.integers(len(SCALES))]
    shift = random.uniform(-6.0, 3.0)
    ends, pitches, end = [], [], 0
    while end < samples:
        end += int(RATE_HZ * random.uniform(0.12, 0.9))
        ends.append(end)
        pitches.append(scale[random.integers(len(scale))] - 5.0)
    steps = np.repeat(pitches, np.diff([0, *ends]))[:samples].astype(np.float64)
    glide = int(RATE_HZ * random.uniform(0.02, 0.1))
    padded = np.pad(steps, (glide, 0), mode="edge")
    sums = np.cumsum(padded)
    curve = (sums[glide:] - sums[:-glide]) / glide
    depth = random.uniform(0.15, 0.6) if random.random() < 0.6 else 0.0
    return np.asarray(curve + shift + depth * vibrato(random, samples))


def vibrato(random: Random, samples: int) -> Curve:
    """Make a sine of 4.5 to 6.5 Hz with a peak of 1, which swells and fades slowly."""
    time = np.arange(samples) / RATE_HZ
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(0.2, 0.7) * time + random.uniform(0, 6))
    return np.asarray(swell * np.sin(2 * np.pi * random.uniform(4.5, 6.5) * time))


def tone(random: Random, samples: int, strength_db: float) -> npt.NDArray[np.float32]:
    """Draw an equalizer as gains of the `rfft` bins of `samples`: a tilt, bells, sometimes a low cut."""
    octave = np.linspace(-5.5, 4.5, 200)  # around 1 kHz
    curve = random.normal(0, strength_db / 8) * octave
    for _ in range(3):
        centre, width = random.uniform(-4, 4), random.uniform(0.4, 1.5)
        curve = curve + random.normal(0, strength_db / 2) * np.exp(-(((octave - centre) / width) ** 2))
    if random.random() < 0.4:
        curve = curve - 24 * np.maximum(0, np.log2(random.uniform(80, 250) / 1000) - octave)
    gains = 10.0 ** (np.clip(curve, -40, 15) / 20.0)
    bins = np.arange(samples // 2 + 1, dtype=np.float32)
    return np.interp(bins, 1000 * 2.0**octave * samples / RATE_HZ, gains).astype(np.float32)


def room(random: Random, samples: int) -> npt.NDArray[np.float32]:
    """Draw a stereo impulse response `[2, samples]`: the direct sound, echoes, and decaying noise."""
    decay_s = random.uniform(0.15, 2.2)
    length = min(samples, int(decay_s * RATE_HZ))
    response = random.standard_normal((2, length), dtype=np.float32)
    if random.random() < 0.3:
        response[1] = response[0]
    response[:, 1:] += response[:, :-1] * np.float32(random.uniform(0.0, 1.0))
    response *= np.exp(-6.9 * np.arange(length, dtype=np.float32) / length)
    response *= np.float32(db(random.uniform(-26, -7)) / np.sqrt(np.square(response).sum() / 2 + 1e-9))
    delay = int(random.uniform(0.0, 0.06) * RATE_HZ)
    out = np.zeros((2, samples), dtype=np.float32)
    out[:, delay:length] = response[:, : max(0, length - delay)]
    if random.random() < 0.15:
        echo = int(random.uniform(0.15, 0.5) * RATE_HZ)
        for tap in range(1, 4):
            if tap * echo < samples:
                out[:, tap * echo] += np.float32(db(-8.0 * tap))
    out[:, 0] += 1.0
    return out


def shape(random: Random, audio: Samples, strength_db: float, room_chance: float) -> Samples:
    """Apply tone and room in one circular convolution: what rings beyond the end is heard at the start."""
    samples = audio.shape[1]
    size = 1 << (samples - 1).bit_length()
    spectrum = np.fft.rfft(audio, size) * tone(random, size, strength_db)
    if random.random() < room_chance:
        spectrum *= np.fft.rfft(room(random, RATE_HZ), size)
    return np.asarray(np.fft.irfft(spectrum, size)[:, :samples], dtype=np.float32)


def drive(random: Random, audio: Samples) -> Samples:
    """Saturate the loud parts by a `tanh`."""
    gain = random.uniform(0.5, 4.0) / (4 * rms(audio) + 1e-6)
    return np.asarray(np.tanh(audio * np.float32(gain)) / np.float32(gain), dtype=np.float32)


def formants(random: Random, audio: Samples, semitones: float = 4.0) -> Samples:
    """Move the spectral envelope by up to `semitones` under the same pitch: a mouth of another size.

    The envelope is the cepstrum's first 32 quefrencies (below 1.4 kHz of detail), the left and right's mean.
    """
    ratio = 2.0 ** (random.uniform(-semitones, semitones) / 12.0)
    spectrum = stft(torch.from_numpy(audio), FORMANT_FFT, FORMANT_HOP)  # [2, bins, frames]
    logs = torch.log(spectrum.abs().mean(0).T + 1e-5)  # [frames, bins]
    cepstrum = torch.fft.irfft(logs)
    cepstrum[:, ENVELOPE_QUEFRENCIES : -ENVELOPE_QUEFRENCIES + 1] = 0.0
    envelope = torch.fft.rfft(cepstrum).real
    bins = envelope.shape[1]
    positions = (torch.arange(bins) / ratio).clamp(max=bins - 1.001)
    low, part = positions.long(), positions.frac()
    moved = envelope[:, low] * (1 - part) + envelope[:, low + 1] * part
    limit = ENVELOPE_LIMIT_DB * np.log(10.0) / 20.0
    gains = torch.exp((moved - envelope).clamp(-limit, limit)).T
    return istft(spectrum * gains, FORMANT_FFT, FORMANT_HOP, audio.shape[1]).numpy()


def harmony(random: Random, audio: Samples) -> Samples:
    """Add a second voice in parallel, at an interval of a chord, softer and to one side."""
    import librosa  # slow to import

    interval = int(random.choice(HARMONY_SEMITONES))
    second = librosa.effects.pitch_shift(audio.mean(0), sr=RATE_HZ, n_steps=interval, n_fft=1024)
    level, side = np.float32(db(random.uniform(-14, -2))), random.uniform(0.2, 1.0)
    return np.asarray(audio + level * np.stack((second, second * np.float32(side))), dtype=np.float32)


def chop(random: Random, audio: Samples) -> Samples:
    """Cut out syllables and repeat them on a beat, as a sampler does, often at another pitch; some bars stay.

    They are cut where they are loud, so that they begin as hard as a drum.
    """
    samples = audio.shape[1]
    step = int(RATE_HZ * 15 / random.uniform(80, 170))  # a sixteenth
    out, start = np.zeros_like(audio), 0
    while start < samples:
        end = min(samples, start + step * int(random.choice((4, 8, 16))))
        if random.random() < 0.3:
            out[:, start:end] = audio[:, start:end]
        else:
            piece = _syllable(random, audio, step * int(random.choice((1, 1, 2, 3))))
            for at in range(start, end, piece.shape[1]):
                if random.random() < 0.8:
                    stop = min(end, at + piece.shape[1])
                    out[:, at:stop] = piece[:, : stop - at]
        start = end
    return out


def _syllable(random: Random, audio: Samples, length: int) -> Samples:
    """Cut `length` samples from the loudest of four places, with edges of 3 ms; half of them decay."""
    ratio = 2.0 ** (int(random.choice(CHOP_SEMITONES)) / 12.0)
    taken = int(length * ratio) + 2
    places = [int(random.integers(max(1, audio.shape[1] - taken))) for _ in range(4)]
    place = max(places, key=lambda start: rms(audio[:, start : start + taken // 3]))
    piece = resample_at(audio[:, place : place + taken], np.arange(length) * ratio)
    edge = int(0.003 * RATE_HZ)
    fade = np.linspace(0, 1, edge, dtype=np.float32)
    piece[:, :edge] *= fade
    piece[:, -edge:] *= fade[::-1]
    if random.random() < 0.5:
        piece *= np.exp(-np.arange(length, dtype=np.float32) / np.float32(random.uniform(0.03, 0.15) * RATE_HZ))
    return piece[:, ::-1] if random.random() < 0.1 else piece


def stretched(audio: Samples, rate: float) -> Samples:
    """Play `audio` faster by `rate` at the same pitch."""
    import librosa

    if rate == 1.0:
        return audio
    return np.asarray(librosa.effects.time_stretch(audio, rate=rate), dtype=np.float32)


def compress(random: Random, audio: Samples) -> Samples:
    """Compress, with a threshold up to 20 dB below the loud parts, ratio 2 to 10, release 50 to 300 ms."""
    return audio * compression_gains(random, audio)


def compression_gains(random: Random, audio: Samples) -> Samples:
    """Compute the gain that `compress` applies to each sample, `[samples]`."""
    block = 220  # 5 ms
    count = -(-audio.shape[1] // block)
    padded = np.pad(audio, ((0, 0), (0, count * block - audio.shape[1])))
    power = np.square(padded.reshape(2, count, block)).mean((0, 2))
    keep = float(np.exp(-block / RATE_HZ / random.uniform(0.05, 0.3)))
    smoothed = np.array(list(accumulate(power.tolist(), lambda last, now: keep * last + (1 - keep) * now)))
    level_db = 10 * np.log10(smoothed + 1e-10)
    threshold_db = 20 * np.log10(rms(audio) + 1e-6) - random.uniform(0, 20)
    over_db = np.maximum(0.0, level_db - threshold_db)
    gains = 10.0 ** (-over_db * (1 - 1 / random.uniform(2, 10)) / 20.0)
    smooth = np.interp(np.arange(audio.shape[1]), (np.arange(count) + 0.5) * block, gains)
    return np.asarray(smooth, dtype=np.float32)


def telephone(random: Random, audio: Samples) -> Samples:
    """Limit the voice to the band of a telephone, a megaphone or a radio, and drive it a little."""
    samples = audio.shape[1]
    size = 1 << (samples - 1).bit_length()
    hz = np.arange(size // 2 + 1) * (RATE_HZ / size)
    low, high = random.uniform(200, 600), random.uniform(2000, 5000)
    gains = 1 / np.sqrt((1 + (low / np.maximum(hz, 1.0)) ** 8) * (1 + (hz / high) ** 8))
    narrow = np.fft.irfft(np.fft.rfft(audio, size) * gains.astype(np.float32), size)[:, :samples]
    return drive(random, np.asarray(narrow, dtype=np.float32))


def throw(random: Random, audio: Samples) -> Samples:
    """Throw some words into a delay, each echo darker and softer, from side to side."""
    delay = int(RATE_HZ * random.uniform(0.18, 0.55))
    samples, out = audio.shape[1], audio.copy()
    start = int(random.integers(max(1, samples - delay)))
    word = np.zeros_like(audio)
    word[:, start : start + delay] = audio[:, start : start + delay]
    level = np.float32(db(random.uniform(-9, -3)))
    for repeat in range(1, 5):
        if repeat * delay >= samples:
            break
        word = level * 0.5 * (word[::-1] + np.roll(word, 1, axis=1))
        out[:, repeat * delay :] += word[:, : samples - repeat * delay]
    return out


def double(random: Random, audio: Samples) -> Samples:
    """Add two late, slightly detuned copies, left and right; sometimes remove the voice between them."""
    level = np.float32(db(random.uniform(-12, 4)))
    out = np.zeros_like(audio) if random.random() < 0.25 else audio.copy()
    for channel in range(2):
        delay = int(random.uniform(0.008, 0.04) * RATE_HZ)
        cents = random.normal(0, 8) * np.sin(
            2 * np.pi * random.uniform(0.1, 1) * np.arange(audio.shape[1]) / RATE_HZ + random.uniform(0, 6)
        )
        copy = resample_at(audio[channel : channel + 1], positions_for(cents / 100))
        out[channel, delay:] += level * copy[0, : audio.shape[1] - delay]
    return out


def spread(random: Random, audio: Samples) -> Samples:
    """Filter left and right by different all-passes: a voice as wide as any instrument."""
    samples = audio.shape[1]
    size = 1 << (samples - 1).bit_length()
    bins = np.arange(size // 2 + 1, dtype=np.float32)
    knots = np.arange(0, RATE_HZ, random.uniform(60, 500)) * size / RATE_HZ
    depth = random.uniform(0.3, 2.5)
    phases = np.stack([np.interp(bins, knots, depth * random.standard_normal(len(knots))) for _ in range(2)])
    turned = np.fft.rfft(audio, size) * np.exp(1j * phases.astype(np.float32))
    return np.asarray(np.fft.irfft(turned, size)[:, :samples], dtype=np.float32)


def widen(audio: Samples, factor: float) -> Samples:
    """Multiply the side signal by `factor`: 0 is mono, 1 changes nothing."""
    middle, side = audio.mean(0), (audio[0] - audio[1]) * np.float32(factor / 2)
    return np.stack((middle + side, middle - side))


def place(random: Random, audio: Samples) -> Samples:
    """Choose a width from mono to wider, a pan that is seldom far, and swap the channels half of the time."""
    audio = widen(audio, float(random.choice((0.0, 0.5, 1.0, 1.0, 1.0, 1.4))))
    kind = random.random()
    pan = 0.0 if kind > 0.65 else random.uniform(-0.9, 0.9) if kind < 0.15 else random.normal(0, 0.12)
    pan = min(0.9, max(-0.9, pan))
    out = np.stack((audio[0] * np.sqrt(1 - pan), audio[1] * np.sqrt(1 + pan)))
    return np.asarray(out[::-1] if random.random() < 0.5 else out, dtype=np.float32)
