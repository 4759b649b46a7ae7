"""Writing stems: acapella + instrumental == bounce, exactly, published only when whole."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from dawbridge.audio import null, provenance
from dawbridge.audio.copy_metadata import graft, history_line
from dawbridge.audio.formats import StemEncoding, StemFormat, decide, widened
from dawbridge.audio.gain import Gain
from dawbridge.audio.info import AudioInfo
from dawbridge.audio.source import open_source
from dawbridge.errors import AudioError, DiskError
from dawbridge.files import publish as place
from dawbridge.files.part import Part
from dawbridge.knobs.automation import Automation

_COPY_FRAMES = 2**16


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written."""

    acapella: Path | None
    """Where it lies; None where it was not asked for."""
    instrumental: Path | None
    container: str
    subtype: str
    null_db: float
    """Greatest |acapella + instrumental - bounce|, before the gains, dB re full scale; -inf where bit-exact."""
    overs: int
    """Samples of both stems beyond full scale, as written."""
    peak_db: float
    """Greatest sample of both stems, dB re full scale."""
    notes: tuple[str, ...] = ()
    """Lines for the person: that overs made the files float, that a name was taken."""


@dataclass(slots=True)
class _Stem:
    """One file on its way: its temporary, open for writing."""

    final: Path
    gain: Gain
    part: Part
    file: soundfile.SoundFile

    def write(self, samples: NDArray[np.float64], layout: StemEncoding) -> None:
        """`samples` `[channels, samples]` stand on the grid; integers go out as integers, so nothing rounds again."""
        if layout.subtype.startswith("PCM"):
            left_justified = (samples * 2.0**31).astype(np.int64).astype(np.int32)
            self.file.write(np.ascontiguousarray(left_justified.T))
        else:
            self.file.write(np.ascontiguousarray(samples.T))


