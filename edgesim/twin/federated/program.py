"""Programs of rounds: what is sent, trained and averaged, in which order and where.

A program says nothing of what is learned; the twin executes it on its nodes and links and tells
when each part was done, and which parts were not. Nodes are numbers of the network.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = [
    "Branch",
    "Chain",
    "Decide",
    "Par",
    "Program",
    "Reduce",
    "Repeat",
    "Send",
    "Seq",
    "Train",
    "sent_bytes",
]


@dataclass(frozen=True, slots=True)
class Send:
    """So many bytes from a node to another."""

    source: int
    target: int
    size_bytes: float


@dataclass(frozen=True, slots=True)
class Train:
    """The device at a node trains: some batches, operations in all."""

    node: int
    batches: int
    flops: float


@dataclass(frozen=True, slots=True)
class Reduce:
    """A node averages models: operations in all."""

    node: int
    flops: float


@dataclass(frozen=True, slots=True)
class Decide:
    """A node decides what comes next: s."""

    node: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Seq:
    """Steps one after the other; the first that fails ends it."""

    steps: Sequence["Program"]


@dataclass(frozen=True, slots=True)
class Par:
    """Steps at the same time; it is over when all are."""

    steps: Sequence["Program"]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A step several times, one after the other."""

    times: int
    step: "Program"


@dataclass(frozen=True, slots=True)
class Branch:
    """A part that may fail without failing what it is part of; the twin notes whether it did."""

    label: Hashable
    step: "Program"


@dataclass(frozen=True, slots=True)
class Chain:
    """A model goes from a server through devices, each of which trains it, and back.

    A device that fails is passed over: the next one has the model from the last that it can reach,
    the server at the latest. The twin notes the devices whose training is in what came back.

    Attributes:
        label: what it is noted under.
        server: where the model comes from and returns to.
        trainings: of each device, in their order.
        size_bytes: of the model on every way.
    """

    label: Hashable
    server: int
    trainings: Sequence[Train]
    size_bytes: float


Program = Send | Train | Reduce | Decide | Seq | Par | Repeat | Branch | Chain


def sent_bytes(program: Program, paths: Sequence[Sequence[Sequence[int]]]) -> dict[int, float]:
    """Bytes that a program puts on each link where nothing fails.

    Args:
        program: any.
        paths: links on the way between two nodes, ``paths[source][target]``.
    """
    found: defaultdict[int, float] = defaultdict(float)
    match program:
        case Send(source, target, size):
            for link in paths[source][target]:
                found[link] += size
        case Seq(steps) | Par(steps):
            for step in steps:
                for link, size in sent_bytes(step, paths).items():
                    found[link] += size
        case Repeat(times, step):
            for link, size in sent_bytes(step, paths).items():
                found[link] += times * size
        case Branch(_, step):
            return sent_bytes(step, paths)
        case Chain(_, server, trainings, size):
            stops = [server, *(it.node for it in trainings), server]
            return sent_bytes(Seq([Send(*pair, size) for pair in pairwise(stops)]), paths)
    return dict(found)
