"""What stays in an AIGC world: its providers, sites, streets and metro network."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.aigc import AIGCScenario, ProviderSpec, ServiceProfile, read_providers
from edgesim.twin.network import MetroRoutes, metro_graph
from edgesim.twin.quality import QualityCurves
from edgesim.twin.radio import RadioMap
from edgesim.twin.streams import Streams
from edgesim.twin.workload import Workload

__all__ = ["AIGCWorld"]


class AIGCWorld:
    """Everything that ``world_seed`` draws, the same in all episodes of a scenario.

    Attributes:
        providers: one :class:`ProviderSpec` a provider.
        capacity: denoising steps held at once, shape (providers,).
        curves: hidden quality of the providers.
        service: the service profile of each provider (empty without measured services).
        workload: where an episode's tasks come from (a trace is checked once, here).
        sites_m: places of the sites, shape (providers, 2); provider i stands at site i. None
            without a network.
    """

    def __init__(self, scenario: AIGCScenario) -> None:
        self.scenario = scenario
        self.workload = Workload(scenario)
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        if scenario.providers is None:
            self.providers = _draw_providers(scenario, streams)
        else:
            self.providers = read_providers(scenario)
        self.capacity = np.array([p.capacity for p in self.providers], dtype=float)
        self.curves = QualityCurves(
            [p.ax for p in self.providers],
            [p.ay for p in self.providers],
            [p.bx for p in self.providers],
            [p.by for p in self.providers],
        )
        self.service = _draw_service(scenario, self.providers, streams)
        self.sites_m = _draw_sites(scenario, self.providers, streams["sites"])
        self._streams = streams

    @cached_property
    def routes(self) -> MetroRoutes:
        """The metro network between the sites, and the ways through it."""
        wireless = self.scenario.wireless
        assert wireless is not None and self.sites_m is not None
        return MetroRoutes(metro_graph(self.sites_m), wireless.backhaul)

    @cached_property
    def radio_map(self) -> RadioMap:
        """The streets as the radio waves meet them."""
        wireless = self.scenario.wireless
        assert wireless is not None and self.sites_m is not None
        return RadioMap(wireless.radio, wireless.side_m, self.sites_m, self._streams["streets"])


def _draw_providers(scenario: AIGCScenario, streams: Streams) -> list[ProviderSpec]:
    count, quality = scenario.provider_count, scenario.quality
    ranges: dict[str, Sequence[float]] = {
        "capacity": [*scenario.capacity_range, scenario.capacity_increment],
        "ax": quality.ax,
        "ay": quality.ay,
        "bx": quality.bx,
        "by": quality.by,
    }
    # In the order of ProviderSpec's fields.
    drawn = {name: _grid(streams[name], three, count) for name, three in ranges.items()}
    return [ProviderSpec(*values) for values in zip(*drawn.values(), strict=True)]


def _grid(rng: np.random.Generator, three: Sequence[float], count: int) -> list[float]:
    """Uniform draws from [from, to, increment], both ends included."""
    low, high, increment = three
    choices = round((high - low) / increment + 1e-9 - 0.5) + 1
    return [round(low + increment * int(k), 10) for k in rng.integers(choices, size=count)]


def _draw_service(
    scenario: AIGCScenario, providers: Sequence[ProviderSpec], streams: Streams
) -> list[ServiceProfile]:
    if not scenario.profiles:
        return []
    drawn = streams["profiles"].integers(len(scenario.profiles), size=len(providers))
    by_name = {profile.name: profile for profile in scenario.profiles}
    return [
        by_name[spec.profile] if spec.profile is not None else scenario.profiles[int(k)]
        for spec, k in zip(providers, drawn, strict=True)
    ]


def _draw_sites(
    scenario: AIGCScenario, providers: Sequence[ProviderSpec], rng: np.random.Generator
) -> npt.NDArray[np.float64] | None:
    """Places one after the other, each the farthest of ten candidates from those before it.

    Operators spread their sites; Mitchell's best candidate does so without a lattice.
    """
    if scenario.wireless is None:
        return None
    side = scenario.wireless.side_m
    placed: list[tuple[float, float]] = []
    for spec in providers:
        candidates = rng.uniform(0, side, size=(10, 2))
        if spec.x_m is not None and spec.y_m is not None:
            placed.append((spec.x_m, spec.y_m))
            continue
        if placed:
            gaps = np.linalg.norm(candidates[:, None, :] - np.array(placed)[None], axis=2)
            best = candidates[int(np.argmax(gaps.min(axis=1)))]
        else:
            best = candidates[0]
        placed.append((float(best[0]), float(best[1])))
    return np.array(placed)
