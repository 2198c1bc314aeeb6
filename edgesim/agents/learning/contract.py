"""What edgesim asks of a learning algorithm: a constructor, ``learn``, ``predict`` and ``save``.

stable-baselines3's algorithms have more, of which training makes use where it is there: callbacks
while they learn, a logger, a class method ``load``. Any other class is asked for the four alone.
"""

from collections.abc import Callable
from inspect import isclass, signature
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from edgesim.config.config import AgentConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import taken

__all__ = ["CountedEnvs", "check_contract", "is_sb3", "learn_in_parts"]

_METHODS = ("learn", "predict", "save")
_ALSO_GIVEN = ("seed", "device", "verbose")
"""What a constructor is given beside policy, environments and hyperparameters, if it takes it."""


def is_sb3(algorithm: Any) -> bool:
    """Whether an algorithm, or a model of it, is one of stable-baselines3's kind."""
    kind = algorithm if isclass(algorithm) else type(algorithm)
    return issubclass(kind, BaseAlgorithm)


def check_contract(agent: AgentConfig, algorithm: Any) -> None:
    """See that an algorithm has what edgesim calls, and takes the agent's hyperparameters.

    Raises:
        InputError: it lacks a method, its constructor does not take a hyperparameter, or a
            schedule moves what only stable-baselines3's algorithms let edgesim move.
    """
    from edgesim.agents.learning.schedules import linear

    lacking = [name for name in _METHODS if not callable(getattr(algorithm, name, None))]
    if lacking or not callable(algorithm):
        reason = f"has no {', '.join(lacking)}" if lacking else "cannot be called"
        accepted = f"{reason}; a learner has a constructor (policy, env, ...), learn, predict, save"
        raise InputError("agent.algorithm", agent.algorithm, accepted)
    scheduled, moved = linear(agent.schedules)
    if moved and not is_sb3(algorithm):
        accepted = "are moved by callbacks of stable-baselines3's algorithms alone"
        raise InputError("agent.schedules", list(moved), accepted)
    wanted = {**agent.hyperparameters, **scheduled}
    refused = [key for key in wanted if key not in taken(algorithm, wanted)]
    if refused:
        known, name = _names(algorithm), agent.algorithm.partition(":")[2]
        if len(refused) == 1:
            raise InputError(
                f"agent.hyperparameters.{refused[0]}",
                wanted[refused[0]],
                f"{name} does not take it; {did_you_mean(refused[0], known)}",
            )
        accepted = (
            f"{name} does not take them; agent=custom agent.algorithm={agent.algorithm} starts"
            f" without any. It takes: {', '.join(known)}"
        )
        raise InputError("agent.hyperparameters", refused, accepted)


def _names(algorithm: Any) -> list[str]:
    """The hyperparameters that a constructor takes."""
    fixed = ("self", "policy", "env", "_init_setup_model", *_ALSO_GIVEN)
    return [name for name in signature(algorithm).parameters if name not in fixed]


class CountedEnvs(VecEnvWrapper):
    """Environments that count the decisions made in them.

    Args:
        envs: the environments.
        tick: called after every step with the decisions made so far in these environments.
    """

    def __init__(self, envs: VecEnv, tick: Callable[[int], None]) -> None:
        super().__init__(envs)
        self.decisions = 0
        self._tick = tick

    def reset(self) -> Any:
        """Begin an episode in every environment."""
        return self.venv.reset()

    def step_wait(self) -> Any:
        """Step the environments and count."""
        stepped = self.venv.step_wait()
        self.decisions += self.num_envs
        self._tick(self.decisions)
        return stepped


def learn_in_parts(
    model: Any,
    envs: CountedEnvs,
    done: int,
    total: int,
    validations: int,
    look: Callable[[int], None],
) -> None:
    """Have a learner without callbacks learn, looking at it in between.

    ``learn`` is called once for each validation, with the decisions that this part may take; what
    it made is what its environments counted. One that made none (it learns from data of its own)
    is taken to have used what it was given.

    Args:
        model: the learner.
        envs: what it learns in.
        done: decisions made before (a resumed run).
        total: decisions to learn from.
        validations: how many parts.
        look: called after each part with the decisions made so far.
    """
    every = max(-(-total // validations), 1)
    while done < total:
        part = min(every, total - done)
        before = envs.decisions
        model.learn(part, **taken(model.learn, {"reset_num_timesteps": done == 0}))
        done += (envs.decisions - before) or part
        look(done)
