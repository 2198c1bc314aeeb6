"""What stays in an AIGC world: its providers, sites, streets and metro network."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.scenarios.aigc.schema import AIGCScenario, ProviderSpec, ServiceProfile, read_providers
from edgesim.scenarios.aigc.services import fit_of, loading_s, measured
from edgesim.scenarios.parts.events import read_events
from edgesim.scenarios.parts.faults import read_faults
from edgesim.twin.aigc.arrivals import Arrivals
from edgesim.twin.aigc.providers import Machine
from edgesim.twin.aigc.quality import QualityCurves, Scatter
from edgesim.twin.aigc.variants import with_variants
from edgesim.twin.core.crowds import Load, loads
from edgesim.twin.core.faults import with_fault_crowds
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.happenings import Names, happenings, numbered
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.gabriel import metro_graph
from edgesim.twin.network.message_routes import MessageRoutes
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.radio.access import RadioMap

__all__ = ["AIGCWorld", "Ways"]


class Ways(NamedTuple):
    """Idle ways from each site to each provider, shape (sites, providers) each.

    Attributes:
        fixed_s: propagation and switching.
        seconds_per_byte: transmission.
    """

    fixed_s: npt.NDArray[np.float64]
    seconds_per_byte: npt.NDArray[np.float64]


class AIGCWorld(Shared):
    """Everything that ``world_seed`` draws, the same in all episodes of a scenario.

    Attributes:
        providers: one :class:`ProviderSpec` a provider.
        capacity: denoising steps held at once, shape (providers,).
        curves: hidden quality of the providers.
        machines: the device and service of each of the scenario's profiles.
        service: that of each provider (empty in a scenario without profiles).
        arrivals: where an episode's tasks come from (a trace is checked once, here).
        plan: stated events that happen to providers, their hosts and sites.
        load: what stated events do to the load.
        faults: what fails by chance.
        sites: places where providers stand. Where a scenario has variants, a provider is listed
            once for each: entry i stands at site ``i % sites`` and runs variant ``i // sites``.
        loaded, loading_s: of each site the variant that is loaded at first, and the seconds that
            loading each takes; empty without variants.
        sites_m: places of the sites, shape (sites, 2). None without a network.
        first: node of the network at which the first site is; the others follow.
    """

    def __init__(self, scenario: AIGCScenario) -> None:
        self.scenario = scenario
        self.first = 0
        self.arrivals = Arrivals(scenario)
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        stated = None if scenario.providers is None else read_providers(scenario)
        profiles = _draw_profiles(scenario, stated, streams)
        self.providers = _draw_providers(scenario, profiles, streams) if stated is None else stated
        self.sites = len(self.providers)
        self.loaded: list[int] = []
        self.loading_s: list[list[float]] = []
        if scenario.variants is not None:
            self.loaded = [scenario.variants.index(str(it.service)) for it in profiles]
            self.loading_s = [
                [loading_s(name, it.speed, scenario.load_rate_bps) for name in scenario.variants]
                for it in profiles
            ]
            self.providers, profiles = with_variants(scenario, self.providers, profiles)
        self.capacity = np.array([p.capacity for p in self.providers], dtype=float)
        self.curves = QualityCurves(
            [p.ax for p in self.providers],
            [p.ay for p in self.providers],
            [p.bx for p in self.providers],
            [p.by for p in self.providers],
            _scatter(profiles),
        )
        kinds = {profile.name: profile for profile in (*scenario.profiles, *profiles)}
        by_name = {name: Machine(kind, scenario.scheduler) for name, kind in kinds.items()}
        self.service = [by_name[profile.name] for profile in profiles]
        self.machines = list(by_name.values())
        self._check_trace()
        self.sites_m = _draw_sites(scenario, self.providers[: self.sites], streams["sites"])
        self._streams = streams
        self._run_times: dict[int, float] = {}
        self._read_events()

    def run_time_s(self, steps: int) -> float:
        """Run time of a task in a scenario that states one for all providers (authors' form)."""
        known = self._run_times.get(steps)
        if known is None:
            assert self.scenario.run_time_minutes is not None
            constant, linear, square = self.scenario.run_time_minutes
            known = (square * steps**2 + linear * steps + constant) * 60
            self._run_times[steps] = known
        return known

    def _check_trace(self) -> None:
        """Whether a trace keeps to the steps that were measured."""
        trace = self.arrivals.trace
        for profile in self.scenario.profiles:
            if trace is None or profile.service is None:
                continue
            steps = measured(profile.service).scored.work
            first, last = steps[0], steps[-1]
            fewest = round(self.scenario.step_shares[-1] * trace.min_steps)
            if fewest < first:
                raise InputError(
                    "trace",
                    self.scenario.trace,
                    f"comes down to {fewest} steps, but {profile.service} was measured from"
                    f" {first:g} on: see trace_columns.steps_clip",
                )
            if trace.max_steps > last:
                raise InputError(
                    "trace",
                    self.scenario.trace,
                    f"asks for {trace.max_steps} steps, but {profile.service} was measured up to"
                    f" {last:g}: see trace_columns.steps_clip",
                )

    @cached_property
    def network(self) -> NetworkWorld:
        """The metro network between the sites."""
        wireless = self.scenario.wireless
        assert wireless is not None and self.sites_m is not None
        return NetworkWorld.of_backhaul(metro_graph(self.sites_m), wireless.backhaul)

    def use_network(self, network: NetworkWorld, first: int = 0) -> None:
        """Let tasks cross a network that is not theirs alone, whose nodes from ``first`` on are the
        sites.
        """
        self.first = first
        self.__dict__["network"] = network  # where cached_property keeps its own
        self._read_events()

    def _read_events(self) -> None:
        """What happens in every episode, and what it does to the load.

        Raises:
            InputError: an event names what is not there.
        """
        scenario = self.scenario
        self.faults = read_faults(scenario.faults)
        events = read_events(scenario.events)
        plan = happenings(events, self.elements) if events else []
        self.network_plan = [made for made in plan if made.subject in ("link", "node")]
        # At a site stands a provider, and a cell: both go with it.
        self.plan = [made for made in plan if made.subject != "link"]
        whole = loads(events, {None: scenario.arrival_rate_hz}, scenario.horizon_s)
        crowds = [
            crowd
            if crowd.node is None
            else crowd._replace(node=numbered(crowd.place, "node", crowd.node, self._sites))
            for crowd in whole.crowds
        ]
        self.load = Load(tuple(crowds), whole.kept)
        if "network" in self.__dict__ or self.network_plan:
            self.network.plan = tuple(self.network_plan)
        down: set[int] = set()
        for made in self.plan:
            if made.subject == "node":
                (down.add if made.change == "fails" else down.discard)(made.number)
            if len(down) == len(self.providers):
                raise InputError("events", made.name, "is the last site that is up: one must stay")

    def load_of(self, streams: Streams) -> Load:
        """What events and faults do to the load of an episode."""
        if not self.faults:
            return self.load
        rate_hz, horizon_s = self.scenario.arrival_rate_hz, self.scenario.horizon_s
        return with_fault_crowds(self.load, self.faults, rate_hz, horizon_s, streams)

    @property
    def last_event_s(self) -> float:
        """When the last stated event happens, s; 0 without any."""
        return max((made.time_s for made in (*self.plan, *self.network_plan)), default=0.0)

    @property
    def _sites(self) -> list[str]:
        return [f"site {number}" for number in range(self.sites)]

    @property
    def elements(self) -> Names:
        """What there is to fail, by name; a host is what runs at a site, its provider."""
        count = self.sites
        names = {"provider": [f"provider {number}" for number in range(count)]}
        if self.scenario.wireless is not None:
            wiring = self.network.wiring
            nodes = [f"site {name}" if name.isdigit() else name for name in wiring.node_names]
            names["link"] = [f"{nodes[one]} – {nodes[other]}" for one, other in wiring.edges]
            names["node"], names["host"] = nodes, nodes[:count]
        return names

    def routes(self, of: MessageRoutes) -> "Ways":
        """The ways of messages from each site to each entry of ``providers``."""
        times, last = len(self.providers) // self.sites, self.first + self.sites
        if times == 1 and self.sites == len(of.fixed_s):
            return Ways(of.fixed_s, of.seconds_per_byte)
        sites = slice(self.first, last)
        return Ways(
            np.tile(of.fixed_s[sites, sites], times),
            np.tile(of.seconds_per_byte[sites, sites], times),
        )

    @cached_property
    def radio_map(self) -> RadioMap:
        """The streets as the radio waves meet them."""
        wireless = self.scenario.wireless
        assert wireless is not None and self.sites_m is not None
        return RadioMap(wireless.radio, wireless.side_m, self.sites_m, self._streams["streets"])


def _draw_providers(
    scenario: AIGCScenario, profiles: Sequence[ServiceProfile], streams: Streams
) -> list[ProviderSpec]:
    count, quality = scenario.provider_count, scenario.quality
    capacity = [*scenario.capacity_range, scenario.capacity_increment]
    held = _grid(streams["capacity"], capacity, count)
    curves: list[tuple[float, float, float, float]] = []
    if quality is not None:
        curves = list(
            zip(
                _grid(streams["ax"], quality.ax, count),
                _grid(streams["ay"], quality.ay, count),
                _grid(streams["bx"], quality.bx, count),
                _grid(streams["by"], quality.by, count),
                strict=True,
            )
        )
    specs = []
    for number in range(count):
        service = profiles[number].service if profiles else None
        if service is None:
            curve = curves[number]
        elif scenario.variants is None:
            fit = fit_of(measured(service))
            curve = (fit.ax, fit.ay, fit.bx, fit.by)
        else:
            curve = (0.0, 0.0, 1.0, 1.0)  # each variant has its own
        specs.append(ProviderSpec(held[number], *curve))
    return specs


def _grid(rng: np.random.Generator, three: Sequence[float], count: int) -> list[float]:
    """Uniform draws from [from, to, increment], both ends included."""
    low, high, increment = three
    choices = round((high - low) / increment + 1e-9 - 0.5) + 1
    return [round(low + increment * int(k), 10) for k in rng.integers(choices, size=count)]


def _draw_profiles(
    scenario: AIGCScenario, stated: Sequence[ProviderSpec] | None, streams: Streams
) -> list[ServiceProfile]:
    """The profile of each provider: the one it states, else a drawn one."""
    if not scenario.profiles:
        return []
    drawn = streams["profiles"].integers(len(scenario.profiles), size=scenario.provider_count)
    by_name = {profile.name: profile for profile in scenario.profiles}
    names = [None] * len(drawn) if stated is None else [spec.profile for spec in stated]
    return [
        by_name[name] if name is not None else scenario.profiles[int(k)]
        for name, k in zip(names, drawn, strict=True)
    ]


def _scatter(profiles: Sequence[ServiceProfile]) -> list[Scatter | None]:
    """The scatter of each provider's results, one object a measured service."""
    known: dict[str, Scatter] = {}
    for service in {profile.service for profile in profiles if profile.service is not None}:
        quality = measured(service).scored
        known[service] = Scatter(quality.work, quality.score.samples)
    return [None if p.service is None else known[p.service] for p in profiles]


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
