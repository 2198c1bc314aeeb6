"""Saved models of stable-baselines3's kind, read without executing anything in them.

Such a zip file holds weights (``*.pth``) and, as pickles, the attributes of the model. A pickle
runs what its writer wants when it is read. Here the model is made anew from its checked
configuration, and takes the weights alone, which torch reads with ``weights_only=True``.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from edgesim.errors import InputError

__all__ = ["parameters_in", "restore"]

_VARIABLES = "pytorch_variables"
"""Where stable-baselines3 keeps single tensors, such as the entropy coefficient of SAC."""


def parameters_in(path: Path) -> dict[str, Any]:
    """The weights in a saved model: ``policy`` and, of each optimiser, what it remembers.

    Raises:
        InputError: there is no such file, it is damaged, or holds more than weights where these
            belong.
    """
    if not path.is_file():
        raise InputError("model", str(path), "there is no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".pth")]
            found = {
                name.removesuffix(".pth"): torch.load(
                    io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True
                )
                for name in names
            }
    except Exception as error:
        # A damaged zip fails anywhere between the archive and torch's reader.
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise InputError("model", str(path), f"is not a saved model ({reason})") from None
    if "policy" not in found:
        raise InputError("model", str(path), "is not a saved model (it has no policy.pth)")
    return found


def restore(model: Any, path: Path) -> None:
    """Give a fresh model the weights of a saved one, and what its optimisers remember.

    Raises:
        InputError: as of :func:`parameters_in`, or the weights are of another form.
    """
    found = parameters_in(path)
    variables = found.pop(_VARIABLES, None) or {}
    known = set(model._get_torch_save_params()[0])
    try:
        model.set_parameters(
            {name: it for name, it in found.items() if name in known},
            exact_match=True,
            device=model.device,
        )
        for name, tensor in variables.items():
            owner: Any = model
            for part in name.split("."):
                owner = getattr(owner, part)
            owner.data = tensor.data.to(model.device)
    except (RuntimeError, ValueError, KeyError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[min(1, len(lines) - 1)] if lines else type(error).__name__
        raise InputError("model", str(path), f"does not fit ({reason})") from None
