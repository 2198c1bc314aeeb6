"""What is timed: each measure takes a number of CPU seconds to spend and returns a rate.

All act at random, with resets, in one thread.
"""

from collections.abc import Callable, Mapping
from time import process_time
from typing import Any

import gymnasium
import numpy as np
import simpy

from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset

__all__ = ["Measure", "of_batched", "of_env", "of_twin", "raw_simpy"]

Measure = Callable[[float], float]
"""CPU seconds to spend, to decisions a CPU second."""

_CHUNK = 20_000  # arrivals of SimPy alone


def raw_simpy(seconds: float) -> float:
    """Arrivals a CPU second of SimPy alone, each with one service that ends later.

    The shape of an AIGC episode without anything of ours: one process that waits for arrivals and
    starts a process a task, about 27 at once as in ``aigc_paper``.
    """
    rng = np.random.default_rng(0)
    gaps = rng.exponential(1.0, size=_CHUNK).tolist()
    services = rng.uniform(15.0, 40.0, size=_CHUNK).tolist()

    def service(env: simpy.Environment, duration: float) -> Any:
        yield env.timeout(duration)

    def arrivals(env: simpy.Environment) -> Any:
        for gap, duration in zip(gaps, services, strict=True):
            yield env.timeout(gap)
            env.process(service(env, duration))

    done, spent = 0, 0.0
    while spent < seconds:
        env = simpy.Environment()
        env.process(arrivals(env))
        begun = process_time()
        env.run()
        spent += process_time() - begun
        done += _CHUNK
    return done / spent


def of_twin(scenario: str, overrides: Mapping[str, Any] | None = None) -> Measure:
    """Steps of a scenario's single environment, which runs the SimPy twin."""
    env_id = PROBLEMS[preset(scenario)["problem"]].env_id
    return of_env(lambda: _make(env_id, scenario, overrides))


def _make(
    env_id: str, scenario: str, overrides: Mapping[str, Any] | None
) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(env_id, disable_env_checker=True, scenario=scenario, overrides=overrides)


def of_env(make: Callable[[], gymnasium.Env[Any, Any]]) -> Measure:
    """Steps of any environment; making it and compiling what it compiles are not timed."""
    env: gymnasium.Env[Any, Any] | None = None

    def measure(seconds: float) -> float:
        nonlocal env
        if env is None:
            env = make()
            env.action_space.seed(0)
            env.reset(seed=0)
            _spend(env, 50, 0.0)
        return _spend(env, 50, seconds)

    return measure


def _spend(env: gymnasium.Env[Any, Any], stride: int, seconds: float) -> float:
    """Step until the seconds are spent, looking at the clock every ``stride`` steps."""
    sample, step = env.action_space.sample, env.step
    done = 0
    begun = process_time()
    while True:
        for _ in range(stride):
            *_, terminated, truncated, _ = step(sample())
            if terminated or truncated:
                env.reset()
        done += stride
        spent = process_time() - begun
        if spent >= seconds and spent > 0:
            return done / spent


def of_batched(scenario: str, worlds: int, overrides: Mapping[str, Any] | None = None) -> Measure:
    """Steps of all worlds of a scenario's batched engine, through one episode each at least.

    Actions are drawn for many steps at a time, as they are not the engine's work.
    """
    env_id = PROBLEMS[preset(scenario)["problem"]].env_id
    envs: Any = None

    def measure(seconds: float) -> float:
        nonlocal envs
        if envs is None:
            envs = gymnasium.make_vec(
                env_id,
                num_envs=worlds,
                scenario=scenario,
                overrides=overrides,
                engine="batched",
                autoreset_mode="SameStep",
                infos="ends",
                copy=False,
            )
            envs.reset(seed=0)
        choices = int(envs.single_action_space.n)
        rng = np.random.default_rng(0)
        rows = max(min(1_000_000 // worlds, 1000), 1)
        actions = rng.integers(choices, size=(rows, worlds))
        envs.step(actions[0])  # what is compiled is compiled now
        ended = np.zeros(worlds, dtype=bool)
        done = 0
        begun = process_time()
        while True:
            for row in actions:
                ended |= envs.step(row)[2]
                done += worlds
                spent = process_time() - begun
                # Draws and ends of episodes belong to it: every world goes through at least one.
                if spent >= seconds and ended.all():
                    return done / spent

    return measure
