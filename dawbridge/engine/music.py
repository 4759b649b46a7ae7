"""Tempo and key of a bounce, as they are kept, named and told. `engine.tempo_key` estimates them."""

from collections.abc import Mapping
from dataclasses import dataclass

SURE = 0.3
"""Below this confidence an estimate is a guess, and is not used for names."""

NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats per minute."""

    bpm: float
    confidence: float
    """0..1; low if there is hardly a beat, or if half or double the tempo would do as well."""


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic with its mode."""

    tonic: int
    """Semitones above C, 0..11."""
    minor: bool
    confidence: float
    """0..1; low if another key fits nearly as well."""

    @property
    def name(self) -> str:
        """As musicians write it, also in file names: `Am`, `F#m`, `Bb`."""
        return (_MINOR_NAMES if self.minor else NAMES)[self.tonic]

    @property
    def camelot(self) -> str:
        """Its place on the Camelot wheel: `8A` for A minor, `8B` for C major."""
        major = (self.tonic + 3) % 12 if self.minor else self.tonic
        return f"{(7 * major + 7) % 12 + 1}{'A' if self.minor else 'B'}"


@dataclass(frozen=True, slots=True)
class TempoKey:
    """What was found in a bounce; None for what it has not."""

    tempo: Tempo | None = None
    key: Key | None = None

    def plain(self) -> dict[str, float]:
        """For JSON."""
        tempo = {"bpm": self.tempo.bpm, "bpm_confidence": self.tempo.confidence} if self.tempo else {}
        key = self.key
        return {**tempo, **({"tonic": key.tonic, "minor": key.minor, "key_confidence": key.confidence} if key else {})}

    @classmethod
    def of(cls, plain: Mapping[str, float]) -> "TempoKey":
        """From what `plain` made; whatever is missing or makes no sense is left out."""
        bpm, tonic = plain.get("bpm"), plain.get("tonic")
        tempo = Tempo(float(bpm), float(plain.get("bpm_confidence", 0))) if bpm and 1 <= bpm <= 1000 else None
        if tonic not in range(12):
            return cls(tempo)
        return cls(tempo, Key(int(tonic or 0), bool(plain.get("minor")), float(plain.get("key_confidence", 0))))

    @property
    def text(self) -> str:
        """What is sure, in one line: `128 BPM, Am (8A)`; empty if nothing is."""
        key = f"{self.key.name} ({self.key.camelot})" if self.key and self.key_text else ""
        return ", ".join(filter(None, (f"{self.bpm_text} BPM" if self.bpm_text else "", key)))

    @property
    def bpm_text(self) -> str:
        """The tempo as a person writes it, whole numbers without decimals; empty if it is not sure."""
        if self.tempo is None or self.tempo.confidence < SURE:
            return ""
        return f"{self.tempo.bpm:.1f}".removesuffix(".0")

    @property
    def key_text(self) -> str:
        """The key's name; empty if it is not sure."""
        return self.key.name if self.key is not None and self.key.confidence >= SURE else ""
