"""Settings of a scenario: each has a default, and here alone stands what it is."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import field, is_dataclass
from typing import Any, TypeVar

__all__ = ["setting"]

T = TypeVar("T")


def setting(
    default: T,
    what: str,
    choices: Sequence[str] = (),
    *,
    usual: tuple[float, float] | None = None,
    checked: tuple[float, float] | None = None,
) -> T:
    """A field of a scenario's schema.

    Args:
        default: its value where a scenario does not state it; every object gets a copy.
        what: unit and meaning, as ``edgesim <command> --help``, the documentation and the comment
            beside the key in every preset have it.
        choices: the names that it takes, where it takes no others.
        usual: the range in which its figures usually are; what lies beside it is most likely of
            another unit, and :mod:`edgesim.scenarios.usual` says so. Ranges are wide: orders of
            magnitude beyond what networks have.
        checked: the range for which what follows from it was held beside a standard, a law or a
            measurement (docs/validity.md); what lies beside it is said, too.

    Returns:
        What :func:`dataclasses.field` gives, typed as the default.
    """
    metadata = {"help": what, "choices": tuple(choices), "usual": usual, "checked": checked}
    of_its_own = isinstance(default, list | dict) or is_dataclass(default)
    made: Any = (
        field(default_factory=lambda: deepcopy(default), metadata=metadata)
        if of_its_own
        else field(default=default, metadata=metadata)
    )
    return made  # type: ignore[no-any-return]
