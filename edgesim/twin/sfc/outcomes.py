"""What came of requests for chains: typed outcomes with their times."""

from typing import NamedTuple

from edgesim.twin.sfc.chain import Chain, QoS

__all__ = ["Accepted", "Dropped", "Outcome", "Rejected", "Released", "Rerouted"]


class Accepted(NamedTuple):
    """A chain is admitted; ``qos`` and ``qoe`` are as things stand now."""

    time_s: float
    chain: Chain
    qos: QoS
    qoe: float


class Rejected(NamedTuple):
    """A request ended without a chain.

    ``reason`` is ``"bandwidth"`` or ``"delay"`` where the last choice could not hold,
    ``"declined"`` where the decision maker rejected it, or a word of the fabric.
    """

    time_s: float
    chain: Chain
    reason: str


class Released(NamedTuple):
    """A chain came to its end; ``qoe`` is the mean over its life."""

    time_s: float
    chain: Chain
    qoe: float


class Dropped(NamedTuple):
    """A chain was ended before its time; ``qoe`` is the mean over its life."""

    time_s: float
    chain: Chain
    qoe: float
    reason: str


class Rerouted(NamedTuple):
    """A chain goes on over other links."""

    time_s: float
    chain: Chain


Outcome = Accepted | Rejected | Released | Dropped | Rerouted
