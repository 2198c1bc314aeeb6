"""The extra ``services``: there, or an error that says what to install."""

from importlib.util import find_spec
from typing import Any

from edgesim.errors import InputError

__all__ = ["LIBRARIES", "needs_services"]

LIBRARIES = {
    "imblearn": "imbalanced-learn",
    "sklearn": "scikit-learn",
    "cv2": "opencv-python-headless",
    "schemdraw": "schemdraw",
}
"""What the extra brings: the module, and the package it is in."""


def needs_services(command: str, value: Any) -> None:
    """See that the extra is installed.

    Args:
        command: what needs it, for the message.
        value: what the user asked for.

    Raises:
        InputError: a library of the extra is missing.
    """
    missing = [package for module, package in LIBRARIES.items() if find_spec(module) is None]
    if missing:
        raise InputError(
            command, value, f"needs {', '.join(missing)}: pip install 'edgesim[services]'"
        )
