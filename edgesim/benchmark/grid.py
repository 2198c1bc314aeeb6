"""Everything that ``edgesim benchmark`` measures, by part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from edgesim.benchmark.measures import Measure, of_batched, of_env, of_twin, raw_simpy
from edgesim.benchmark.transfers import HOW, of_transfers
from edgesim.config.compose import compose
from edgesim.scenarios import presets, resolve

__all__ = ["PARTS", "Point", "points"]

WORLDS = (1, 4, 16, 64, 256, 1024, 4096, 16384)
PROVIDERS = (5, 10, 20, 50, 100, 200, 500)
USERS = (100, 1000, 10_000)
NODES = (10, 20, 50, 100, 200, 500, 1000)
TRANSFERS = (100, 1000, 10_000, 100_000)
BATCHED = ("aigc_paper", "sfc_paper")
_BATCH_OF_SIZES = 64  # worlds where the number of providers varies


@dataclass(frozen=True)
class Point:
    """One thing that is measured.

    Attributes:
        part: which of :data:`PARTS` it belongs to.
        name: what the table calls it.
        measure: CPU seconds to spend, to decisions a CPU second.
        axis: the size that varies (``worlds``, ``providers``, ``users``, ``nodes``,
            ``transfers``), or empty.
        size: its value.
        engine: ``simpy``, ``batched``, or empty.
    """

    part: str
    name: str
    measure: Measure
    axis: str = ""
    size: int = 0
    engine: str = ""


def points(parts: Mapping[str, Any] | list[str]) -> list[Point]:
    """All points of some parts; SimPy alone is the first, whatever they are."""
    found = [Point("scenarios", "SimPy alone", raw_simpy)]
    for part in parts:
        found += PARTS[part]()
    return found


def _scenarios() -> list[Point]:
    return [Point("scenarios", name, of_twin(name), engine="simpy") for name in presets()]


def _worlds() -> list[Point]:
    return [
        Point("worlds", name, of_batched(name, worlds), "worlds", worlds, "batched")
        for name in BATCHED
        for worlds in WORLDS
    ]


def _sizes() -> list[Point]:
    def twin(name: str, axis: str, size: int, overrides: Mapping[str, Any]) -> Point:
        return Point("sizes", name, of_twin(name, overrides), axis, size, "simpy")

    found = []
    for count in PROVIDERS:
        # As many requests a provider at every size.
        keys = {"provider_count": count, "arrival_rate_hz": 0.001 * count / 20}
        found.append(twin("aigc_paper", "providers", count, keys))
        batched = of_batched("aigc_paper", _BATCH_OF_SIZES, keys)
        found.append(Point("sizes", "aigc_paper", batched, "providers", count, "batched"))
        wireless = {"provider_count": count, "arrival_rate_hz": 2.5 * count / 20}
        found.append(twin("aigc", "providers", count, wireless))
    found += [twin("aigc", "users", count, {"users": count}) for count in USERS]
    for count in NODES:
        side_km = 600.0 * (count / 50) ** 0.5  # as many nodes an area as the preset's network
        drawn = {"source": "gabriel", "nodes": count, "side_km": side_km}
        network = {"topology": drawn, "instances": {"hosts": min(15, count)}}
        found.append(twin("sfc", "nodes", count, {"network": network}))
    return found


def _learner() -> list[Point]:
    """The default agent's training by engine, beside the same learner with nothing to learn."""
    return [
        Point("learner", name, partial(_learning, name, engine), engine=engine)
        for name in BATCHED
        for engine in ("nothing", "batched", "simpy")
    ]


def _learning(name: str, engine: str, seconds: float) -> float:
    from edgesim.benchmark.learner import learner_rate  # torch is loaded where it is measured

    config = compose("train", [f"scenario={name}"])
    return learner_rate(resolve(name), config.agent, engine, seconds)


def _transfers() -> list[Point]:
    """Fair transfers that begin or end, by how they meet and how many they are."""
    return [
        Point("transfers", how, of_transfers(how, count), "transfers", count)
        for how in HOW
        for count in TRANSFERS
    ]


_PEERS = {
    # What pip installs and people would compare with: their own default environments.
    "mobile-env (small)": ("mobile_env", "mobile-small-central-v0"),
    "highway-env (highway-fast)": ("highway_env", "highway-fast-v0"),
}


def _peers() -> list[Point]:
    import gymnasium

    def make(module: str, env_id: str) -> Callable[[], Any]:
        def made() -> Any:
            import_module(module)  # registers its ids
            return gymnasium.make(env_id, disable_env_checker=True)

        return made

    return [
        Point("peers", name, of_env(make(module, env_id)))
        for name, (module, env_id) in _PEERS.items()
        if find_spec(module) is not None
    ]


PARTS: dict[str, Callable[[], list[Point]]] = {
    "scenarios": _scenarios,
    "worlds": _worlds,
    "learner": _learner,
    "sizes": _sizes,
    "transfers": _transfers,
    "peers": _peers,
}
"""The parts, in the order in which the table shows them."""
