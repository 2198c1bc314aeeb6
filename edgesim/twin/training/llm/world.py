"""The world of a large model's training: devices, settings to choose from, their true speeds."""

from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.scenarios.training.llm import LLMScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.streams import Streams, stream_key
from edgesim.twin.training.llm.efficiency import Drift
from edgesim.twin.training.parallel import MODELS, Hardware, Strategy, feasible

__all__ = ["KINDS", "LLMWorld", "Options", "Setting"]

KINDS = {
    # peak of dense bfloat16, share of it reached, bytes/s inside a node and between, memory
    "H100": Hardware(8, 8, 989e12, 0.45, 300e9, 40e9, 80e9),
    "MI210": Hardware(8, 8, 181e12, 0.40, 60e9, 20e9, 64e9),
}
"""Devices by name: data sheets, and utilisations that are reached with them [chosen]."""


class Setting(NamedTuple):
    """What a job runs with."""

    batch: int
    strategy: Strategy


class Options(NamedTuple):
    """What so many nodes can choose from: each batch in each (tensor, pipeline) ways.

    Attributes:
        settings: of each option that with the fastest micro-batch; None where it cannot be run.
        number: of each setting, its place in there.
        there: whether it can be run, shape (options,), as the others.
        speed: sequences a second by the formula; 0 where it cannot be run.
        batch: sequences.
        layout: number of its layout among ``layouts``.
        layouts: all layouts by number.
    """

    settings: list[Setting | None]
    number: dict[Setting, int]
    there: NDArray[np.bool_]
    speed: NDArray[np.float64]
    batch: NDArray[np.float64]
    layout: NDArray[np.int64]
    layouts: dict[tuple[int, int, int], int]


def _powers(most: int) -> list[int]:
    """1, 2, 4, … up to a power of two."""
    return [1 << place for place in range(most.bit_length())]


class LLMWorld(Shared):
    """What stays the same in all episodes of a scenario.

    A layout's true speed is that of the formula times a factor that ``world_seed`` draws once: who
    decides knows the formula, and the factor only where the layout was tried.

    Args:
        scenario: the scenario.

    Attributes:
        scenario: the scenario.
        drift: the noise scale.
        model: what is trained.
        ways: (tensor, pipeline) of all strategies, in order.

    Raises:
        InputError: the model fits in no way into the memory of all devices.
    """

    def __init__(self, scenario: LLMScenario) -> None:
        self.scenario = scenario
        self.drift = Drift(scenario.noise.start, scenario.noise.growth)
        self.model = replace(MODELS[scenario.job.model], tokens=scenario.job.tokens)
        self._speeds: dict[int, dict[Setting, float]] = {}
        self._fastest: dict[int, dict[tuple[int, tuple[int, int]], Setting]] = {}
        self._options: dict[int, Options] = {}
        self._factors: dict[tuple[int, int, int], float] = {}
        if not self.speeds(scenario.accelerators.nodes):
            kind = KINDS[scenario.accelerators.kind]
            devices = scenario.accelerators.nodes * scenario.accelerators.per_node
            where = f"{devices} devices of {kind.memory_bytes / 1e9:g} GB"
            accepted = f"fits with no strategy and batch into {where}: take more nodes"
            raise InputError("job.model", scenario.job.model, accepted)
        self.ways = sorted(
            {
                one.strategy[:2]
                for nodes in _powers(scenario.accelerators.nodes)
                for one in self.speeds(nodes)
            }
        )

    def hardware(self, nodes: int) -> Hardware:
        """So many of the nodes."""
        devices = self.scenario.accelerators
        return replace(
            KINDS[devices.kind], devices=nodes * devices.per_node, per_node=devices.per_node
        )

    def speeds(self, nodes: int) -> dict[Setting, float]:
        """Sequences a second by the formula of every setting that so many nodes can run."""
        if nodes not in self._speeds:
            self._speeds[nodes] = {
                Setting(batch, step.strategy): step.samples_per_s
                for batch in self.scenario.job.batches
                for step in feasible(self.hardware(nodes), self.model, batch)
            }
        return self._speeds[nodes]

    def fastest(self, nodes: int) -> dict[tuple[int, tuple[int, int]], Setting]:
        """Of each batch and (tensor, pipeline) the setting with the fastest micro-batch."""
        if nodes not in self._fastest:
            found: dict[tuple[int, tuple[int, int]], Setting] = {}
            speeds = self.speeds(nodes)
            for one, speed in speeds.items():
                key = (one.batch, one.strategy[:2])
                if key not in found or speed > speeds[found[key]]:
                    found[key] = one
            self._fastest[nodes] = found
        return self._fastest[nodes]

    def options(self, nodes: int) -> Options:
        """What so many nodes can choose from."""
        if nodes not in self._options:
            fastest, speeds = self.fastest(nodes), self.speeds(nodes)
            batches = self.scenario.job.batches
            keys = [(batch, way) for batch in batches for way in self.ways]
            settings = [fastest.get(key) for key in keys]
            layouts: dict[tuple[int, int, int], int] = {}
            numbers = [
                0 if one is None else layouts.setdefault(one.strategy.layout, len(layouts))
                for one in settings
            ]
            self._options[nodes] = Options(
                settings,
                {one: place for place, one in enumerate(settings) if one is not None},
                np.array([one is not None for one in settings]),
                np.array([0.0 if one is None else speeds[one] for one in settings]),
                np.array([float(batch) for batch, _ in keys]),
                np.array(numbers),
                layouts,
            )
        return self._options[nodes]

    @cached_property
    def _seed(self) -> int:
        streams = Streams(np.random.SeedSequence(self.scenario.world_seed))
        return int(streams["speeds"].integers(2**32))

    def factor(self, strategy: Strategy) -> float:
        """True speed of a strategy over its formula's, the same for all of its layout."""
        layout = strategy.layout
        if layout not in self._factors:
            words = [self._seed, stream_key(str(layout))]
            rng = np.random.default_rng(np.random.SeedSequence(words))
            self._factors[layout] = float(
                np.exp(rng.normal(0.0, self.scenario.accelerators.spread))
            )
        return self._factors[layout]

    @cached_property
    def first(self) -> Setting:
        """Where a job begins: of the settings, by the formulas, that of the best goodput then."""
        speeds = self.speeds(self.scenario.accelerators.nodes)
        return max(speeds, key=lambda one: speeds[one] * self.drift.efficiency(one.batch, 0.0))
