"""Model folders: a trained policy with its card, in the layout of the Hugging Face hub.

``config.yaml`` says what the model is and where it learned, ``model.safetensors`` holds the weights
of its policy, ``edgesim.json`` the version of the layout. Nothing in such a folder is executed: the
model is made from its checked configuration, whose classes come from edgesim, torch and
stable-baselines3 alone, and takes its weights.
"""

import json
from pathlib import Path
from typing import Any

from edgesim.agents.runs.origin import check_origin
from edgesim.agents.runs.runfolder import read_config
from edgesim.errors import InputError

__all__ = ["LAYOUT", "WEIGHTS", "is_exported", "is_on_hub", "load_exported", "local"]

WEIGHTS = "model.safetensors"
LAYOUT = 1
"""The version of the layout that is written; older ones are read."""

_HUB = "hf:"
_FILES = ("config.yaml", "edgesim.json", WEIGHTS, "evaluation.json", "README.md")


def is_exported(folder: Path) -> bool:
    """Whether a folder is a model folder."""
    return (folder / WEIGHTS).is_file()


def is_on_hub(policy: Any) -> bool:
    """Whether a policy is named as one on the hub: ``hf:user/name``, perhaps ``@revision``."""
    return isinstance(policy, str) and policy.startswith(_HUB)


def local(policy: str) -> Path:
    """The folder of a policy: itself, or where the hub's is kept on this machine.

    Raises:
        InputError: the extra is not installed, or there is no such model to be had.
    """
    if not is_on_hub(policy):
        return Path(policy)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError:
        accepted = "needs huggingface_hub: pip install 'edgesim[hub]'"
        raise InputError("policy", policy, accepted) from None
    name, _, revision = policy.removeprefix(_HUB).partition("@")
    try:
        found = snapshot_download(name, revision=revision or None, allow_patterns=list(_FILES))
    except (OSError, ValueError, HfHubHTTPError, HFValidationError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError("policy", policy, f"cannot be had from the hub: {reason}") from None
    if not is_exported(Path(found)):
        raise InputError("policy", policy, f"is no model of edgesim: it has no {WEIGHTS}")
    return Path(found)


def load_exported(folder: Path, scenario: Any) -> Any:
    """The model of a model folder, to decide in a scenario.

    Args:
        folder: the model folder.
        scenario: the checked dataclass of the scenario that it will decide in, in which its network
            is made.

    Raises:
        InputError: a file is missing or damaged, the model is of a later layout, its classes are
            of another package, or its network does not fit the scenario.
    """
    from edgesim.agents.learning.learner import untrained

    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        accepted = "needs safetensors: pip install 'edgesim[hub]'"
        raise InputError("policy", str(folder), accepted) from None
    _check_layout(folder)
    agent = read_config(folder).agent
    check_origin(folder, agent)
    model = untrained(agent, scenario)
    try:
        weights = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise InputError("policy", str(folder / WEIGHTS), f"cannot be read ({error})") from None
    own = model.policy.state_dict()
    for name in dict.fromkeys((*own, *weights)):
        has, needs = (tuple(it[name].shape) if name in it else None for it in (weights, own))
        if has != needs:
            accepted = (
                f"does not fit the scenario {scenario.name!r}: {name} is {has} in the folder, and"
                f" {needs} is needed"
            )
            raise InputError("policy", str(folder), accepted)
    model.policy.load_state_dict(weights)
    return model


def _check_layout(folder: Path) -> None:
    path = folder / "edgesim.json"
    try:
        layout = json.loads(path.read_text(encoding="utf-8"))["layout"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError("policy", str(folder), f"has no readable {path.name}") from None
    if layout not in range(1, LAYOUT + 1):
        accepted = f"has the layout {layout!r}; this version reads 1 to {LAYOUT}"
        raise InputError("policy", str(folder), accepted)
