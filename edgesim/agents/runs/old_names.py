"""Run folders of edgesim 0.1: where the modules are now that they name.

``config.yaml`` names classes by import strings, and ``model.zip`` holds pickles, which name classes
by module too. Both are read with the names of today; what is written has those alone.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

__all__ = ["MODULES", "importable", "renamed"]

MODULES = {
    "edgesim.agents.extractors": "edgesim.agents.networks.extractors",
    "edgesim.agents.instance_policy": "edgesim.agents.networks.instance_policy",
    "edgesim.agents.schedules": "edgesim.agents.learning.schedules",
    "edgesim.agents.score_policy": "edgesim.agents.networks.score_policy",
}
"""The modules whose classes a model or its configuration can name, by their names in 0.1."""


def renamed(values: Any) -> Any:
    """Values of a ``config.yaml`` with the import strings in them brought up to date."""
    if isinstance(values, dict):
        return {key: renamed(value) for key, value in values.items()}
    if isinstance(values, list):
        return [renamed(value) for value in values]
    if isinstance(values, str) and ":" in values:
        module, _, attribute = values.partition(":")
        return f"{MODULES.get(module, module)}:{attribute}"
    return values


@contextmanager
def importable() -> Iterator[None]:
    """The old modules can be imported, as pickles do, and are those of today."""
    aliases = {old: import_module(new) for old, new in MODULES.items() if old not in sys.modules}
    sys.modules.update(aliases)
    try:
        yield
    finally:
        for old in aliases:
            del sys.modules[old]
