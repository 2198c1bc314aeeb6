"""Episodes played by a policy, several at a time, with one question to the policy a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from time import process_time
from typing import Any

import numpy as np

from edgesim.agents.policies import Build, Env, Policy, answer_of
from edgesim.envs.making import make_envs
from edgesim.importing import taken

__all__ = ["LANES", "Progress", "Rollout", "Row", "rollout", "takes_masks"]

LANES = 20
"""Most environments run side by side."""

Progress = Callable[[int, int], None]
"""Called now and then with the episodes done and the decisions made so far."""


Row = dict[str, Any]
"""What came of an episode: its seed, and each metric as a number, None where it is missing."""


@dataclass
class Rollout:
    """What came of a policy's episodes.

    Attributes:
        rows: what came of each episode, in the order of the seeds.
        decisions: decisions in all of them.
        cpu_s: CPU seconds of deciding and simulating, without making environments and policy.
        logs: the event log of each episode, where recorded; empty where there is none.
    """

    rows: list[Row]
    decisions: int
    cpu_s: float
    logs: list[Any] = field(default_factory=list)

    @property
    def decisions_per_second(self) -> float:
        """Decisions a CPU second, the simulation included."""
        return self.decisions / self.cpu_s if self.cpu_s > 0 else 0.0


def takes_masks(policy: Policy) -> bool:
    """Whether the policy's ``predict`` accepts ``action_masks``."""
    parameters = signature(policy.predict).parameters.values()
    return any(p.name == "action_masks" or p.kind is Parameter.VAR_KEYWORD for p in parameters)


def rollout(
    scenario: Any,
    build: Build,
    seeds: Sequence[int],
    *,
    policy_seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    record: bool = False,
    envs: Sequence[Env] | None = None,
) -> Rollout:
    """Play one episode a seed, deterministic given the arguments.

    Up to 20 environments run in lock-step; one that ends its episode takes the next seed. One that
    finds no more seeds keeps its last observation, and its action is thrown away: the policy sees
    the same number of rows from first to last.

    Args:
        scenario: the scenario's checked dataclass.
        build: makes the policy for the environments.
        seeds: one an episode.
        policy_seed: the seed of the policy's own dice.
        env_kwargs: further arguments of the environments; those that :func:`find_policy` found
            for the policy where None is given.
        progress: called now and then with the episodes done and the decisions made.
        record: keep the event logs.
        envs: environments to use, from :func:`make_envs`; made, and closed, where None is given.

    Raises:
        InputError: the policy does not return one action an environment.
    """
    if not seeds:
        return Rollout([], 0, 0.0)
    if envs is not None:
        used = envs[: len(seeds)]
        return _play(used, build(used, policy_seed), seeds, progress, record)
    kwargs = dict(getattr(build, "env_kwargs", {}) if env_kwargs is None else env_kwargs)
    if record:
        kwargs["record"] = True
    made = make_envs(scenario, min(LANES, len(seeds)), kwargs)
    try:
        return _play(made, build(made, policy_seed), seeds, progress, record)
    finally:
        for env in made:
            env.close()


def _play(
    envs: Sequence[Env],
    policy: Policy,
    seeds: Sequence[int],
    progress: Progress | None,
    record: bool,
) -> Rollout:
    lanes = range(len(envs))
    rows: list[Row] = [{} for _ in seeds]
    logs: list[Any] = [None for _ in seeds] if record else []
    masked = takes_masks(policy) and all(hasattr(env.unwrapped, "action_masks") for env in envs)
    wanted = taken(policy.predict, {"state": None, "episode_start": None, "deterministic": True})
    masks_of = [env.unwrapped.action_masks for env in envs] if masked else []  # type: ignore[attr-defined]
    begun = process_time()
    episode: list[int] = list(lanes)
    observations = [env.reset(seed=int(seeds[lane]))[0] for lane, env in enumerate(envs)]
    waiting = len(envs)
    live = set(lanes)
    starts = np.ones(len(envs), dtype=bool)
    state: Any = None
    done = decisions = steps = 0
    while live:
        masks: dict[str, Any] = {}
        if masked:
            masks["action_masks"] = np.stack([mask() for mask in masks_of])
        now: dict[str, Any] = {"state": state, "episode_start": starts, "deterministic": True}
        also = {key: now[key] for key in wanted}
        answer = policy.predict(np.stack(observations), **also, **masks)
        actions, state = answer_of(answer, len(envs))
        starts = np.zeros(len(envs), dtype=bool)
        decisions += len(live)
        for lane in sorted(live):
            env = envs[lane]
            observations[lane], _, terminated, truncated, info = env.step(actions[lane])
            if not (terminated or truncated):
                continue
            rows[episode[lane]] = {"seed": int(seeds[episode[lane]]), **info["metrics"]}
            if record:
                logs[episode[lane]] = env.unwrapped.twin.log  # type: ignore[attr-defined]
            done += 1
            if waiting < len(seeds):
                episode[lane] = waiting
                observations[lane], _ = env.reset(seed=int(seeds[waiting]))
                starts[lane] = True
                waiting += 1
            else:
                live.discard(lane)
        steps += 1
        if progress is not None and (steps % 50 == 0 or not live):
            progress(done, decisions)
    return Rollout(rows, decisions, process_time() - begun, logs)
