"""Import strings ``module:attribute``: how edgesim names its parts, and users name their code."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any

from edgesim.errors import InputError

__all__ = ["is_import_string", "load", "taken", "trusted", "trusting"]

_IMPORT_STRING = re.compile(r"[A-Za-z_]\w*(\.\w+)*:[A-Za-z_]\w*(\.\w+)*")


def is_import_string(text: str) -> bool:
    """Whether a text has the form ``module:attribute``."""
    return _IMPORT_STRING.fullmatch(text) is not None


def load(entry: str, thing: str = "import string") -> Any:
    """The object that an import string names.

    Modules in the working folder are found too, after everything that is installed: a file of a
    user's does not hide a library that is imported later.

    Args:
        entry: ``module:attribute``; either may have dots.
        thing: the key that the user gave it for.

    Raises:
        InputError: it has another form, or there is no such module or attribute.
        ModuleNotFoundError: the module is there, and one that it imports is not.
    """
    if not is_import_string(entry):
        raise InputError(thing, entry, "must be module:attribute, as in my_module:MyClass")
    module, _, attribute = entry.partition(":")
    try:
        found: Any = _module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise InputError(thing, entry, f"there is no module {error.name!r}") from None
    place = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = get_close_matches(part, vars(found), n=1)
            hint = f": did you mean {near[0]!r}?" if near else ""
            raise InputError(thing, entry, f"there is no {part!r} in {place}{hint}")
        found = getattr(found, part)
        place = f"{place}.{part}"
    return found


def taken(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some keyword arguments that a function takes; all where it takes any."""
    try:
        parameters = signature(function).parameters
    except ValueError:  # it is written in C and says nothing of itself
        return dict(given)
    if any(it.kind is Parameter.VAR_KEYWORD for it in parameters.values()):
        return dict(given)
    named = {name for name, it in parameters.items() if it.kind is not Parameter.POSITIONAL_ONLY}
    return {key: value for key, value in given.items() if key in named}


_TRUSTED: ContextVar[bool] = ContextVar("trusted", default=False)


def trusting() -> bool:
    """Whether code that a folder of runs names may run, whoever made the folder."""
    return _TRUSTED.get()


@contextmanager
def trusted() -> Iterator[None]:
    """Let code run that folders of runs name, as ``trust=true`` does at the shell."""
    token = _TRUSTED.set(True)
    try:
        yield
    finally:
        _TRUSTED.reset(token)


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    try:
        return import_module(name)
    except ModuleNotFoundError:
        if here in sys.path:
            raise
    sys.path.append(here)
    return import_module(name)
