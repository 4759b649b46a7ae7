"""Writing both stems of a bounce: acapella + instrumental == bounce, exactly, published only when whole."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio import null, provenance
from dawbridge.audio.formats import StemEncoding, decide, facts_of, widened
from dawbridge.audio.gain import Gain
from dawbridge.audio.info import NOT_FINITE, SampleKind
from dawbridge.audio.source import Bounce
from dawbridge.audio.stem_file import StemFile
from dawbridge.config.stem_format import StemFormat
from dawbridge.errors import AudioError
from dawbridge.files import publish as publishing
from dawbridge.knobs.automation import Automation
from dawbridge.version import VERSION

PROGRAM = f"{provenance.MARK_PREFIX} {VERSION}"
"""What every mark begins with, and all that the chunks ahead of the samples say of it."""
OVER_NOTE = "the stems pass 0 dBFS, so they are written as float and nothing is clipped"


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written."""

    acapella: Path | None
    """Where it is; None if it was not asked for."""
    instrumental: Path | None
    container: str
    subtype: str
    null_db: float
    """Greatest |acapella + instrumental - bounce|, before the gains, dB re full scale; -inf if bit-exact.

    Measured on the samples that the files hold: each was read back and compared with what was meant.
    """
    overs: int
    """Samples of both stems beyond full scale, as written."""
    peak_db: float
    """Greatest sample of both stems, dB re full scale."""
    claim: str = ""
    """What `null_db` is said of (see `null.claim`)."""
    notes: tuple[str, ...] = ()
    """Lines for the user: that overs made the files float, that a name was taken."""


@dataclass(slots=True)
class _Stem:
    """One stem, its gain, and the file that it goes to."""

    final: Path
    gain: Gain
    file: StemFile


