"""Curves through measured points: quality against work, time and memory of batches."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from edgesim.profiles.profile import (
    AffineLatency,
    ExponentialFit,
    Extrapolation,
    Fits,
    HillFit,
    Inputs,
    LatencySample,
    Memory,
    MemorySample,
    PiecewiseFit,
)

__all__ = [
    "extrapolated",
    "fit_batches",
    "fit_curves",
    "fit_inputs",
    "fit_latency",
    "fit_memory",
    "piecewise",
    "r_squared",
]

FloatArray = npt.NDArray[np.float64]

_LEAST_S = 1e-9  # of an item's unit of work where none can be told from noise: a tick of the clock
_GRID, _ROUNDS = 41, 4  # places of ax and bx that are tried, each round closer about the best


def r_squared(values: npt.ArrayLike, fitted: npt.ArrayLike) -> float:
    """Share of the values' variance that a fit explains; 1 where they do not vary and it hits."""
    found, curve = np.asarray(values, dtype=float), np.asarray(fitted, dtype=float)
    left, all_of_it = ((found - curve) ** 2).sum(), ((found - found.mean()) ** 2).sum()
    if all_of_it == 0:
        return 1.0 if left == 0 else 0.0
    return float(1.0 - left / all_of_it)


def fit_curves(work: Sequence[float], values: Sequence[float]) -> Fits:
    """The three curves of :mod:`edgesim.profiles.profile`; None for one with too few points.

    A curve needs one point more than it has parameters, and values that vary.
    """
    at, found = np.asarray(work, dtype=float), np.asarray(values, dtype=float)
    varies = bool(np.ptp(found) > 0)
    return Fits(
        piecewise=piecewise(at, found) if varies and len(at) > 4 else None,
        hill=_hill(at, found) if varies and len(at) > 4 else None,
        exponential=_exponential(at, found) if varies and len(at) > 3 else None,
    )


def piecewise(steps: FloatArray, values: FloatArray) -> PiecewiseFit:
    """The four-parameter line with least squared error.

    A grid over (ax, bx), with (ay, by) by least squares at each place, and again more closely about
    the best place. A search by gradients stops at the corners of the line.
    """
    low_a, high_a = low_b, high_b = float(steps[0]), float(steps[-1])
    best = (np.inf, 0.0, 0.0, 0.0, 0.0)
    for _ in range(_ROUNDS):
        for ax in np.linspace(low_a, high_a, _GRID):
            for bx in np.linspace(low_b, high_b, _GRID):
                if bx - ax > 1e-6 * steps[-1]:
                    best = min(best, _line(steps, values, ax, bx))
        _, ax, bx, _, _ = best
        width_a, width_b = (high_a - low_a) * 3 / _GRID, (high_b - low_b) * 3 / _GRID
        low_a, high_a = max(ax - width_a, steps[0]), min(ax + width_a, steps[-1])
        low_b, high_b = max(bx - width_b, steps[0]), min(bx + width_b, steps[-1])
    _, ax, bx, ay, by = best
    share = np.clip((steps - ax) / (bx - ax), 0.0, 1.0)
    return PiecewiseFit(
        float(ax), float(ay), float(bx), float(by), r_squared(values, ay + (by - ay) * share)
    )


def _line(
    steps: FloatArray, values: FloatArray, ax: float, bx: float
) -> tuple[float, float, float, float, float]:
    """Squared error, ax, bx, and the best ay and by."""
    share = np.clip((steps - ax) / (bx - ax), 0.0, 1.0)
    spread = share - share.mean()
    size = (spread**2).sum()
    slope = float((spread * values).sum() / size) if size > 0 else 0.0
    ay = float(values.mean() - slope * share.mean())
    error = float(((ay + slope * share - values) ** 2).sum())
    return error, ax, bx, ay, ay + slope


def _hill(steps: FloatArray, values: FloatArray) -> HillFit | None:
    def curve(s: FloatArray, floor: float, top: float, half: float, power: float) -> FloatArray:
        return np.asarray(floor + (top - floor) / (1.0 + (half / s) ** power))

    middle = float(np.sqrt(steps[0] * steps[-1]))
    starts = [
        (values[0], values[-1], half, power) for half in (middle, steps[0]) for power in (1, 3)
    ]
    room = 3.0 * np.ptp(values)
    low, high = values.min() - room, values.max() + room
    bounds = ([low, low, 1e-3 * steps[0], 0.1], [high, high, 10.0 * steps[-1], 20.0])
    found = _best(curve, steps, values, starts, bounds)
    return None if found is None else HillFit(*found)


def _exponential(steps: FloatArray, values: FloatArray) -> ExponentialFit | None:
    def curve(s: FloatArray, floor: float, top: float, scale: float) -> FloatArray:
        return np.asarray(floor + (top - floor) * (1.0 - np.exp(-s / scale)))

    starts = [(values[0], values[-1], scale) for scale in np.geomspace(steps[0], steps[-1], 4)]
    found = _best(curve, steps, values, starts, ([-np.inf, -np.inf, 1e-3 * steps[0]], np.inf))
    return None if found is None else ExponentialFit(*found)


