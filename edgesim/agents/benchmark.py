"""``edgesim benchmark``: decisions a CPU second of every scenario, beside SimPy alone."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import gymnasium
import numpy as np
import simpy

from edgesim.agents.provenance import provenance
from edgesim.config import BenchmarkConfig
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets

__all__ = ["benchmark", "random_decisions", "raw_simpy"]


def raw_simpy(decisions: int) -> float:
    """CPU seconds of SimPy alone for as many arrivals, each with one service that ends later.

    The shape of an AIGC episode without anything of ours: one process that waits for arrivals and
    starts a process a task, about 27 at once as in ``aigc_paper``.
    """
    rng = np.random.default_rng(0)
    gaps = rng.exponential(1.0, size=decisions).tolist()
    services = rng.uniform(15.0, 40.0, size=decisions).tolist()
    env = simpy.Environment()

    def service(duration: float) -> Any:
        yield env.timeout(duration)

    def arrivals() -> Any:
        for gap, duration in zip(gaps, services, strict=True):
            yield env.timeout(gap)
            env.process(service(duration))

    env.process(arrivals())
    begun = process_time()
    env.run()
    return process_time() - begun


def random_decisions(scenario: str, decisions: int) -> float:
    """CPU seconds of so many steps under random actions, resets included."""
    env = gymnasium.make(
        PROBLEMS[preset(scenario)["problem"]].env_id, disable_env_checker=True, scenario=scenario
    )
    env.action_space.seed(0)
    env.reset(seed=0)
    begun = process_time()
    for _ in range(decisions):
        *_, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            env.reset()
    spent = process_time() - begun
    env.close()
    return spent


def benchmark(config: BenchmarkConfig) -> dict[str, Any]:
    """Measure, print the table, and write the figures as JSON where ``out`` names a file.

    Rounds go through all measurements one after the other, so that a machine that slows down does
    so for all; the median of the rounds counts.

    Raises:
        InputError: ``out`` cannot be written.
    """
    measures: dict[str, Callable[[int], float]] = {"SimPy alone": raw_simpy}
    measures |= {name: partial(random_decisions, name) for name in presets()}
    wall, cpu = perf_counter(), process_time()
    rounds: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(config.repeats):
        for name, measure in measures.items():
            rounds[name].append(config.decisions / measure(config.decisions))
    rates = {name: median(found) for name, found in rounds.items()}
    result: dict[str, Any] = {
        "decisions": config.decisions,
        "decisions_per_cpu_second": rates,
        "rounds": rounds,
        **provenance(perf_counter() - wall, process_time() - cpu),
    }
    if config.out is not None:
        _write(Path(config.out), result)
    _print(rates, rates["SimPy alone"])
    return result


def _write(path: Path, result: dict[str, Any]) -> None:
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(result, indent=2) + "\n")
        unfinished.replace(path)
    except OSError as error:
        raise InputError("out", str(path), f"must be a file to write: {error.strerror}") from None


def _print(rates: dict[str, float], alone: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Decisions a CPU second, random actions, one thread", title_justify="left")
    table.add_column("what runs")
    table.add_column("decisions/s", justify="right")
    table.add_column("of SimPy alone", justify="right")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:,.0f}", f"{rate / alone:.2f}")
    Console().print(table)
