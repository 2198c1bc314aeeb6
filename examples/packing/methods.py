"""The methods, and what gives their rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.measuring.rollout import Rollout
from edgesim.agents.specs import Column, PolicySpec
from edgesim.scenarios.checks import integer_from
from edgesim.scenarios.settings import setting

__all__ = [
    "COLUMNS",
    "METRICS",
    "POLICIES",
    "PackingScenario",
    "first_fit",
    "largest_first",
    "play",
]

Method = Callable[[npt.NDArray[np.float64]], int]
"""Sizes of the services, shares of a machine, shape (services,), to the machines that they need."""


@dataclass
class PackingScenario:
    """Services of random size.

    Raises:
        InputError: a value is out of its range.
    """

    name: str = setting("", "name of the preset")
    problem: str = setting("packing", "name of the problem")
    title: str = setting("", "one line on it")
    services: int = setting(20, "services to place")

    def __post_init__(self) -> None:
        integer_from("services", self.services, 1)


POLICIES = {
    "first_fit": PolicySpec("the first machine with room", "packing.methods:first_fit"),
    "largest_first": PolicySpec("likewise, the largest first", "packing.methods:largest_first"),
    "bound": PolicySpec("no method: the sum of all sizes", "packing.methods:fluid", bound=True),
}
COLUMNS = (Column("load", ("load",), digits=2),)
METRICS = {"machines": "machines in use", "load": "mean load of a machine"}


def first_fit(sizes: npt.NDArray[np.float64]) -> int:
    """The first machine with room."""
    room: list[float] = []
    for size in sizes:
        place = next((k for k, left in enumerate(room) if size <= left), None)
        if place is None:
            room.append(1.0 - size)
        else:
            room[place] -= size
    return len(room)


def largest_first(sizes: npt.NDArray[np.float64]) -> int:
    """The first machine with room, for the largest service first."""
    return first_fit(np.sort(sizes)[::-1])


def fluid(sizes: npt.NDArray[np.float64]) -> int:
    """What services that can be cut would need."""
    return int(np.ceil(sizes.sum()))


def play(scenario: PackingScenario, method: Method, seeds: Sequence[int], **_: Any) -> Rollout:
    """A row a seed, see :func:`edgesim.agents.measuring.rollout.rollout`."""
    begun = process_time()
    rows = []
    for seed in seeds:
        sizes = np.random.default_rng(seed).uniform(0.05, 0.6, scenario.services)
        machines = method(sizes)
        rows.append({"seed": seed, "machines": machines, "load": float(sizes.sum()) / machines})
    return Rollout(rows, decisions=len(rows) * scenario.services, cpu_s=process_time() - begun)
