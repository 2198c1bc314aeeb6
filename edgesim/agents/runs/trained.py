"""The trained model of a run folder, as a policy."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.policies import Policy
from edgesim.agents.runs.exported import is_exported, load_exported
from edgesim.agents.runs.origin import check_origin
from edgesim.agents.runs.runfolder import read_config
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError
from edgesim.importing import load

__all__ = ["load_policy"]


def load_policy(path: Path, scenario: Any) -> Policy:
    """The best model of a run folder, to decide in a scenario.

    Torch is told to use as many threads as the run did: more of them slow small networks down.

    Args:
        path: the run folder, complete or with a first ``model.zip``; or a model folder of
            ``edgesim export``.
        scenario: the checked dataclass of the scenario that it will decide in: of the same problem,
            and with observations and actions of equal shapes where the environment is made with the
            arguments that it was trained with.

    Raises:
        InputError: the folder or its model cannot be used, or not in this scenario.
    """
    import torch

    from edgesim.agents.deciding import decider
    from edgesim.agents.learning.learner import deciding_model

    config = read_config(path)
    if config.scenario.problem != scenario.problem:
        raise InputError(
            "run folder",
            str(path),
            f"solves the problem {config.scenario.problem!r}, and the scenario"
            f" {scenario.name!r} poses {scenario.problem!r}",
        )
    torch.set_num_threads(config.threads)
    if is_exported(path):
        return decider(load_exported(path, scenario))
    if not (path / "model.zip").is_file():
        raise InputError(
            "run folder",
            str(path),
            "is half-written, it lacks model.zip; train with resume=true goes on",
        )
    check_origin(path, config.agent)
    _check_fit(path, config, scenario)
    return decider(deciding_model(config.agent, path / "model.zip", scenario))


def _check_fit(path: Path, config: TrainConfig, scenario: Any) -> None:
    """See that a scenario shows and takes what the one shows and takes that was trained in.

    Raises:
        InputError: it does not.
    """
    from edgesim.agents.learning.learner import agent_envs

    if asdict(config.scenario) == asdict(scenario):
        return
    (here,) = agent_envs(scenario, config.agent, 1)
    try:
        (there,) = agent_envs(config.scenario, config.agent, 1)
    except InputError:  # a file that its scenario names is not on this machine: the weights tell
        return
    policy = load(config.agent.policy) if ":" in config.agent.policy else None
    fits = fits_any(policy, there, here)
    for what in () if fits else ("observation_space", "action_space"):
        has, needs = _shape(getattr(there, what)), _shape(getattr(here, what))
        if has != needs:
            raise InputError(
                "run folder",
                str(path),
                f"was trained in the scenario {config.scenario.name!r}: its {what.split('_')[0]}s"
                f" have the shape {has}, and those of {scenario.name!r} {needs}",
            )
    here.close()
    there.close()


def fits_any(policy: Any, there: Any, here: Any) -> bool:
    """Whether a policy takes any number of choices, and two environments show these likewise."""
    own, other = (getattr(env.observation_space, "features", None) for env in (there, here))
    return bool(getattr(policy, "any_size", False)) and own is not None and own == other


def _shape(space: Any) -> Any:
    """What must agree of two spaces: the number of choices, or the shape."""
    for counts in ("n", "nvec"):
        if hasattr(space, counts):
            return np.asarray(getattr(space, counts)).tolist()
    return tuple(space.shape or ())
