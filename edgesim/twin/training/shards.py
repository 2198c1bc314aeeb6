r"""Which neighbour sends which share of a state: greedy, MILP and bounds, as pure functions.

A state of ``D`` bytes is cut into ``K`` equal shards of ``s = D/K``. Neighbour ``i`` begins after
``tau_i`` and takes ``s/B_i + o_i`` a shard, so that a pull of whole numbers ``x`` of shards ends at

    max_i [tau_i 1(x_i > 0) + x_i (s/B_i + o_i)],    sum x = K.

The model is our reconstruction of Chaos (arXiv 2505.12815), whose abstract alone could be read: it
states that a greedy equals the MILP that its problem reduces to, which holds here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.numbers import as_finite
from edgesim.twin.core.compiled import compiled

__all__ = [
    "CHAIN",
    "Neighbour",
    "Sharding",
    "best_chain",
    "best_single_s",
    "counts_of",
    "equal_split_s",
    "fluid_bound_s",
    "greedy",
    "makespan_s",
    "milp",
]

FloatArray = npt.NDArray[np.float64]

CHAIN = tuple(2**k for k in range(8))
"""Numbers of shards that are looked at: 1 to 128, each dividing the next."""


class Neighbour(NamedTuple):
    """Who can send shards.

    Attributes:
        bytes_per_s: bytes/s, above 0.
        start_s: before its first byte: the request and its way, s.
        shard_s: besides the sending of each shard, s.
    """

    bytes_per_s: float
    start_s: float = 0.0
    shard_s: float = 0.0


class Sharding(NamedTuple):
    """How many shards each neighbour sends, and when the last byte is there.

    Attributes:
        counts: shards of each neighbour.
        seconds: the makespan, s.
    """

    counts: tuple[int, ...]
    seconds: float


def makespan_s(state_bytes: float, neighbours: Sequence[Neighbour], counts: Sequence[int]) -> float:
    """When the last shard is there, s; of the module's formula.

    Raises:
        InputError: no neighbour, a rate that is not above 0, or counts that are none.
    """
    _check(state_bytes, neighbours)
    if len(counts) != len(neighbours) or min(counts) < 0 or not sum(counts):
        raise InputError("counts", list(counts), "must be shards of each neighbour, one or more")
    shard = state_bytes / sum(counts)
    return max(
        (n.start_s + x * (shard / n.bytes_per_s + n.shard_s))
        for n, x in zip(neighbours, counts, strict=True)
        if x
    )


def greedy(state_bytes: float, neighbours: Sequence[Neighbour], shards: int) -> Sharding:
    """Each next shard goes to whoever would have sent it first; of equals to the first.

    O(shards · neighbours), compiled.

    Raises:
        InputError: as :func:`makespan_s`, or ``shards`` is not 1 or more.
    """
    _check(state_bytes, neighbours, shards)
    counts, ends = counts_of(
        float(state_bytes),
        np.array([n.bytes_per_s for n in neighbours]),
        np.array([n.start_s for n in neighbours]),
        np.array([n.shard_s for n in neighbours]),
        shards,
    )
    return Sharding(tuple(counts.tolist()), ends)


@compiled()
def counts_of(
    state_bytes: float,
    bytes_per_s: FloatArray,
    start_s: FloatArray,
    shard_s: FloatArray,
    shards: int,
) -> tuple[npt.NDArray[np.int64], float]:
    """:func:`greedy` of figures that were checked, by neighbour: the counts, and the makespan."""
    each = state_bytes / shards / bytes_per_s + shard_s
    counts = np.zeros(len(each), dtype=np.int64)
    # When each would have sent one shard more. start + x * each, not a running sum: the makespan's
    # own arithmetic, so that what is equal on paper is equal here.
    following = start_s + each
    ends = 0.0
    for _ in range(shards):
        soonest = 0
        for place in range(1, len(each)):
            if following[place] < following[soonest]:
                soonest = place
        ends = max(ends, following[soonest])
        counts[soonest] += 1
        following[soonest] = start_s[soonest] + (counts[soonest] + 1) * each[soonest]
    return counts, ends


def milp(state_bytes: float, neighbours: Sequence[Neighbour], shards: int) -> Sharding:
    """The exact optimum by mixed-integer linear programming (HiGHS).

    Variables: the shards ``x_i`` (whole), whether ``x_i > 0`` (0 or 1), and the makespan.

    Raises:
        InputError: as :func:`greedy`.
        RuntimeError: HiGHS gives no optimum.
    """
    from scipy.optimize import Bounds, LinearConstraint
    from scipy.optimize import milp as solve

    _check(state_bytes, neighbours, shards)
    count = len(neighbours)
    each = np.array([state_bytes / shards / n.bytes_per_s + n.shard_s for n in neighbours])
    start = np.array([n.start_s for n in neighbours])
    # In units of what the greedy takes: HiGHS' tolerances are absolute.
    unit = greedy(state_bytes, neighbours, shards).seconds
    eye, zero = np.eye(count), np.zeros((count, 1))
    ends = np.hstack([np.diag(each / unit), np.diag(start / unit), zero - 1.0])
    used = np.hstack([eye, -shards * eye, zero])
    all_sent = np.concatenate([np.ones(count), np.zeros(count + 1)])
    found = solve(
        np.concatenate([np.zeros(2 * count), [1.0]]),
        integrality=np.concatenate([np.ones(2 * count), [0.0]]),
        bounds=Bounds(0, np.concatenate([np.full(count, shards), np.ones(count), [np.inf]])),
        constraints=[
            LinearConstraint(ends, -np.inf, 0.0),
            LinearConstraint(used, -np.inf, 0.0),
            LinearConstraint(all_sent, shards, shards),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None or found.status != 0:
        raise RuntimeError(f"HiGHS found no optimum: {found.message}")
    counts = tuple(round(x) for x in found.x[:count])
    return Sharding(counts, makespan_s(state_bytes, neighbours, counts))


def best_chain(
    state_bytes: float, neighbours: Sequence[Neighbour], chain: Sequence[int] = CHAIN
) -> tuple[int, Sharding]:
    """The number of shards of a chain with which the greedy is soonest, and its sharding.

    Of equals the fewest. Finer is not always better: each shard may cost ``shard_s``.
    """
    found = [(shards, greedy(state_bytes, neighbours, shards)) for shards in chain]
    return min(found, key=lambda one: one[1].seconds)


def best_single_s(state_bytes: float, neighbours: Sequence[Neighbour]) -> float:
    """The whole state as one shard from whoever is soonest, s."""
    return greedy(state_bytes, neighbours, 1).seconds


def equal_split_s(
    state_bytes: float, neighbours: Sequence[Neighbour], shards: int | None = None
) -> float:
    """As many shards from every neighbour, the first ones one more where that is not whole, s.

    Args:
        state_bytes: ``D``.
        neighbours: who sends.
        shards: how many, ``K``; None: as many as are best for the greedy (:func:`best_chain`).
    """
    _check(state_bytes, neighbours, 1 if shards is None else shards)
    if shards is None:
        shards = best_chain(state_bytes, neighbours)[0]
    each, more = divmod(shards, len(neighbours))
    counts = [each + (i < more) for i in range(len(neighbours))]
    return makespan_s(state_bytes, neighbours, counts)


def fluid_bound_s(state_bytes: float, neighbours: Sequence[Neighbour]) -> float:
    """The least ``T`` with ``sum B_i max(T - tau_i, 0) = D``: no pull is sooner, s."""
    _check(state_bytes, neighbours)
    rate = begun = 0.0
    end = np.inf
    for n in sorted(neighbours, key=lambda one: one.start_s):
        if end <= n.start_s:
            break
        rate += n.bytes_per_s
        begun += n.bytes_per_s * n.start_s
        end = (state_bytes + begun) / rate
    return float(end)


def _check(state_bytes: float, neighbours: Sequence[Neighbour], shards: int = 1) -> None:
    number = as_finite(state_bytes)
    if number is None or number <= 0:
        raise InputError("state_bytes", state_bytes, "must be a finite number above 0")
    if not neighbours:
        raise InputError("neighbours", [], "must be at least one: nobody has the state")
    if isinstance(shards, bool) or not isinstance(shards, int | np.integer) or shards < 1:
        raise InputError("shards", shards, "must be a whole number of at least 1")
    for number_of, n in enumerate(neighbours):
        rate = as_finite(n.bytes_per_s)
        if rate is None or rate <= 0:
            accepted = "must be a finite number above 0"
            raise InputError(f"bytes_per_s of neighbour {number_of}", n.bytes_per_s, accepted)
        for key, value in (("start_s", n.start_s), ("shard_s", n.shard_s)):
            told = as_finite(value)
            if told is None or told < 0:
                raise InputError(f"{key} of neighbour {number_of}", value, "must be at least 0")
