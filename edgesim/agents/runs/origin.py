"""Where the classes may come from that a run folder or a model folder names.

A folder of somebody else's could name any function of any module. So the classes of its agent come
from edgesim, from the libraries of its algorithms, or from an installed package that adds to
edgesim (:mod:`edgesim.plugins`). A user who knows the folder says ``trust=true`` at the shell.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

from edgesim.config.config import AgentConfig
from edgesim.errors import InputError
from edgesim.importing import is_import_string, load, trusting
from edgesim.plugins import GROUPS, entries

__all__ = ["check_origin"]

_PACKAGES = ("edgesim", "torch.nn", "torch.optim", "stable_baselines3", "sb3_contrib", "sbx")


def check_origin(folder: Path, agent: AgentConfig) -> None:
    """See that the classes that a folder's agent names come from where they may.

    Raises:
        InputError: one does not, and the user has not said that the folder is trusted.
    """
    if trusting():
        return
    added = {entry.module.partition(".")[0] for group in GROUPS for entry in entries(group)}
    packages = (*_PACKAGES, *sorted(added))
    named = {"algorithm": agent.algorithm, "policy": agent.policy}
    for key, value in _texts({**named, **agent.hyperparameters, **agent.environment}):
        module = value.partition(":")[0]
        if is_import_string(value) and not (_lies_in(module, packages) and _is_at_home(value)):
            accepted = (
                f"the folder {folder} names code of another package, which would run;"
                " trust=true runs it"
            )
            raise InputError(key, value, accepted)


def _lies_in(module: str, packages: Sequence[str]) -> bool:
    return any(f"{module}.".startswith(f"{it}.") for it in packages)


def _is_at_home(entry: str) -> bool:
    """Whether a class or function is of the library of the module that names it.

    A module of edgesim imports others, by which any function of theirs could be named:
    ``edgesim.files:os.remove``.
    """
    found = load(entry)
    home = getattr(found, "__module__", None)
    library = entry.partition(":")[0].partition(".")[0]
    return isinstance(found, type | FunctionType) and str(home).partition(".")[0] == library


def _texts(value: Any, key: str = "agent") -> Iterator[tuple[str, str]]:
    """Every text in nested values, with its dotted key."""
    if isinstance(value, Mapping):
        for name, it in value.items():
            yield from _texts(it, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for it in value:
            yield from _texts(it, key)
    elif isinstance(value, str):
        yield key, value
