"""The seven parameters of a step's time from measured steps, as Pollux fits them."""

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.twin.training.goodput import StepTimes

__all__ = ["fit_step_times", "relative_errors"]

FloatArray = npt.NDArray[np.float64]

_LEAST = 1e-8  # of a parameter
_STARTS = ((1.0, 2.0), (0.3, 1.5), (3.0, 4.0))
"""Where the search begins: factor on the first guess of the all-reduce, and gamma."""


def fit_step_times(
    nodes: npt.ArrayLike,
    replicas: npt.ArrayLike,
    atomic: npt.ArrayLike,
    pass_s: npt.ArrayLike,
    step_s: npt.ArrayLike,
) -> StepTimes:
    """Parameters that make the least of Pollux's objective (L-BFGS-B from three beginnings).

    Root mean squares of the logarithmic errors of a pass and of a whole step, plus
    ``1e-3 (gamma - 1)² + 1e-2 ((beta_n/alpha_n)² + (beta_r/alpha_r)²)``.

    Args:
        nodes: of each measured step, shape (steps,).
        replicas: likewise.
        atomic: samples a replica.
        pass_s: time without synchronisation, s.
        step_s: the whole step, s.

    Raises:
        InputError: fewer than eight steps, different lengths, or times that are not above 0.
    """
    from scipy.optimize import minimize

    n, k, m, c, t = (np.asarray(x, dtype=float) for x in (nodes, replicas, atomic, pass_s, step_s))
    if not (len(n) == len(k) == len(m) == len(c) == len(t) >= 8):
        raise InputError("steps", len(n), "must be 8 or more, with all figures of each")
    if not (np.isfinite(c).all() and np.isfinite(t).all() and c.min() > 0 and t.min() > 0):
        raise InputError("step times", float(min(c.min(), t.min())), "must be finite and above 0")
    log_c, log_t = np.log(c), np.log(t)
    over, inside = n > 1, (n <= 1) & (k > 1)
    beyond = np.maximum(k - 2.0, 0.0)
    sync = np.maximum(t - c, _LEAST)
    slope, base = np.polyfit(m, c, 1)
    alpha_c, beta_c = max(base, 0.1 * c.min()), max(slope, 1e-7)
    alpha_n = float(np.median(sync[over])) if over.any() else 0.1
    alpha_r = float(np.median(sync[inside])) if inside.any() else 0.01

    def objective(logs: FloatArray) -> float:
        ac, bc, an, bn, ar, br = np.exp(logs[:6])
        gamma = logs[6]
        passing = ac + bc * m
        syncing = np.where(over, an + bn * beyond, np.where(inside, ar + br * beyond, _LEAST))
        longer = np.maximum(passing, syncing)
        whole = longer * ((passing / longer) ** gamma + (syncing / longer) ** gamma) ** (1 / gamma)
        errors = np.sqrt(np.mean((np.log(passing) - log_c) ** 2))
        errors += np.sqrt(np.mean((np.log(whole) - log_t) ** 2))
        rules = 1e-3 * (gamma - 1) ** 2 + 1e-2 * ((bn / an) ** 2 + (br / ar) ** 2)
        return float(errors + rules)

    low = [np.log(_LEAST)] * 6 + [1.0]
    high = [np.log(1e4)] * 6 + [10.0]
    best = None
    for factor, gamma in _STARTS:
        an, ar = alpha_n * factor, alpha_r * factor
        first = np.log([alpha_c, beta_c, an, 0.03 * an, ar, 0.03 * ar])
        start = np.clip(np.append(first, gamma), low, high)
        found = minimize(
            objective,
            start,
            method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)),
            options={"maxiter": 400},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    ac, bc, an, bn, ar, br = (float(x) for x in np.exp(best.x[:6]))
    return StepTimes(ac, bc, an, bn, ar, br, float(best.x[6]))


def relative_errors(
    times: StepTimes,
    nodes: npt.ArrayLike,
    replicas: npt.ArrayLike,
    atomic: npt.ArrayLike,
    step_s: npt.ArrayLike,
) -> FloatArray:
    """``|predicted - measured| / measured`` of each step, shape (steps,)."""
    measured = np.asarray(step_s, dtype=float)
    return np.asarray(np.abs(times.step_s(nodes, replicas, atomic) - measured) / measured)