class StemWriter:
    """Writes both stems of one bounce, block by block, in bounded memory.

    ```python
    with open_source(bounce) as source, StemWriter(source.bounce, *stem_paths(folder, bounce)) as writer:
        for mixture, acapella in ...:            # [channels, samples] each, in order, info.frames in all
            writer.write(mixture, acapella)
        report = writer.publish(f"dawbridge 0.1.0; null {writer.null_db} dB")
    ```

    Nothing lies under a final name before `publish`; leaving the block without it removes the temporaries.
    """

    def __init__(
        self,
        bounce: Bounce,
        acapella: Path | None,
        instrumental: Path | None,
        *,
        acapella_gain_db: float = 0.0,
        instrumental_gain_db: float = 0.0,
        automation: Automation | None = None,
        format: StemFormat | None = None,
        older_stems: Collection[Path] = (),
        mark: str = "",
    ) -> None:
        """`acapella` and `instrumental` are final paths **without** a suffix (see `stem_paths`), None: not written.

        Lanes of `automation` for the two gains take precedence over the numbers. `mark` is what is known of the
        stems' text by now. The folder is made if it is missing. Raises `AudioError` if it cannot be, is not writable
        or has no room.
        """
        self.bounce, self.info = bounce, bounce.info
        self._is_ours = provenance.may_replace(older_stems)
        self._layout = decide(self.info, format or StemFormat())
        self._mark = mark or PROGRAM
        self._dither = np.random.default_rng(0) if 0 < self._layout.bits < 24 else None
        self._frames = self._overs = 0
        self._error = self._peak = 0.0
        self._notes: list[str] = []
        self._acapella: _Stem | None = None
        self._instrumental: _Stem | None = None
        try:
            lanes = automation or Automation()
            self._acapella = self._begin(acapella, Gain(acapella_gain_db, lanes.lane("acapella_gain")))
            self._instrumental = self._begin(instrumental, Gain(instrumental_gain_db, lanes.lane("instrumental_gain")))
        except BaseException:
            self.discard()
            raise

    @property
    def null_db(self) -> float:
        """Greatest |acapella + instrumental - bounce| so far, before the gains, dB re full scale; -inf if exact."""
        return null.decibels(self._error)

    def write(self, mixture: NDArray[np.float64] | NDArray[np.int64], acapella: NDArray[np.floating]) -> None:
        """Append a block, `[channels, samples]` each.

        `mixture` as `Source.read` or `Source.read_grid` gave it; `acapella` full scale ±1, not clipped. Raises
        `AudioError` for shapes that differ, NaN or Inf, a full disk.
        """
        pair = self._pair(*self._checked(mixture, acapella))
        self._error = max(self._error, pair.error)
        bits = self._layout.bits
        blocks = [
            (stem, self._levelled(stem, samples))
            for stem, samples in ((self._acapella, pair.acapella), (self._instrumental, pair.instrumental))
            if stem is not None
        ]
        overs = sum(null.count_overs(samples, bits) for _, samples in blocks)
        self._overs += overs
        self._peak = max(self._peak, *(float(np.abs(samples).max(initial=0.0)) for _, samples in blocks), 0.0)
        if overs and bits:
            self._widen()
        for stem, samples in blocks:
            stem.file.append(_on_file_grid(samples, self._layout))
        self._frames += mixture.shape[1]

    def publish(self, mark: str, instrumental_mark: str = "") -> WriteReport:
        """Complete both files with the bounce's metadata and `mark` (which starts with `dawbridge`), and name them.

        The instrumental has a mark of its own if one is given. Raises `AudioError` if fewer or more frames were
        written than the bounce has, or the disk refuses.
        """
        if self._frames != self.info.frames:
            raise AudioError(f"{self.info.path}: {self._frames} frames of {self.info.frames} were written; the stems "
                             "are not published; run the job again")  # fmt: skip
        stems = [stem for stem in (self._acapella, self._instrumental) if stem is not None]
        for stem in stems:
            stem.file.finish(instrumental_mark or mark if stem is self._instrumental else mark)
        placed = {id(stem): self._put(stem) for stem in stems}
        report = WriteReport(
            placed.get(id(self._acapella)),
            placed.get(id(self._instrumental)),
            self._layout.container,
            self._layout.subtype,
            self.null_db,
            self._overs,
            null.decibels(self._peak),
            null.claim(
                is_lossy=self.info.kind is SampleKind.LOSSY,
                both=len(stems) == 2,
                at_their_level=all(stem.gain.is_neutral for stem in stems),
            ),
            tuple(self._notes),
        )
        self._acapella = self._instrumental = None
        return report

    def discard(self) -> None:
        """Remove the temporaries; nothing is published. Does nothing after `publish`."""
        for stem in (self._acapella, self._instrumental):
            if stem is not None:
                stem.file.discard()
        self._acapella = self._instrumental = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def _levelled(self, stem: _Stem, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        if stem.gain.is_neutral:
            return samples
        factor = stem.gain.factor(self._frames, self._frames + samples.shape[1], self.info.sample_rate)
        return null.amplified(samples, factor if isinstance(factor, float) else factor.T, self._layout.bits)

    def _begin(self, final: Path | None, gain: Gain) -> _Stem | None:
        if final is None:
            return None
        publishing.make_room(final.parent, self._layout.data_bytes(self.info))
        return _Stem(final, gain, self._file(final.parent))

    def _file(self, folder: Path) -> StemFile:
        return StemFile(folder, facts_of(self.bounce, self._layout), self.bounce.metadata, self._mark)

    def _checked(
        self, mixture: NDArray[np.float64] | NDArray[np.int64], acapella: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both as float64, full scale ±1, which holds every integer of 32 bits exactly."""
        if mixture.shape != acapella.shape or mixture.ndim != 2 or mixture.shape[0] != self.info.channels:
            raise AudioError(f"{self.info.path}: mixture {mixture.shape} and acapella {acapella.shape} were given; "
                             f"both have to be [{self.info.channels}, samples]")  # fmt: skip
        whole = np.asarray(mixture, np.float64)
        if np.issubdtype(mixture.dtype, np.integer):
            whole = whole / 2.0 ** (self.info.grid_bits - 1)
        vocals = np.asarray(acapella, np.float64)
        if not (np.isfinite(vocals).all() and np.isfinite(whole).all()):
            raise AudioError(f"{self.info.path}: {NOT_FINITE.format(self._frames)}")
        return whole, vocals

    def _pair(self, mixture: NDArray[np.float64], acapella: NDArray[np.float64]) -> null.Pair:
        layout = self._layout
        if not layout.bits:
            return null.as_float(mixture, acapella, layout.subtype)
        exact = layout.bits >= 24 or self.info.subtype in ("PCM_16", "PCM_S8", "PCM_U8", "ALAC_16")
        return null.on_grid(mixture, acapella, layout.bits, self._dither, exact)

    def _widen(self) -> None:
        """Go on as float: what is written so far is copied, sample for sample."""
        subtype = null.float_subtype(self._layout.bits, self._peak)
        if subtype == self._layout.subtype or self._layout.subtype == "DOUBLE":
            return
        if self._layout.subtype.startswith("PCM"):
            self._notes.append(OVER_NOTE)
        before, self._layout = self._layout, widened(self.info, self._layout, subtype)
        for stem in (self._acapella, self._instrumental):
            if stem is not None:
                old, stem.file = stem.file, self._file(stem.final.parent)
                try:
                    for block in old.written():
                        stem.file.append(_as_floats(block, before))
                finally:
                    old.discard()

    def _put(self, stem: _Stem) -> Path:
        final = stem.final.with_name(stem.final.name + self._layout.suffix)
        where = stem.file.publish(final, self._is_ours)
        if where != final:
            self._notes.append(publishing.name_taken(final, where))
        return where


def _on_file_grid(samples: NDArray[np.float64], layout: StemEncoding) -> NDArray[np.generic]:
    """`[channels, samples]` at full scale ±1, which stand on the grid, as `StemFile.append` takes them."""
    if not layout.subtype.startswith("PCM"):
        return samples.T
    return np.rint(samples * 2.0 ** (layout.bits - 1)).astype(np.int32).T


def _as_floats(block: NDArray[np.generic], layout: StemEncoding) -> NDArray[np.float64]:
    floats = block.astype(np.float64)
    return floats / 2.0 ** (layout.bits - 1) if layout.subtype.startswith("PCM") else floats
