"""Settings of a scenario: each has a default, and here alone stands what it is."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import field, is_dataclass
from typing import Any, TypeVar

__all__ = ["setting"]

T = TypeVar("T")


def setting(default: T, what: str, choices: Sequence[str] = ()) -> T:
    """A field of a scenario's schema.

    Args:
        default: its value where a scenario does not state it; every object gets a copy.
        what: unit and meaning, as ``edgesim <command> --help``, the documentation and the comment
            beside the key in every preset have it.
        choices: the names that it takes, where it takes no others.

    Returns:
        What :func:`dataclasses.field` gives, typed as the default.
    """
    metadata = {"help": what, "choices": tuple(choices)}
    of_its_own = isinstance(default, list | dict) or is_dataclass(default)
    made: Any = (
        field(default_factory=lambda: deepcopy(default), metadata=metadata)
        if of_its_own
        else field(default=default, metadata=metadata)
    )
    return made  # type: ignore[no-any-return]
