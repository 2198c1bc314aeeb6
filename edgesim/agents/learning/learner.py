"""An agent's configuration as a stable-baselines3 model in its training environments."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from stable_baselines3.common.utils import set_random_seed
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecMonitor

from edgesim.agents.learning.batched import BatchedVecEnv
from edgesim.agents.learning.contract import check_contract, is_sb3
from edgesim.agents.learning.hyperparameters import check_hyperparameters
from edgesim.agents.learning.saved import restore
from edgesim.agents.learning.schedules import linear
from edgesim.agents.measuring.rollout import takes_masks
from edgesim.agents.policies import Env
from edgesim.agents.runs.seeds import training_seeds
from edgesim.config.config import AgentConfig
from edgesim.envs.making import make_envs
from edgesim.envs.vector import engine_of, vector_env
from edgesim.envs.worlds import WorldsEnv
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import load, taken
from edgesim.scenarios import resolve
from edgesim.scenarios.worlds import random_worlds

__all__ = [
    "SteppedEnvs",
    "agent_envs",
    "check_agent",
    "deciding_model",
    "make_model",
    "prepare_torch",
    "reload_model",
    "training_envs",
    "untrained",
    "worlds_envs",
]


_LOOKED_AT = 8  # random worlds that are made to see whether an agent can learn in such


class SteppedEnvs(DummyVecEnv):
    """Environments that are stepped one after the other in this process, as in DummyVecEnv.

    Some things differ. An environment's first episode has the seed that it is given here, whatever
    seed an algorithm asks for: training must not meet held-out episodes. And infos, which the
    environments make anew at every step, are handed on without DummyVecEnv's deep copy. Rewards
    are multiplied by ``reward_scale``. Where training is ``endless``, an episode's end counts as a
    limit of time: what would have followed is valued as after any other step.
    """

    def __init__(
        self,
        envs: Sequence[gymnasium.Env[Any, Any]],
        seeds: Sequence[int],
        reward_scale: float = 1.0,
        endless: bool = False,
    ) -> None:
        super().__init__([lambda env=env: env for env in envs])  # type: ignore[misc]
        self._endless = endless
        self._reward_scale = reward_scale
        self._episode_seeds: list[int | None] = list(seeds)
        self._seeds = list(seeds)
        self._masks: list[Callable[[], npt.NDArray[np.bool_]]] = []
        if self.has_attr("action_masks"):
            self._masks = self.get_attr("action_masks")

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Keep the seeds of the construction; returns them."""
        self._seeds = list(self._episode_seeds)
        return self._seeds

    def step_wait(self) -> Any:
        """Step every environment; one that ends its episode is reset at once."""
        infos = []
        seen = self.buf_obs[None]  # type: ignore[index]
        for k, env in enumerate(self.envs):
            observation, reward, terminated, truncated, info = env.step(self.actions[k])
            info["TimeLimit.truncated"] = truncated and not terminated
            if self._endless and terminated:
                info["TimeLimit.truncated"] = True
            if terminated or truncated:
                info["terminal_observation"] = observation
                observation, self.reset_infos[k] = env.reset()
            seen[k] = observation
            self.buf_rews[k] = float(reward) * self._reward_scale
            self.buf_dones[k] = terminated or truncated
            infos.append(info)
        return seen.copy(), self.buf_rews.copy(), self.buf_dones.copy(), infos

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the environments; ``action_masks``, asked at every step, directly."""
        if method_name == "action_masks" and indices is None:
            return [masks() for masks in self._masks]
        return super().env_method(method_name, *method_args, indices=indices, **method_kwargs)


def training_envs(
    scenario: Any, agent: AgentConfig, seed: int, part: int, engine: str = "auto"
) -> VecEnv:
    """An agent's training environments.

    Args:
        scenario: the scenario's checked dataclass.
        agent: says how many, and gives further arguments of the environment.
        seed: the run's seed.
        part: 0 at first, one more at every resume, which then meets new episodes.
        engine: what steps them, see :data:`edgesim.problems.ENGINES`.

    Raises:
        InputError: the environment does not take ``agent.environment``, or the engine cannot step
            the scenario.
    """
    count = agent.n_envs
    seeds = training_seeds(seed, count * (part + 1))[count * part :]
    if engine == "auto" and getattr(load(agent.algorithm), "single_environments", False):
        engine = "simpy"
    if not agent.worlds and engine_of(scenario, engine, agent.environment) == "batched":
        worlds = _batched(scenario, agent, count)
        return BatchedVecEnv(worlds, seeds, agent.reward_scale, agent.endless)
    if agent.worlds:
        made = worlds_envs(scenario, agent, training_seeds(seed, agent.worlds), count)
    else:
        made = agent_envs(scenario, agent, count)
    envs = SteppedEnvs(made, seeds, agent.reward_scale, agent.endless)
    return VecMonitor(envs)


def worlds_envs(scenario: Any, agent: AgentConfig, seeds: Sequence[int], count: int) -> list[Env]:
    """Environments each of which meets some random worlds, one an episode.

    Args:
        scenario: the checked dataclass that the worlds are drawn around.
        agent: gives further arguments of the environments.
        seeds: one a world.
        count: most environments.

    Raises:
        InputError: the problem draws no worlds, or its environment does not take the arguments.
    """
    drawn = _drawn_worlds(scenario, agent, seeds)
    made = [resolve(asdict(scenario), keys) for keys in drawn]
    envs = [agent_envs(world, agent, 1)[0] for world in made]
    _check_choices(scenario, agent, envs)
    choices = max(getattr(env.observation_space, "choices", 0) for env in envs)
    lanes = min(count, len(envs))
    return [WorldsEnv(envs[lane::lanes], choices) for lane in range(lanes)]


def _drawn_worlds(scenario: Any, agent: AgentConfig, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Random worlds; where there are none, the agent's key is to blame."""
    try:
        return random_worlds(scenario, seeds)
    except InputError as error:
        raise InputError("agent.worlds", agent.worlds, error.accepted) from None


