"""How a newcomer gets the training state: from whom, in which shares, and how long that takes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.training.shards import counts_of

__all__ = ["KINDS", "OPTIONS", "Plan", "Sources", "count_of", "shares_of"]

FloatArray = npt.NDArray[np.float64]

OPTIONS: dict[str, str] = {
    "pull_1": "the state from the best neighbour, training goes on (Elan, EDL)",
    "pull_2": "from the best two, shares by the greedy and each one's own rate",
    "pull_4": "from the best four, likewise",
    "pull_all": "from all, likewise (Chaos)",
    "shared_2": "from the best two, shares by the rates that they have together",
    "shared_4": "from the best four, likewise",
    "shared_all": "from all, likewise",
    "equal_all": "from all, the same share from each",
    "pause_1": "from the best neighbour, and nobody trains until the newcomer does",
    "pause_all": "from all by the rates that they have together, likewise",
    "restart": "by a checkpoint: all stop, write, and start again (Pollux)",
    "centre": "a controller decides, the centre sends, all wait (Autoscaling)",
    "keep": "leave the shares, or the ring, as they are",
    "boundary": "join at the end of the step under way",
    "now": "join at once: the step under way begins anew",
    "catch_up": "fetch the updates that were missed while training goes on",
    "wait": "likewise, and no step begins before the newcomer has them",
    "tour": "put the ring in the order of a tour around the backbone",
    "twice_all": "as shared_all, each share from a second source too: the sooner one counts",
}
"""All that can be chosen, at one decision or another."""

_PULLS = (
    "pull_1",
    "pull_2",
    "pull_4",
    "pull_all",
    "shared_2",
    "shared_4",
    "shared_all",
    "twice_all",
)
_TOGETHER = ("shared", "pause", "twice")  # whose shares are by the rates that sources have together

KINDS: dict[str, tuple[str, ...]] = {
    "join": (*_PULLS, "equal_all", "pause_1", "pause_all", "restart", "centre"),
    "replan": ("keep", *_PULLS),
    "catch_up": ("catch_up", "wait"),
    "admit": ("boundary", "now"),
    "ring": ("keep", "tour"),
}
"""What can be chosen at each kind of decision: when an institution wants to join; when rates or
sources of a pull change; when it has the state, and has missed updates; when it is ready; and when
the ring or the network has changed."""


class Plan(NamedTuple):
    """What a newcomer does.

    Attributes:
        sources: institutions that send, the best first.
        share_bytes: what each is asked for.
        seconds: who is asked for each share as well, of as many; none: nobody.
    """

    sources: tuple[int, ...]
    share_bytes: tuple[float, ...]
    seconds: tuple[int, ...] = ()


class Sources(NamedTuple):
    """Who can send the state to a newcomer, the best first.

    Attributes:
        nodes: institutions.
        alone_bytes_s: rate of each by itself, as its path has room, bytes/s, shape (sources,), the
            largest first.
        start_s: until its first byte is there, s, shape (sources,).
        access_bytes_s: room of the newcomer's access link, bytes/s.
    """

    nodes: list[int]
    alone_bytes_s: FloatArray
    start_s: FloatArray
    access_bytes_s: float

    def together_bytes_s(self, count: int) -> FloatArray:
        """Rates of the best ``count`` at the same time: max-min fair at the newcomer's access."""
        return _together(self.alone_bytes_s, self.access_bytes_s, count)

    def pull_s(self, size_bytes: float, count: int) -> float:
        """About what a pull from the best ``count`` takes, s: as a fluid, together."""
        seconds: float = _pull_s(
            self.alone_bytes_s, self.start_s, self.access_bytes_s, size_bytes, count
        )
        return seconds


@compiled()
def _together(alone_bytes_s: FloatArray, access_bytes_s: float, count: int) -> FloatArray:
    """See :meth:`Sources.together_bytes_s`."""
    rates = alone_bytes_s[:count].copy()
    left = access_bytes_s
    # From the slowest on: those that need less than an equal share leave the rest more.
    for place in range(len(rates) - 1, -1, -1):
        level = left / (place + 1)
        if rates[place] >= level:
            rates[: place + 1] = level
            break
        left -= rates[place]
    return rates


@compiled()
def _pull_s(
    alone_bytes_s: FloatArray,
    start_s: FloatArray,
    access_bytes_s: float,
    size_bytes: float,
    count: int,
) -> float:
    """See :meth:`Sources.pull_s`."""
    rates = _together(alone_bytes_s, access_bytes_s, count)
    total = begun = 0.0
    for place in range(len(rates)):
        total += rates[place]
        begun += rates[place] * start_s[place]
    if total <= 0.0:
        return np.inf
    return (size_bytes + begun) / total


def count_of(option: str, sources: int) -> int:
    """How many sources an option takes."""
    ending = option.rpartition("_")[2]
    return sources if ending == "all" else min(int(ending), sources)


def shares_of(
    option: str, sources: Sources, size_bytes: float, shards: int, shard_s: float
) -> Plan:
    """The plan of an option.

    Args:
        option: ``pull_…``, ``shared_…``, ``equal_…``, ``pause_…`` or ``twice_…``.
        sources: who can send.
        size_bytes: what is to come.
        shards: parts that it is cut into.
        shard_s: what each part takes besides its sending, s.
    """
    count = count_of(option, len(sources.nodes))
    if option.startswith("equal"):
        each, more = divmod(shards, count)
        counts: Sequence[int] = [each + (place < more) for place in range(count)]
    else:
        together = option.startswith(_TOGETHER)
        rates = sources.together_bytes_s(count) if together else sources.alone_bytes_s[:count]
        found, _ = counts_of(
            size_bytes,
            np.maximum(rates, 1e-3),
            sources.start_s[:count],
            np.full(count, shard_s),
            shards,
        )
        counts = found.tolist()
    shard = size_bytes / shards
    asked = [(node, x * shard) for node, x in zip(sources.nodes, counts, strict=False) if x]
    nodes = tuple(node for node, _ in asked)
    twice = option.startswith("twice") and len(nodes) > 1
    # Each share from the next source too: everybody sends a second one.
    return Plan(nodes, tuple(size for _, size in asked), nodes[1:] + nodes[:1] if twice else ())
