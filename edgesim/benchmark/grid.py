"""Everything that ``edgesim benchmark`` measures, by part."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from edgesim.benchmark.measures import of_batched, of_env, of_twin, raw_simpy
from edgesim.benchmark.points import Point
from edgesim.benchmark.transfers import HOW, of_transfers
from edgesim.config.compose import compose
from edgesim.envs.vector import engine_of
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets, resolve

__all__ = ["PARTS", "points"]

WORLDS = (1, 4, 16, 64, 256, 1024, 4096, 16384)
TRANSFERS = (100, 1000, 10_000, 100_000)


def points(parts: Mapping[str, Any] | list[str]) -> list[Point]:
    """All points of some parts; SimPy alone is the first, whatever they are."""
    found = [Point("scenarios", "SimPy alone", raw_simpy)]
    for part in parts:
        found += PARTS[part]()
    return found


def _scenarios() -> list[Point]:
    return [
        Point("scenarios", name, of_twin(name), engine="simpy")
        for name in presets()
        if PROBLEMS[preset(name)["problem"]].env
    ]


def _worlds() -> list[Point]:
    return [
        Point("worlds", name, of_batched(name, worlds), "worlds", worlds, "batched")
        for name in _batched()
        for worlds in WORLDS
    ]


def _sizes() -> list[Point]:
    made = [problem.benchmark for problem in PROBLEMS.values() if problem.benchmark is not None]
    return [point for sizes in made for point in load(sizes)()]


def _batched() -> list[str]:
    """For each problem the first preset that the batched engine steps."""
    first: dict[str, str] = {}
    for name in presets():
        scenario = resolve(name)
        if engine_of(scenario, "auto") == "batched":
            first.setdefault(scenario.problem, name)
    return list(first.values())


def _learner() -> list[Point]:
    """Training by engine, beside the same learner with nothing to learn.

    Where there is a batched engine the scenario's default agent learns; in the default scenario of
    every other problem, MaskablePPO.
    """
    by_agent: dict[tuple[str, str], tuple[str, ...]] = {
        (name, ""): ("nothing", "batched", "simpy") for name in _batched()
    }
    there = {preset(name)["problem"] for name, _ in by_agent}
    for problem in PROBLEMS.values():
        if problem.env and problem.name not in there:
            by_agent[problem.default_scenario, "maskable_ppo"] = ("nothing", "simpy")
    return [
        Point("learner", name, partial(_learning, name, agent, engine), engine=engine)
        for (name, agent), engines in by_agent.items()
        for engine in engines
    ]


def _learning(name: str, agent: str, engine: str, seconds: float) -> float:
    from edgesim.benchmark.learner import learner_rate  # torch is loaded where it is measured

    asked = [f"agent={agent}"] if agent else []
    config = compose("train", [f"scenario={name}", *asked])
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