def _best(
    curve: Callable[..., FloatArray],
    steps: FloatArray,
    values: FloatArray,
    starts: Sequence[tuple[float, ...]],
    bounds: tuple[Sequence[float], Sequence[float] | float],
) -> tuple[float, ...] | None:
    """Parameters and R² of the best of several least-squares searches; None if none ended."""
    from scipy.optimize import curve_fit

    found = []
    for start in starts:
        try:
            fitted, _ = curve_fit(curve, steps, values, p0=start, bounds=bounds, max_nfev=5000)
        except RuntimeError:  # not converged from here
            continue
        found.append((*map(float, fitted), r_squared(values, curve(steps, *fitted))))
    return max(found, key=lambda row: row[-1], default=None)


def fit_latency(samples: Sequence[LatencySample]) -> AffineLatency:
    """The affine model of the samples' medians, no part of it negative.

    Errors are weighed relative to the time: a batch of much work counts as much as a short one.
    Its R² is that of the medians, unweighed.
    """
    return fit_batches(
        [([item.work] * item.batch, float(np.median(item.seconds))) for item in samples]
    )


def extrapolated(samples: Sequence[LatencySample]) -> Extrapolation | None:
    """What the model of all other samples says of those with the most work.

    None where fewer than two amounts of work are left, from which no slope can be told.
    """
    most = max(item.work for item in samples)
    rest = [item for item in samples if item.work < most]
    if len({item.work for item in rest}) < 2:
        return None
    model, held = fit_latency(rest), [item for item in samples if item.work == most]
    errors = [
        model.seconds(most, item.batch) / float(np.median(item.seconds)) - 1.0 for item in held
    ]
    return Extrapolation(
        most, tuple(item.batch for item in held), tuple(round(error, 4) for error in errors)
    )


def fit_batches(batches: Sequence[tuple[Sequence[float], float]]) -> AffineLatency:
    """The affine model of batches of differing work, each with the seconds that it took.

    Items of a batch share their last steps (the tokens of the longest ones), so that it takes
    ``fixed_s + fixed_s_per_item n + work_s max(work) + work_s_per_item sum(work)``.
    """
    from scipy.optimize import nnls

    rows = np.array([[1.0, len(work), max(work), sum(work)] for work, _ in batches])
    seconds = np.array([took for _, took in batches])
    found, _ = nnls(rows / seconds[:, None], np.ones(len(batches)))
    fixed, fixed_each, step, step_each = map(float, found)
    if step + step_each == 0.0:
        step_each = _LEAST_S
    return AffineLatency(fixed, fixed_each, step, step_each, r_squared(seconds, rows @ found))


def fit_inputs(
    samples: Sequence[LatencySample],
    sizes: Sequence[float],
    parts: Sequence[float],
    work: Sequence[float],
    seconds: Sequence[Sequence[float]],
) -> tuple[AffineLatency, Inputs]:
    """The affine model of items that are not alike, and what their inputs change.

    A batch takes ``fixed_s + fixed_s_per_item n + work_s max(w s) + work_s_per_item sum(w s) +
    part_s sum(p - mean p)``, with an item's work w, size s over the mean one and parts p; as in
    :func:`fit_batches` no part of it is negative, and errors are relative.

    Args:
        samples: batches, of the first items.
        sizes: how large the input of each item is, in any unit.
        parts: how many things are in it.
        work: at which items were timed alone.
        seconds: what each took, shape (works, items).
    """
    from scipy.optimize import nnls

    share = np.asarray(sizes, dtype=float) / np.mean(sizes)
    held = np.asarray(parts, dtype=float)
    rows, took = [], []
    for sample in samples:
        own = sample.work * share[: sample.batch]
        rows.append([1.0, sample.batch, own.max(), own.sum(), held[: sample.batch].sum()])
        took.append(float(np.median(sample.seconds)))
    for amount, row in zip(work, seconds, strict=True):
        rows += [[1.0, 1.0, amount * s, amount * s, p] for s, p in zip(share, held, strict=True)]
        took += list(row)
    table, times = np.array(rows), np.array(took)
    found, _ = nnls(table / times[:, None], np.ones(len(times)))
    fixed, fixed_each, step, step_each, part = map(float, found)
    if step + step_each == 0.0:
        step_each = _LEAST_S
    fitted, count = table @ found, len(samples)
    return (
        AffineLatency(
            fixed,
            fixed_each + part * float(held.mean()),
            step,
            step_each,
            r_squared(times[:count], fitted[:count]),
        ),
        Inputs(
            tuple(share.tolist()),
            tuple(held.tolist()),
            part,
            tuple(map(float, work)),
            tuple(tuple(map(float, row)) for row in seconds),
            r_squared(times[count:], fitted[count:]),
        ),
    )


def fit_memory(by_batch: Sequence[MemorySample]) -> Memory:
    """The affine model of memory by batch."""
    from scipy.optimize import nnls

    rows = np.array([[1.0, item.batch] for item in by_batch])
    found, _ = nnls(rows, np.array([float(item.bytes) for item in by_batch]))
    # A service that holds nothing of an item has a byte of it: the twin divides by it.
    return Memory(tuple(by_batch), float(found[0]), max(float(found[1]), 1.0))
