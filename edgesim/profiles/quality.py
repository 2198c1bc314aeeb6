"""Quality of a service's results against the work they were given, and the fitted curves."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp

from edgesim.errors import InputError, did_you_mean
from edgesim.profiles.checks import check_at_least, check_one_of

__all__ = ["ExponentialFit", "Fits", "HillFit", "Metric", "PiecewiseFit", "Quality", "Score"]


@dataclass(frozen=True)
class PiecewiseFit:
    """``ay`` up to ``ax`` of work, ``by`` from ``bx`` on, a straight line between."""

    ax: float
    ay: float
    bx: float
    by: float
    r2: float

    def __post_init__(self) -> None:
        if self.bx <= self.ax:
            raise InputError("bx", self.bx, f"must be above ax = {self.ax:g}")

    def at(self, work: float) -> float:
        """The curve's value at ``work``."""
        share = (work - self.ax) / (self.bx - self.ax)
        return self.ay + (self.by - self.ay) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class HillFit:
    """``floor + (top - floor) s^power / (half^power + s^power)``."""

    floor: float
    top: float
    half: float
    power: float
    r2: float

    def __post_init__(self) -> None:
        if self.half <= 0:
            raise InputError("half", self.half, "must be above 0")

    def at(self, work: float) -> float:
        """The curve's value at ``work``."""
        if work <= 0:
            return self.floor
        share = 1.0 / (1.0 + float((self.half / work) ** self.power))
        return self.floor + (self.top - self.floor) * share


@dataclass(frozen=True)
class ExponentialFit:
    """``floor + (top - floor) (1 - exp(-s / scale))``."""

    floor: float
    top: float
    scale: float
    r2: float

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise InputError("scale", self.scale, "must be above 0")

    def at(self, work: float) -> float:
        """The curve's value at ``work``."""
        return self.floor + (self.top - self.floor) * (1.0 - exp(-work / self.scale))


@dataclass(frozen=True)
class Fits:
    """The curves fitted to a metric's means; None where there are too few points for one."""

    piecewise: PiecewiseFit | None
    hill: HillFit | None
    exponential: ExponentialFit | None


@dataclass(frozen=True)
class Metric:
    """One metric against work.

    Attributes:
        unit: its unit; "" where it has none.
        better: ``higher`` or ``lower``.
        of: ``item``, or ``set`` for a metric that only a set of images has.
        mean, sd, ci95: a value (a pair) for each entry of the quality's ``work``.
        n: items that each value rests on.
        fits: the curves fitted to ``mean``.
    """

    unit: str
    better: str
    of: str
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    ci95: tuple[tuple[float, float], ...]
    n: int
    fits: Fits

    def __post_init__(self) -> None:
        check_one_of("better", self.better, ("higher", "lower"))
        check_one_of("of", self.of, ("item", "set"))
        check_at_least("n", self.n, 1)
        for value in self.sd:
            check_at_least("sd", value, 0.0)
        for pair in self.ci95:
            if pair[0] > pair[1]:
                raise InputError("ci95", list(pair), "must be [low, high] with low <= high")


@dataclass(frozen=True)
class Score:
    """Quality of one request in [0, 1], see the module.

    Attributes:
        metric: the metric it comes from, one ``of`` an item.
        zero, one: values of the metric that score 0 and 1.
        samples: for each entry of ``work``, the score of every item.
        fits: the curves fitted to the mean scores.
    """

    metric: str
    zero: float
    one: float
    samples: tuple[tuple[float, ...], ...]
    fits: Fits

    def __post_init__(self) -> None:
        if self.zero == self.one:
            raise InputError("one", self.one, "must differ from zero")
        counts = {len(row) for row in self.samples}
        if len(counts) != 1 or counts == {0}:
            raise InputError("samples", sorted(counts), "must have as many items at every work")
        for row in self.samples:
            for value in row:
                if not 0.0 <= value <= 1.0:
                    raise InputError("samples", value, "must lie in [0, 1]")

    @property
    def items(self) -> int:
        """Number of items that were scored."""
        return len(self.samples[0])

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean score for each entry of ``work``."""
        return tuple(sum(row) / len(row) for row in self.samples)


@dataclass(frozen=True)
class Quality:
    """Quality against work.

    Attributes:
        work: the grid, increasing.
        metrics: each metric by name.
        score: the one that counts for a request.
    """

    work: tuple[float, ...]
    metrics: Mapping[str, Metric]
    score: Score

    def __post_init__(self) -> None:
        if not self.work or self.work[0] <= 0:
            raise InputError("work", list(self.work), "must be amounts above 0")
        if any(first >= second for first, second in pairwise(self.work)):
            shown = [int(it) if it == int(it) else it for it in self.work]
            raise InputError("work", shown, "must increase, without repeats")
        if self.score.metric not in self.metrics:
            raise InputError(
                "score.metric", self.score.metric, did_you_mean(self.score.metric, self.metrics)
            )
        rows = {"score.samples": self.score.samples}
        for name, metric in self.metrics.items():
            for part in ("mean", "sd", "ci95"):
                rows[f"metrics.{name}.{part}"] = getattr(metric, part)
        for key, values in rows.items():
            if len(values) != len(self.work):
                raise InputError(
                    key, f"{len(values)} entries", f"must have one for each work: {len(self.work)}"
                )

    def score_of(self, item: int, work: float) -> float:
        """Score of one of the measured items at any work.

        A straight line between measured values; the first or last value outside of them.

        Args:
            item: index below ``score.items``.
            work: in the profile's unit.
        """
        samples = self.score.samples
        above = bisect_right(self.work, work)
        if above == 0:
            return samples[0][item]
        if above == len(self.work):
            return samples[-1][item]
        low, high = self.work[above - 1], self.work[above]
        before, after = samples[above - 1][item], samples[above][item]
        return before + (after - before) * (work - low) / (high - low)
