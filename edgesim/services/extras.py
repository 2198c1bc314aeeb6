"""What a service needs of an extra: there, or an error that says what to install."""

from importlib.util import find_spec
from typing import Any

from edgesim.errors import InputError

__all__ = ["LIBRARIES", "needs_extra"]

LIBRARIES = {
    "diffusion": {
        "diffusers": "diffusers",
        "safetensors": "safetensors",
        "skimage": "scikit-image",
        "sklearn": "scikit-learn",
    },
    "services": {
        "imblearn": "imbalanced-learn",
        "sklearn": "scikit-learn",
        "cv2": "opencv-python-headless",
        "schemdraw": "schemdraw",
    },
}
"""What each extra brings: the modules, and the package each is in."""


def needs_extra(extra: str, command: str, value: Any) -> None:
    """See that an extra is installed.

    Args:
        extra: a key of :data:`LIBRARIES`.
        command: what needs it, for the message.
        value: what the user asked for.

    Raises:
        InputError: a library of the extra is missing.
    """
    packages = LIBRARIES[extra].items()
    missing = [package for module, package in packages if find_spec(module) is None]
    if missing:
        needs = f"needs {', '.join(missing)}: pip install 'edgesim[{extra}]'"
        raise InputError(command, value, needs)
