"""One case played with every invariant looked at."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from edgesim.envs.vector import engine_of
from edgesim.problems import PROBLEMS
from edgesim.swarm.case import Case
from edgesim.twin.network.invariants import violations as network_violations

__all__ = ["Played", "ViolationError", "play"]

_FORKED_STEPS = 10  # decisions that a fork is played beside its original
_BATCHED_STEPS = 40
_WORLDS = 2
_SINGLE = 1e-6  # a sum in another order may round to the next number of 24 bits


class ViolationError(AssertionError):
    """An invariant does not hold.

    Attributes:
        kind: which, for comparing failures while a case is shrunk.
    """

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind


class Played(NamedTuple):
    """What came of a case.

    Attributes:
        decisions: how many were made.
        events: after how many events the invariants were looked at.
        failure: what did not hold, and in which step; None: everything did.
        kind: the kind of that failure, "" without one.
        batched: whether the batched engine was compared.
    """

    decisions: int
    events: int
    failure: str | None
    kind: str
    batched: bool


def play(case: Case, steps: int) -> Played:
    """Play a case for at most so many decisions.

    After every event: the books close, no capacity is exceeded, time goes on. After every decision:
    the observation is in its space, the reward finite and the sum of its parts. Once an episode: a
    fork has the same future. Where there is a batched engine, it agrees with the twin.
    """
    counts = {"decisions": 0, "events": 0}
    batched = False
    try:
        _play_single(case, steps, counts)
        batched = _compare_engines(case)
    except ViolationError as error:
        return _failed(counts, str(error), error.kind)
    except Exception as error:
        lines = str(error).splitlines() or [""]
        return _failed(counts, f"{type(error).__name__}: {lines[0]}", type(error).__name__)
    return Played(counts["decisions"], counts["events"], None, "", batched)


def _failed(counts: Mapping[str, int], what: str, kind: str) -> Played:
    return Played(counts["decisions"], counts["events"], what, kind, False)


def _play_single(case: Case, steps: int, counts: dict[str, int]) -> None:
    env = case.env()
    rng = np.random.default_rng([case.number, 16])
    seed = int(rng.integers(2**31))
    fork_at = int(rng.integers(max(steps // 2, 1)))
    seen, _ = env.reset(seed=seed)
    inner: Any = env.unwrapped
    _look_after_every_event(inner, counts)
    _check_seen(env, seen)
    over, fork = False, None
    while not over and counts["decisions"] < steps:
        if counts["decisions"] == fork_at:
            fork, until = inner.fork(), fork_at + _FORKED_STEPS
        action = _choose(case, env, rng)
        counts["decisions"] += 1
        story = env.step(action)
        if fork is not None:
            _check_same("a fork and its original", story, fork.step(action))
            if story[2] or counts["decisions"] >= until:
                fork = None
        seen, reward, over, _, info = story
        _check_seen(env, seen)
        _check_reward(inner, float(reward), info)
    env.close()


def _look_after_every_event(inner: Any, counts: dict[str, int]) -> None:
    """Have the twin's clock look at the invariants after each of its events."""
    workload = inner.twin
    clock, go_on = workload.clock, workload.clock.step

    def step() -> None:
        before_s = clock.now
        go_on()
        counts["events"] += 1
        if clock.now < before_s:
            raise ViolationError("time", f"from {before_s:g} s back to {clock.now:g} s")
        _look(workload)

    clock.step = step
    _look(workload)


def _look(workload: Any) -> None:
    network = workload.twin.network
    for what in workload.violations():
        raise ViolationError("invariant", f"{workload.name} at {workload.clock.now:g} s: {what}")
    if network is not None:
        for what in network_violations(network):
            raise ViolationError("network", f"at {workload.clock.now:g} s: {what}")


