"""What the engine is asked to do and what it answers: plain data that travels between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.audio.files import StemFormat, WriteReport
from dawbridge.engine.music import TempoKey
from dawbridge.knobs.automation import Automation


@dataclass(frozen=True, slots=True)
class SeparationJob:
    """One bounce to separate, and where its stems go."""

    source: Path
    acapella: Path
    """Final path, without its suffix."""
    instrumental: Path
    values: Mapping[str, float]
    """Raw values of all parameters."""
    content_hash: str = ""
    """Hash of the source's decoded samples, if it is known already."""
    format: StemFormat | None = None
    """None: the source's own format if it is lossless, otherwise 24-bit WAV."""
    prefetch: bool = False
    """Write nothing; only make the estimates that a turned knob may need."""
    live: bool = False
    """Whether its stems exist already: speed comes first, and what is written is made durable later."""
    automation: Automation = field(default_factory=Automation)
    """Knobs that move within the bounce; a lane takes precedence over the value of the same name."""
    legacy_stems: tuple[Path, ...] = ()
    """Stems that version 0.1, which had no seal, wrote for this bounce and nobody has changed since, by the ledger."""
    tempo_key: TempoKey | None = None
    """Tempo and key of the bounce, if they are known already."""
    dawproject: bool = False
    """Whether a DAWproject is written beside the stems."""
    loop: bool = False
    """Whether to take the source for a loop even if it has no loop points."""


@dataclass(frozen=True, slots=True)
class SeparationResult:
    """What became of a job."""

    report: WriteReport | None
    """What was written; None after a prefetch."""
    content_hash: str
    duration_s: float
    """Duration of the audio, in seconds."""
    seconds: float
    """How long the job took, in seconds."""
    network_s: float
    """How long the network took of that, in seconds."""
    notes: tuple[str, ...] = ()
    tempo_key: TempoKey | None = None
    """Tempo and key, if the project needed them."""
