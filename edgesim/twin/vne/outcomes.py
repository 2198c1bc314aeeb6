"""What came of virtual networks: typed outcomes with their times."""

from typing import NamedTuple

from edgesim.twin.vne.request import Embedding

__all__ = ["Accepted", "Dropped", "Outcome", "Rejected", "Released", "Rerouted"]


class Accepted(NamedTuple):
    """A virtual network is embedded."""

    time_s: float
    embedding: Embedding


class Rejected(NamedTuple):
    """A virtual network is turned down.

    ``reason`` is ``"taken"``, ``"cpu"`` or ``"path"`` where the last choice could not hold: the
    host has another node of the VN, lacks CPU, or a link found no path. ``"declined"`` where the
    decision maker rejected it.
    """

    time_s: float
    embedding: Embedding
    reason: str


class Released(NamedTuple):
    """A virtual network came to its end."""

    time_s: float
    embedding: Embedding


class Dropped(NamedTuple):
    """An accepted virtual network is given up: a failure took a host, or a path without another."""

    time_s: float
    embedding: Embedding


class Rerouted(NamedTuple):
    """A virtual network goes on over other paths."""

    time_s: float
    embedding: Embedding


Outcome = Accepted | Rejected | Released | Dropped | Rerouted
