"""What other installed packages add to edgesim, through entry points.

A package states it in its ``pyproject.toml``::

    [project.entry-points."edgesim.problems"]
    packing = "packing:PROBLEM"         # a Problem; or a module that registers some

    [project.entry-points."edgesim.scenarios"]
    cities = "cities.presets"           # a package whose folder holds YAML files

    [project.entry-points."edgesim.agents"]
    cities = "cities.agents"            # likewise

    [project.entry-points."edgesim.policies"]
    aigc = "cities.policies:POLICIES"   # of that problem: name to PolicySpec

    [project.entry-points."edgesim.services"]
    sketches = "cities.sketches:Sketches"   # called with the CalibrateConfig; returns a Service

A package that cannot be imported is told of in a warning and left out: the rest goes on.
"""

import warnings
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["GROUPS", "entries", "folders", "loaded"]

GROUPS = tuple(
    f"edgesim.{kind}" for kind in ("problems", "scenarios", "agents", "policies", "services")
)
"""Groups of entry points that edgesim reads."""


@cache
def entries(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, by name; nothing of the packages is imported."""
    return tuple(sorted(entry_points(group=group), key=lambda it: (it.name, it.value)))


def loaded(group: str, name: str | None = None) -> Iterator[tuple[str, Any]]:
    """Names and objects of a group, of one name alone where it is given, as far as they load."""
    for entry in entries(group):
        if name is not None and entry.name != name:
            continue
        try:
            found = entry.load()
        except Exception as error:
            _left_out(entry, str(error) or type(error).__name__)
        else:
            yield entry.name, found


def folders(group: str) -> Iterator[Path]:
    """The folders of the packages that a group names, as far as they are there."""
    for entry in entries(group):
        try:
            spec = find_spec(entry.value)
        except (ImportError, ValueError) as error:
            _left_out(entry, str(error))
            continue
        if spec is None or not spec.submodule_search_locations:
            _left_out(entry, "is no package")
        else:
            yield Path(spec.submodule_search_locations[0])


def _left_out(entry: EntryPoint, reason: str) -> None:
    package = "a package" if entry.dist is None else f"the package {entry.dist.name}"
    warnings.warn(
        f"{entry.group} {entry.name} = {entry.value!r} of {package} is left out: {reason}",
        stacklevel=4,
    )
