"""The trained model of a run folder, as a policy."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.policies import Policy
from edgesim.agents.runs.exported import is_exported, load_exported
from edgesim.agents.runs.runfolder import read_config
from edgesim.errors import InputError

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
    from edgesim.agents.learning.learner import agent_envs, reload_model

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
    model = reload_model(config.agent, path / "model.zip")
    (env,) = agent_envs(scenario, config.agent, 1)
    shapes = [it for it in ("observation_space", "action_space") if hasattr(model, it)]
    for what in [] if fits_any(getattr(model, "policy", None), env) else shapes:
        has, needs = _shape(getattr(model, what)), _shape(getattr(env, what))
        if has != needs:
            raise InputError(
                "run folder",
                str(path),
                f"was trained in the scenario {config.scenario.name!r}: its {what.split('_')[0]}s"
                f" have the shape {has}, and those of {scenario.name!r} {needs}",
            )
    env.close()
    return decider(model)


def fits_any(policy: Any, env: Any) -> bool:
    """Whether a policy takes any number of choices, and the environment shows these likewise."""
    own, other = getattr(policy, "observation_space", None), env.observation_space
    features = getattr(own, "features", None)
    any_size = getattr(policy, "any_size", False)
    return any_size and features is not None and features == getattr(other, "features", None)


def _shape(space: Any) -> Any:
    """What must agree of two spaces: the number of choices, or the shape."""
    for counts in ("n", "nvec"):
        if hasattr(space, counts):
            return np.asarray(getattr(space, counts)).tolist()
    return tuple(space.shape or ())
