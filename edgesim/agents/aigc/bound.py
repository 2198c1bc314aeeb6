r"""More than an AIGC episode can pay, whatever decides: linear programmes with the future known.

The bound reads the future of an environment that has just been reset through ``env.unwrapped.twin``
and solves a relaxation of the assignment problem by HiGHS. What is reported is not the solver's
optimum but the value of its dual prices, worked out here: by weak duality it is a bound for any
prices, so neither a solver's tolerance nor an early stop can make it too small.

This file holds the setting without a network; :mod:`edgesim.agents.aigc.bound_wireless` holds the
other.

Without a network a request ``i`` of ``t_i`` steps that arrives at ``a_i`` runs for ``r_i`` from its
arrival and pays ``q_ij`` at provider ``j``. Let ``R_k`` be the requests up to ``k`` whose run would
not be over at the arrival of ``k`` (completions due are released first). With ``x_ij`` = 1 where
``i`` is started on ``j``, the programme is

    maximise  sum q_ij x_ij
    over      sum_j x_ij <= 1                       for each decided request i    (price u_i >= 0)
              sum_{i in R_k} t_i x_ij <= C_j        for each arrival k, provider j (price l_jk >= 0)

**Crashes.** A crash frees capacity, so a schedule with crashes may break the second line, and the
programme alone is no bound. Let ``y_jk`` = 1 where request ``k`` crashes ``j`` (it is then not
started: ``sum_j x_kj + y_jk <= 1``), and ``w_ijk`` = 1 where that crash loses task ``i``, of which
the share ``g_ik`` was done. Every schedule, crashes or not, satisfies

    sum_{i in R_k} t_i (x_ij - sum_{k' <= k} w_ijk') <= C_j,     sum_k w_ijk <= x_ij,
    w_ijk <= y_jk,     sum_i t_i w_ijk <= C_j y_jk,     sum_j y_jk <= 1,

and pays at most ``sum q x - sum (c + refusal) y - sum p (1 - g) w``, where ``c`` and ``p`` are the
penalties of a crash and of a lost task. Moving the request and capacity lines into the objective
with any prices u, l >= 0 gives, with ``L_ijk = t_i * (sum of l_jk' over k' >= k with i in R_k')``
and ``rc_ij = q_ij - u_i - L_iji``,

    sum u_i + sum C_j l_jk + sum rc_ij x_ij
            + sum_jk y_jk-terms (-c - refusal - u_k) + sum w_ijk (L_ijk - p (1 - g_ik)).

Since ``x_ij >= sum_k w_ijk``, a negative ``rc_ij`` may be charged to the lost tasks; a positive one
(rounding) is added for ``x_ij`` = 1. What a crash of ``j`` at ``k`` can gain is then at most
``G_jk = min(sum_i h_ijk, C_j max_i h_ijk / t_i)`` over the ``i < k`` in ``R_k``, with
``h_ijk = max(0, L_ijk - p (1 - g_ik) + min(0, rc_ij))``, and the bound is

    sum u_i + sum C_j l_jk + sum max(0, rc_ij)
            + sum_k max_j max(0, G_jk - c - refusal - u_k).

The last sum is nought wherever penalties make crashes not worth their while, as the authors' do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from edgesim.agents.aigc.bound_wireless import wireless_bounds
from edgesim.agents.highs import maximise
from edgesim.agents.policies import Env
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.workload import AIGCWorkload

__all__ = ["Requests", "assignment_bound", "episode_bound"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SEGMENT = 5000
"""Requests in one programme. A longer episode is bounded piece by piece, each piece as if it began
with all providers empty: less to keep to, so still a bound, and time linear in the length."""

_ROWS = 500
"""Most arrivals of a segment at which capacity is kept to; fewer constraints are a valid bound."""

_PAIRS = 200_000  # (task, crash) pairs looked at in one go


def episode_bound(env: Env) -> float:
    """A bound on the return of the episode of an AIGC environment that has just been reset.

    The undiscounted return of ``reward="paid"``. About two CPU seconds for 1,000 requests without a
    network, one with; tens of seconds for 10,000.
    """
    bare: Any = env.unwrapped
    twin: AIGCWorkload = bare.twin
    if twin.scenario.wireless is None:
        parts = [assignment_bound(Requests.of(twin, part)) for part in segments(twin)]
    else:
        parts = wireless_bounds(twin, segments(twin))
    return float(sum(parts))


def segments(twin: AIGCWorkload) -> Iterator[list[Task]]:
    """The requests that will be decided, in pieces of :data:`SEGMENT`."""
    tasks = twin.tasks()
    held = list(islice(tasks, SEGMENT))
    while held:
        coming = list(islice(tasks, SEGMENT))
        if not coming and not twin.scenario.decide_last:
            held.pop()
        if held:
            yield held
        held = coming


@dataclass
class Requests:
    """The decided requests of an episode without a network, and where they can go.

    Attributes:
        arrival_s, run_s, steps: of each request, in order of arrival, shape (n,).
        quality: what each pays at each provider, shape (n, providers).
        capacity: steps that each provider holds, shape (providers,).
        crash_penalty: what a crash and its refused request cost.
        loss_penalty: what a lost task costs, times what was left of it.
    """

    arrival_s: FloatArray
    run_s: FloatArray
    steps: FloatArray
    quality: FloatArray
    capacity: FloatArray
    crash_penalty: float
    loss_penalty: float

    @classmethod
    def of(cls, twin: AIGCWorkload, tasks: list[Task]) -> "Requests":
        """These requests of a twin."""
        scenario = twin.scenario
        return cls(
            np.array([task.arrival_s for task in tasks]),
            np.array([twin.world.run_time_s(task.steps) for task in tasks]),
            np.array([task.steps for task in tasks], dtype=float),
            np.array([twin.world.curves.gains(task.steps) for task in tasks]),
            twin.world.capacity,
            scenario.crash_penalty + scenario.refusal_penalty,
            scenario.loss_penalty,
        )


def assignment_bound(requests: Requests) -> float:
    """The bound without a network, as the module's docstring derives it."""
    arrival_s, capacity = requests.arrival_s, requests.capacity
    end_s = arrival_s + requests.run_s
    # Request i is in R_k for k = i … last[i].
    last = np.searchsorted(arrival_s, end_s, side="left") - 1
    last = np.maximum(last, np.arange(len(last)))
    rows = _telling_rows(last)
    request_price, price = _prices(requests, last, rows)

    sums = np.vstack([np.zeros(len(capacity)), np.cumsum(price, axis=0)])
    run_price = requests.steps[:, None] * (sums[last + 1] - sums[: len(last)])
    startable = requests.steps[:, None] <= capacity
    reduced = np.where(startable, requests.quality - request_price[:, None] - run_price, -np.inf)
    value = request_price.sum() + (price * capacity).sum() + np.maximum(reduced, 0).sum()
    return float(value + _crash_gain(requests, last, request_price, sums, reduced))


