"""Import strings ``module:attribute``: how edgesim names its parts, and users name their code."""

import re
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from edgesim.errors import InputError

__all__ = ["is_import_string", "load"]

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


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    try:
        return import_module(name)
    except ModuleNotFoundError:
        if here in sys.path:
            raise
    sys.path.append(here)
    return import_module(name)
