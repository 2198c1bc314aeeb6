"""First weights that are not random: those of another run, or those that edgesim ships."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from edgesim.agents.learning.learner import agent_envs, make_model, worlds_envs
from edgesim.agents.learning.saved import parameters_in
from edgesim.agents.runs.runfolder import read_config
from edgesim.agents.runs.seeds import training_seeds
from edgesim.agents.weights.shipped import PRETRAINED, read_weights
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError

__all__ = ["begin_with", "check_start"]


def begin_with(model: Any, start: str, problem: str) -> None:
    """Give a fresh model the weights of a trained one of the same form.

    What the optimiser and a replay buffer remember is not taken over.

    Args:
        model: a model of stable-baselines3's form.
        start: a run folder, or ``"pretrained"``.
        problem: name of the problem.

    Raises:
        InputError: there are no such weights, or they are of another form than the model's.
    """
    weights = _weights(start, problem)
    own: Mapping[str, Any] = model.policy.state_dict()
    for name in dict.fromkeys((*own, *weights)):
        here, there = (_shape(of.get(name)) for of in (own, weights))
        if here != there:
            raise InputError(
                "start", start, f"its weights do not fit the agent: {name} is {there}, here {here}"
            )
    model.policy.load_state_dict(weights)


def check_start(config: TrainConfig) -> None:
    """See that a run can begin with the weights that it names, before anything is written.

    Raises:
        InputError: it cannot.
    """
    from stable_baselines3.common.vec_env import DummyVecEnv

    agent, start = config.agent, config.start
    assert start is not None
    if agent.worlds:
        (env,) = worlds_envs(config.scenario, agent, training_seeds(config.seed, 1), 1)
    else:
        (env,) = agent_envs(config.scenario, agent, 1)
    envs = DummyVecEnv([lambda: env])
    with catch_warnings():
        simplefilter("ignore")  # fewer environments than batches are made for: nothing learns here
        model = make_model(agent, envs, config.seed, "cpu")
    begin_with(model, start, config.scenario.problem)
    envs.close()


def _weights(start: str, problem: str) -> Mapping[str, Any]:
    if start == PRETRAINED:
        return read_weights(problem).tensors
    folder = Path(start)
    try:
        read_config(folder)
        weights: Mapping[str, Any] = parameters_in(folder / "model.zip")["policy"]
    except InputError as error:
        raise InputError("start", start, f"must be a run folder or {PRETRAINED}: {error}") from None
    return weights


def _shape(tensor: Any) -> str:
    return "missing" if tensor is None else f"of shape {tuple(tensor.shape)}"
