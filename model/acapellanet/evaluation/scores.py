"""Hold the scores of an evaluation and sum them up: means, medians, the worst tenth, and means by kind of song."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
"""One measure of all songs for which it is defined."""


@dataclass(frozen=True, slots=True)
class Score:
    """One stem of one song by one model; a measure that is not defined for it is `nan`."""

    song: str
    model: str
    stem: str
    """`vocals` or `instrumental`."""
    museval_db: float
    """Median of the SDRs of frames of 1 s, as museval reports it."""
    usdr_db: float
    """SDR of the whole song."""
    si_sdr_db: float
    """Scale-invariant SDR of the whole song."""
    p10_db: float
    """SDR that nine of ten sounding seconds exceed."""
    bleedless: float
    """How free of the other stem the estimate is, 0 to 100."""
    fullness: float
    """How complete the estimate is, 0 to 100."""
    log_wmse: float
    """Frequency-weighted error that is defined for silence too; higher is better."""
    leak_db: float
    """Level to the mixture's in the seconds in which the true stem pauses, in decibels."""
    lost: float
    """Share of the true stem that is missing, 0 to 1."""


MEASURES = tuple(field.name for field in fields(Score) if field.name not in ("song", "model", "stem"))
BETTER_LOW = frozenset({"leak_db", "lost"})
KIND = re.compile(r"(.+)-\d+")
"""Name of a song that belongs to a kind, such as `chant-03`."""


def summaries(scores: Sequence[Score]) -> list[Score]:
    """Sum scores up for each model and stem: means of each kind, if there are kinds, then mean, median and worst tenth.

    The rows are scores whose song is called `mean of chant`, `mean`, `median` and `worst tenth`. The last is the mean
    of the tenth of the songs, at least one, that is worst by each measure.
    """
    kinds = dict.fromkeys(match[1] for score in scores if (match := KIND.fullmatch(score.song)))
    rows = []
    for kind in kinds if len(kinds) > 1 else ():
        of_kind = [score for score in scores if (match := KIND.fullmatch(score.song)) and match[1] == kind]
        rows += _each(of_kind, f"mean of {kind}", _mean)
    return [*rows, *_each(scores, "mean", _mean), *_each(scores, "median", _median), *_each(scores, WORST, _worst)]


WORST = "worst tenth"


def _each(scores: Sequence[Score], song: str, statistic: Callable[[Column, str], float]) -> list[Score]:
    """Make one row for each model and stem."""
    keys = dict.fromkeys((score.model, score.stem) for score in scores)
    return [_row([s for s in scores if (s.model, s.stem) == key], song, statistic) for key in keys]


def _row(scores: Sequence[Score], song: str, statistic: Callable[[Column, str], float]) -> Score:
    values: dict[str, float] = {}
    for measure in MEASURES:
        column = np.array([getattr(score, measure) for score in scores], dtype=np.float64)
        known = column[np.isfinite(column)]
        values[measure] = statistic(known, measure) if known.size else float("nan")
    return Score(song, scores[0].model, scores[0].stem, **values)


def _mean(column: Column, measure: str) -> float:
    return float(column.mean())


def _median(column: Column, measure: str) -> float:
    return float(np.median(column))


def _worst(column: Column, measure: str) -> float:
    ordered = np.sort(column)[::-1] if measure in BETTER_LOW else np.sort(column)
    return float(ordered[: max(1, len(ordered) // 10)].mean())
