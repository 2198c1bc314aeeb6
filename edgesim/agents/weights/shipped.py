"""Policies whose weights come with the package: read, written, and as a policy by name."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt

from edgesim.agents.policies import Env
from edgesim.agents.runs.runfolder import read_config
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.importing import load

__all__ = ["PRETRAINED", "Pretrained", "Weights", "read_weights", "ship"]

PRETRAINED = "pretrained"
"""What the policy is called, and what ``train start=`` takes instead of a run folder."""

_FOLDER = Path(__file__).parent


class Weights(NamedTuple):
    """Weights of a policy over sets, one that itself knows which choices are there.

    Attributes:
        tensors: by the names of the policy's ``state_dict``.
        policy: import string of the policy's class.
        arguments: keyword arguments of that class.
        features: what is shown of each choice, in the order in which the policy knows it.
    """

    tensors: Mapping[str, Any]
    policy: str
    arguments: Mapping[str, Any]
    features: Sequence[str]


def read_weights(problem: str) -> Weights:
    """The weights that are shipped for a problem.

    Raises:
        InputError: there are none.
    """
    from safetensors import safe_open

    path = _FOLDER / f"{problem}.safetensors"
    if not path.is_file():
        there = sorted(other.stem for other in _FOLDER.glob("*.safetensors"))
        accepted = f"no weights are shipped for {problem}, only for {', '.join(there)}"
        raise InputError("weights", PRETRAINED, accepted)
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 # no dict
    return Weights(
        tensors, about["policy"], json.loads(about["arguments"]), json.loads(about["features"])
    )


def ship(folder: Path, path: Path) -> None:
    """Write the policy of a run folder as safetensors.

    Args:
        folder: the run folder of a policy over sets.
        path: the file.

    Raises:
        InputError: it is no run folder, or its policy takes no sets.
    """
    from safetensors.torch import save

    from edgesim.agents.learning.learner import deciding_model
    from edgesim.agents.networks.linear_set_policy import LinearSetPolicy

    config = read_config(folder)
    agent = config.agent
    policy = deciding_model(agent, folder / "model.zip", config.scenario).policy
    if not isinstance(policy, LinearSetPolicy):
        raise InputError("run folder", str(folder), "its policy is no LinearSetPolicy")
    space: Any = policy.observation_space
    about = {
        "policy": agent.policy,
        "arguments": json.dumps(agent.hyperparameters.get("policy_kwargs", {})),
        "features": json.dumps(list(space.features)),
    }
    tensors = {name: tensor.contiguous() for name, tensor in policy.state_dict().items()}
    with replacing(path) as part:
        part.write_bytes(save(tensors, about))


class Pretrained:
    """The policy that is shipped for a problem, for any number of choices.

    Args:
        envs: the environments that it decides in.
        seed: not used.

    Raises:
        InputError: there is none for the problem, or the environments show other features.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        import torch

        env: Any = envs[0].unwrapped
        weights = read_weights(env.problem)
        space = env.observation_space
        shown = getattr(space, "features", ())
        if list(shown) != list(weights.features):
            raise InputError("observation", list(shown), f"it knows {list(weights.features)}")
        self._policy: Any = load(weights.policy)(space, env.action_space, **weights.arguments)
        self._policy.load_state_dict(weights.tensors)
        self._policy.set_training_mode(False)
        self._torch = torch

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], Any]:
        """See :class:`edgesim.agents.policies.Policy`; always the likeliest choice."""
        with self._torch.inference_mode():
            seen = self._torch.as_tensor(observation, dtype=self._torch.float32)
            chosen: npt.NDArray[Any] = self._policy._predict(seen, deterministic=True).numpy()
        return chosen, state

    def worth(self, observation: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """By how much each choice is better than their mean, shape (n, choices)."""
        with self._torch.inference_mode():
            seen = self._torch.as_tensor(observation, dtype=self._torch.float32)
            worth: npt.NDArray[Any] = self._policy.worth(seen).numpy()
        return worth