def _choose(case: Case, env: Any, rng: np.random.Generator) -> Any:
    inner = env.unwrapped
    discrete = isinstance(env.action_space, gymnasium.spaces.Discrete)
    if case.chooser == "crowd" and discrete:
        return int(env.action_space.n) // 2
    if case.chooser == "masked" and discrete and hasattr(inner, "action_masks"):
        return int(rng.choice(np.flatnonzero(inner.action_masks())))
    env.action_space.seed(int(rng.integers(2**31)))
    return env.action_space.sample()


def _check_seen(env: Any, seen: Any) -> None:
    if env.observation_space.contains(seen):
        return
    what = "is not in the space"
    space = env.observation_space
    if isinstance(space, gymnasium.spaces.Box) and np.shape(seen) == space.shape:
        beside = np.argwhere(~((seen >= space.low) & (seen <= space.high)))
        place = tuple(beside[0].tolist()) if len(beside) else ()
        if place:
            bounds = f"[{space.low[place]:g}, {space.high[place]:g}]"
            what = f"entry {list(place)} is {seen[place]:g}, beside {bounds}"
    raise ViolationError("observation", what)


def _check_reward(inner: Any, reward: float, info: Mapping[str, Any]) -> None:
    if not isfinite(reward):
        raise ViolationError("reward", f"is {reward}")
    parts = [float(info[key]) for key in inner.parts]
    if parts and abs(sum(parts) - reward) > 1e-6 * max(1.0, *map(abs, parts)):
        raise ViolationError("reward", f"is {reward:g}, and its parts sum to {sum(parts):g}")
    for key, value in info.get("metrics", {}).items():
        if not isfinite(float(value)):
            raise ViolationError("metrics", f"{key} is {value}")


def _check_same(whose: str, one: Any, other: Any, close: float = 0.0) -> None:
    """Two stories are the same, bit for bit or but for the order of sums."""
    if isinstance(one, Mapping):
        if one.keys() != other.keys():
            raise ViolationError(whose, f"have the keys {sorted(one)} and {sorted(other)}")
        for key in one:
            _check_same(f"{whose}: {key}", one[key], other[key], close)
    elif isinstance(one, tuple | list):
        for mine, its in zip(one, other, strict=True):
            _check_same(whose, mine, its, close)
    elif isinstance(one, np.ndarray) and one.dtype == object:
        _check_same(whose, list(one), list(other), close)
    elif one is None or other is None:
        if one is not other:
            raise ViolationError(whose, f"are {one} and {other}")
    elif not _close(one, other, close):
        apart = float(np.max(np.abs(np.subtract(one, other, dtype=float))))
        raise ViolationError(whose, f"are up to {apart:.3g} apart")


def _close(one: Any, other: Any, close: float) -> bool:
    """Whether numbers agree; where they are summed in another order, to single precision."""
    single = close > 0 and getattr(one, "dtype", None) == np.float32
    close = _SINGLE if single else close
    return bool(np.allclose(one, other, rtol=close, atol=close, equal_nan=True))


def _compare_engines(case: Case) -> bool:
    """Play the twin and the batched engine side by side; False where there is none."""
    if engine_of(case.scenario, "auto", case.arguments) != "batched":
        return False
    rng = np.random.default_rng([case.number, 17])
    seed = int(rng.integers(2**31))
    both = [
        gymnasium.make_vec(
            f"edgesim:{PROBLEMS[case.scenario.problem].env_id}",
            num_envs=_WORLDS,
            scenario=asdict(case.scenario),
            engine=engine,
            **case.arguments,
        )
        for engine in ("simpy", "batched")
    ]
    twin, compiled = both
    _check_same("the engines", twin.reset(seed=seed), compiled.reset(seed=seed), 1e-9)
    space: Any = both[0].single_action_space
    for _ in range(_BATCHED_STEPS):
        actions = rng.integers(space.n, size=_WORLDS)
        _check_same("the engines", twin.step(actions), compiled.step(actions), 1e-9)
    for envs in both:
        envs.close()
    return True