def _check_choices(scenario: Any, agent: AgentConfig, envs: Sequence[Env]) -> None:
    """See that an action is a choice and nothing else, as filling up to one size takes it."""
    for env in envs:
        choices = getattr(env.observation_space, "choices", None)
        actions = getattr(env.action_space, "n", None)
        if choices is not None and actions != choices:
            accepted = (
                f"random worlds of {scenario.name} have {actions} actions for {choices} choices"
                " (one rejects), which cannot be filled up to one size; accepted: 0"
            )
            raise InputError("agent.worlds", agent.worlds, accepted)


def _batched(scenario: Any, agent: AgentConfig, count: int) -> Any:
    """A batched engine of a scenario as an agent wants it."""
    arguments = {**agent.environment, "autoreset_mode": "SameStep", "infos": "ends"}
    try:
        return vector_env(
            scenario.problem, count, scenario=asdict(scenario), engine="batched", **arguments
        )
    except TypeError as error:
        raise InputError("agent.environment", agent.environment, _reason(error)) from None


def agent_envs(scenario: Any, agent: AgentConfig, count: int) -> list[Env]:
    """Environments of a scenario as an agent wants them.

    Raises:
        InputError: the environment does not take ``agent.environment``, or that would replace the
            scenario.
    """
    for key in ("scenario", "overrides"):
        if key in agent.environment:
            given = agent.environment[key]
            raise InputError(f"agent.environment.{key}", given, "set scenario.<key> instead")
    try:
        return make_envs(scenario, count, agent.environment)
    except InputError as error:
        if error.thing not in agent.environment:
            raise
        thing = f"agent.environment.{error.thing}"
        raise InputError(thing, error.value, error.accepted) from None
    except TypeError as error:
        raise InputError("agent.environment", agent.environment, _reason(error)) from None


def check_agent(scenario: Any, agent: AgentConfig) -> None:
    """See that an agent can act in the environment of a scenario.

    Raises:
        InputError: it cannot: its algorithm lacks a method, takes other actions, other
            hyperparameters, or masks that are not there; it learns in random worlds, and the
            problem draws none; or the environment does not take ``agent.environment``.
    """
    if agent.worlds:
        for env in worlds_envs(scenario, agent, range(_LOOKED_AT), 1):
            env.close()
    (env,) = agent_envs(scenario, agent, 1)
    space = env.action_space
    if not {kind.__name__ for kind in type(space).__mro__} & set(agent.actions):
        accepted = f"takes actions of {' or '.join(agent.actions)}; {scenario.name} has {space}"
        raise InputError("agent", agent.name, accepted)
    algorithm = load(agent.algorithm, "agent.algorithm")
    check_contract(agent, algorithm)
    if is_sb3(algorithm):
        check_hyperparameters(agent.hyperparameters)
        _check_policy(agent, algorithm)
    if is_sb3(algorithm) and takes_masks(algorithm) and not hasattr(env.unwrapped, "action_masks"):
        raise InputError("agent", agent.name, f"needs action masks; {scenario.name} has none")
    env.close()


def _check_policy(agent: AgentConfig, algorithm: Any) -> None:
    """See that an algorithm knows the name of the network, where it names networks."""
    known = getattr(algorithm, "policy_aliases", {})
    if ":" not in agent.policy and known and agent.policy not in known:
        accepted = f"{did_you_mean(agent.policy, known)}, or module:attribute"
        raise InputError("agent.policy", agent.policy, accepted)


