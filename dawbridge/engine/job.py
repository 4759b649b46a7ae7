"""What the engine is asked for and what it answers: plain data that travels between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.audio.files import StemFormat, WriteReport
from dawbridge.engine.tempo_key import TempoKey
from dawbridge.knobs.automation import Automation


@dataclass(frozen=True, slots=True)
class SeparationJob:
    """One bounce to separate, and where to. Plain data: it travels to the engine's process."""

    source: Path
    acapella: Path
    """Final path without its suffix."""
    instrumental: Path
    values: Mapping[str, float]
    """All parameters, raw."""
    content_hash: str = ""
    """Of the source, where it is known already."""
    format: StemFormat | None = None
    """None: the source's own where it is lossless, else 24-bit WAV."""
    prefetch: bool = False
    """Write nothing; only make the estimates that a turned knob may need."""
    live: bool = False
    """Stems of it stand already: speed first, what is written is made durable later."""
    automation: Automation = field(default_factory=Automation)
    """Knobs that move within the bounce; a lane goes before the value of the same name."""
    legacy_stems: tuple[Path, ...] = ()
    """Stems that version 0.1, which had no seal, wrote for this bounce and nobody has changed since, by the ledger."""
    tempo_key: TempoKey | None = None
    """Tempo and key of the bounce, if they are known already."""
    dawproject: bool = False
    """Whether a DAWproject is written beside the stems."""
    loop: bool = False
    """Take the source for a loop even where it has no loop points."""


@dataclass(frozen=True, slots=True)
class SeparationResult:
    """What became of an order."""

    report: WriteReport | None
    """None after a prefetch."""
    content_hash: str
    duration_s: float
    """Of the audio."""
    seconds: float
    """That it took."""
    network_s: float
    """Of which the network."""
    notes: tuple[str, ...] = ()
    tempo_key: TempoKey | None = None
    """Tempo and key, if the project needed them."""