class StemWriter:
    """Writes both stems of one bounce, block by block, in bounded memory.

    ```python
    with open_source(bounce) as source, StemWriter(source.info, *stem_paths(folder, bounce)) as writer:
        for mixture, acapella in ...:            # [channels, samples] each, in order, info.frames in all
            writer.write(mixture, acapella)
        report = writer.publish(f"dawbridge 0.1.0; null {writer.null_db} dB")
    ```

    Nothing lies under a final name before `publish`; leaving the block without it removes the temporaries.
    """

    def __init__(
        self,
        info: AudioInfo,
        acapella: Path | None,
        instrumental: Path | None,
        *,
        acapella_gain_db: float = 0.0,
        instrumental_gain_db: float = 0.0,
        automation: Automation | None = None,
        format: StemFormat | None = None,
        older_stems: Collection[Path] = (),
    ) -> None:
        """`acapella` and `instrumental` are final paths **without** a suffix (see `stem_paths`), None: not written.

        Lanes of `automation` for the two gains go before the numbers. The folder is made if it is missing. Raises
        `AudioError` where it cannot be, is not writable or has no room.
        """
        self.info = info
        self._is_ours = provenance.may_replace(older_stems)
        self._layout = decide(info, format or StemFormat())
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
            with _disk_errors(stem.final.parent):
                stem.write(samples, self._layout)
        self._frames += mixture.shape[1]

    def publish(self, mark: str, instrumental_mark: str = "") -> WriteReport:
        """Graft the bounce's metadata and `mark` (which starts with `dawbridge`), flush, put both under their names.

        The instrumental has a mark of its own where one is given.

        Raises `AudioError` where fewer or more frames were written than the bounce has, or the disk refuses.
        """
        if self._frames != self.info.frames:
            raise AudioError(f"{self.info.path}: {self._frames} frames of {self.info.frames} were written; the stems "
                             "are not published; run the job again")  # fmt: skip
        stems = [stem for stem in (self._acapella, self._instrumental) if stem is not None]
        common = tags_of(self.info.path)
        for stem in stems:
            with _disk_errors(stem.final.parent):
                self._finish(stem, instrumental_mark or mark if stem is self._instrumental else mark, common)
        placed = {id(stem): self._put(stem) for stem in stems}
        report = WriteReport(
            placed.get(id(self._acapella)),
            placed.get(id(self._instrumental)),
            self._layout.container,
            self._layout.subtype,
            self.null_db,
            self._overs,
            null.decibels(self._peak),
            tuple(self._notes),
        )
        self._acapella = self._instrumental = None
        return report

    def discard(self) -> None:
        """Remove the temporaries; nothing is published. Does nothing after `publish`."""
        for stem in (self._acapella, self._instrumental):
            if stem is not None:
                with contextlib.suppress(soundfile.LibsndfileError):
                    stem.file.close()
                stem.part.discard()
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
        place.make_room(final.parent, self._layout.data_bytes(self.info))
        with place.disk_errors(final.parent):
            part = Part.create(final.parent)
        try:
            return _Stem(final, gain, part, self._create(part))
        except BaseException:
            part.discard()
            raise

    def _create(self, part: Part) -> soundfile.SoundFile:
        layout, info = self._layout, self.info
        with _disk_errors(part.path.parent):
            return soundfile.SoundFile(
                part.stream.fileno(),
                "w",
                info.sample_rate,
                info.channels,
                layout.subtype,
                format=layout.container,
                closefd=False,
            )

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
            raise AudioError(f"{self.info.path}: NaN or infinity at or behind frame {self._frames}; nothing is "
                             "published; run the job again, on the CPU if it was a GPU")  # fmt: skip
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
            self._notes.append("the stems pass 0 dBFS, so they are written as float and nothing is clipped")
        self._layout = widened(self.info, self._layout, subtype)
        for stem in (self._acapella, self._instrumental):
            if stem is not None:
                with _disk_errors(stem.final.parent):
                    self._rewrite(stem)

    def _rewrite(self, stem: _Stem) -> None:
        stem.file.close()
        old, stem.part = stem.part, Part.create(stem.final.parent)
        try:
            stem.file = self._create(stem.part)
            if self._frames:
                with _reread(old) as written:
                    while len(block := written.read(_COPY_FRAMES, dtype="float64", always_2d=True)):
                        stem.file.write(block)
        finally:
            old.discard()

    def _finish(self, stem: _Stem, mark: str, common: dict[str, str]) -> None:
        stem.file.close()
        mark = provenance.unsealed(mark)
        self._check_length(stem.part)
        bits = {"FLOAT": 32, "DOUBLE": 64}.get(self._layout.subtype, self._layout.bits)
        history = history_line(self.info.sample_rate, bits, self.info.channels, mark.split(";")[0])
        old, stem.part = stem.part, Part.create(stem.final.parent)
        try:
            graft(self.info.path, old.path, stem.part.path, mark, common, history)
            provenance.seal(stem.part.stream)
        finally:
            old.discard()

    def _check_length(self, part: Part) -> None:
        """A disk that filled up silently is noticed here."""
        with _reread(part) as written:
            if written.frames != self.info.frames:
                raise DiskError(f"{part.path.parent}: only {written.frames} frames of {self.info.frames} reached the "
                                 "disk; check that it is not full")  # fmt: skip

    def _put(self, stem: _Stem) -> Path:
        final = stem.final.with_name(stem.final.name + self._layout.suffix)
        with place.disk_errors(final.parent):
            where = place.publish(stem.part, final, self._is_ours)
            provenance.remember(where)
        if where != final:
            self._notes.append(place.name_taken(final, where))
        return where


def _reread(part: Part) -> soundfile.SoundFile:
    """A temporary, opened for reading from its start."""
    part.stream.seek(0)
    return soundfile.SoundFile(part.stream.fileno(), closefd=False)


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """As `publish.disk_errors`, for what libsndfile reports too."""
    with place.disk_errors(folder):
        try:
            yield
        except soundfile.LibsndfileError as error:
            raise OSError(error.error_string) from error


def tags_of(path: Path) -> dict[str, str]:
    """The bounce's tags; none where it is gone by now."""
    try:
        with open_source(path) as source:
            return source.tags()
    except AudioError:
        return {}