def _telling_rows(last: IntArray) -> IntArray:
    """Arrivals whose capacity line no later one implies, thinned out where they are many.

    ``R_k`` lies within ``R_(k+1)`` unless some run ends between the two arrivals.
    """
    rows = np.unique(last)
    if len(rows) > _ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, _ROWS).round().astype(int)]
    return rows


def _prices(requests: Requests, last: IntArray, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    """Near-optimal prices: of each request, shape (n,), and of capacity, shape (n, providers).

    Solved with the load of provider j at row r as a variable of its own, ``load_r = load_(r-1) +
    what came - what went``, which keeps the matrix sparse. Requests of equal steps that cover the
    same rows are one class, with their number on the right-hand side.
    """
    providers = len(requests.capacity)
    first_row = np.searchsorted(rows, np.arange(len(last)))
    last_row = np.searchsorted(rows, last, side="right") - 1
    keys, member, count = np.unique(
        np.column_stack([requests.steps, first_row, last_row]),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    member = member.reshape(-1)
    steps, first, past = keys[:, 0], keys[:, 1].astype(int), keys[:, 2].astype(int) + 1
    quality = np.zeros((len(keys), providers))
    quality[member] = requests.quality  # equal within a class: it depends on steps alone
    task, provider = np.nonzero((quality > 0) & (steps[:, None] <= requests.capacity))
    columns = np.arange(len(task))

    size = steps[task]
    comes, goes = first[task], past[task]
    covers = comes < goes
    leaves = covers & (goes < len(rows))
    flow = sparse.coo_array(
        (
            np.concatenate([size[covers], -size[leaves]]),
            (
                np.concatenate([comes[covers], goes[leaves]]) * providers
                + np.concatenate([provider[covers], provider[leaves]]),
                np.concatenate([columns[covers], columns[leaves]]),
            ),
        ),
        shape=(len(rows) * providers, len(task)),
    )
    step = sparse.eye_array(len(rows)) - sparse.eye_array(len(rows), k=-1)
    load = sparse.kron(step, sparse.eye_array(providers))
    once = sparse.coo_array((np.ones(len(task)), (task, columns)), shape=(len(keys), len(task)))
    loads = len(rows) * providers
    bounds = np.zeros((len(task) + loads, 2))
    bounds[: len(task), 1] = np.inf
    bounds[len(task) :, 1] = np.tile(requests.capacity, len(rows))
    price = np.zeros((len(last), providers))
    prices = maximise(
        np.concatenate([quality[task, provider], np.zeros(loads)]),
        at_most=(sparse.hstack([once, sparse.coo_array((len(keys), loads))]), count.astype(float)),
        equal=(sparse.hstack([flow, -load]), np.zeros(loads)),
        bounds=bounds,
    )
    if prices is None:  # every request at its best quality: a bound still
        return requests.quality.max(axis=1, initial=0.0), price
    price[rows] = prices.upper[len(task) :].reshape(-1, providers)
    return prices.at_most[member], price


def _crash_gain(
    requests: Requests,
    last: IntArray,
    request_price: FloatArray,
    sums: FloatArray,
    reduced: FloatArray,
) -> float:
    """What crashes could add to the value of the prices, at most.

    Args:
        requests: the requests.
        last: last arrival that each would still be running at.
        request_price: price of each request.
        sums: sums of the capacity prices of all arrivals before, shape (n + 1, providers).
        reduced: reduced worth of each request at each provider, -inf where it cannot start.
    """
    arrival_s, run_s, steps = requests.arrival_s, requests.run_s, requests.steps
    count = len(last)
    charge = np.minimum(reduced, 0.0)
    # A loss can pay only late in a run, once p (1 - g) has fallen below what it frees at best.
    freed = steps[:, None] * (sums[last + 1] - sums[:count]) + charge
    most = np.maximum(freed.max(axis=1, initial=0.0), 0.0)
    share = np.ones(count)
    if requests.loss_penalty > 0:
        share = np.minimum(most / requests.loss_penalty * (1 + 1e-9) + 1e-9, 1.0)
    from_k = np.searchsorted(arrival_s, arrival_s + run_s * (1 - share), side="left")
    from_k = np.maximum(from_k, np.arange(count) + 1)
    lengths = np.where(most > 0, np.maximum(last - from_k + 1, 0), 0)

    total = np.zeros((count, len(requests.capacity)))
    densest = np.zeros_like(total)
    begins = np.concatenate([[0], np.cumsum(lengths)])
    start = 0
    while start < count:
        stop = int(np.searchsorted(begins, begins[start] + _PAIRS, side="right"))
        stop = min(max(stop - 1, start + 1), count)
        task = np.repeat(np.arange(start, stop), lengths[start:stop])
        offset = np.arange(len(task)) - (begins[task] - begins[start])
        k = from_k[task] + offset
        progress = (arrival_s[k] - arrival_s[task]) / run_s[task]
        gain = steps[task, None] * (sums[last[task] + 1] - sums[k]) + charge[task]
        gain -= (requests.loss_penalty * (1.0 - progress))[:, None]
        np.maximum(gain, 0.0, out=gain)
        np.add.at(total, k, gain)
        np.maximum.at(densest, k, gain / steps[task, None])
        start = stop
    gain_of_crash = np.minimum(total, densest * requests.capacity)
    excess = gain_of_crash - requests.crash_penalty - request_price[:, None]
    return float(np.maximum(excess.max(axis=1, initial=0.0), 0.0).sum())