def make_model(agent: AgentConfig, envs: VecEnv, seed: int, device: str) -> Any:
    """A fresh model of an agent.

    Raises:
        InputError: there is no such algorithm, or it does not take the hyperparameters.
    """
    algorithm = load(agent.algorithm, "agent.algorithm")
    named = ":" in agent.policy
    policy = load(agent.policy, "agent.policy") if named else agent.policy
    scheduled, _ = linear(agent.schedules)
    arguments = {key: _value(key, value) for key, value in agent.hyperparameters.items()}
    also = taken(algorithm, {"seed": seed, "device": device, "verbose": 0})
    try:
        return algorithm(policy, envs, **{**arguments, **scheduled}, **also)
    except InputError:
        raise
    except (TypeError, ValueError, AssertionError) as error:
        given = {**agent.hyperparameters, **agent.schedules}
        raise InputError("agent.hyperparameters", given, _reason(error)) from error


def reload_model(
    agent: AgentConfig, path: Path, envs: VecEnv, seed: int = 0, device: str = "cpu"
) -> Any:
    """A saved model of an agent, to go on learning.

    Of stable-baselines3's algorithms the weights, and what their optimisers remember, are read and
    nothing else, see :mod:`edgesim.agents.learning.saved`; any other class reads its own file.

    Args:
        agent: what the model is made of.
        path: the model's zip file.
        envs: where it goes on.
        seed: of torch and numpy from here on: a saved model does not keep their generators.
        device: where torch computes.

    Raises:
        InputError: the algorithm has no ``load``, or the file is no saved model of it.
    """
    algorithm = load(agent.algorithm, "agent.algorithm")
    if is_sb3(algorithm):
        model = make_model(agent, envs, seed, device)
        restore(model, path)
    else:
        model = _loaded(agent, algorithm, path, {"device": device, "env": envs})
    set_random_seed(seed)
    return model


def deciding_model(agent: AgentConfig, path: Path, scenario: Any) -> Any:
    """A saved model of an agent, to decide in a scenario. See :func:`reload_model`.

    Raises:
        InputError: as there, or the weights do not fit the scenario.
    """
    algorithm = load(agent.algorithm, "agent.algorithm")
    if not is_sb3(algorithm):
        return _loaded(agent, algorithm, path, {"device": "cpu"})
    model = untrained(agent, scenario)
    restore(model, path)
    return model


def untrained(agent: AgentConfig, scenario: Any) -> Any:
    """A fresh model of an agent to decide in a scenario, without the memory that learning needs.

    Raises:
        InputError: it cannot be made for the scenario.
    """
    small = {"buffer_size": 1} if "buffer_size" in agent.hyperparameters else {}
    light = replace(agent, hyperparameters={**agent.hyperparameters, **small})
    envs = SteppedEnvs(agent_envs(scenario, agent, 1), [0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on batches: nothing is learned
        model = make_model(light, envs, 0, "cpu")
    envs.close()
    return model


def _loaded(agent: AgentConfig, algorithm: Any, path: Path, given: dict[str, Any]) -> Any:
    """A model that its own class loads.

    Raises:
        InputError: the class has no ``load``, or the file is no saved model of it.
    """
    if not path.is_file():
        raise InputError("model", str(path), "there is no such file")
    if not callable(getattr(algorithm, "load", None)):
        accepted = "has no class method load(path), without which a saved model cannot be used"
        raise InputError("agent.algorithm", agent.algorithm, accepted)
    try:
        return algorithm.load(path, **taken(algorithm.load, given))
    except Exception as error:
        message = f"is not a saved model of {agent.algorithm} ({_reason(error)})"
        raise InputError("model", str(path), message) from error


def prepare_torch(seed: int, threads: int) -> None:
    """Seed everything that draws, and leave the other cores alone."""
    torch.set_num_threads(threads)
    # Checking that probabilities sum to one costs a tenth of the training.
    torch.distributions.Distribution.set_default_validate_args(False)
    set_random_seed(seed)


def _value(key: str, value: Any) -> Any:
    """A hyperparameter as the algorithm takes it: classes from import strings, pairs as tuples."""
    if isinstance(value, dict):
        return {inner: _value(inner, item) for inner, item in value.items()}
    if isinstance(value, str) and ":" in value and key.endswith(("_class", "_fn")):
        return load(value, f"agent.hyperparameters {key}")
    if key == "train_freq" and isinstance(value, list):
        return tuple(value)
    return value


def _reason(error: BaseException) -> str:
    """The first line of what an exception says."""
    return (str(error).splitlines() or [""])[0] or type(error).__name__
