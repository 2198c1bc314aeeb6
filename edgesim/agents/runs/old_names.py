"""Run folders of edgesim 0.1: where the modules are now that they name.

``config.yaml`` names classes by import strings. They are read with the names of today; what is
written has those alone.
"""

from typing import Any

__all__ = ["MODULES", "renamed"]

MODULES = {
    "edgesim.agents.extractors": "edgesim.agents.networks.extractors",
    "edgesim.agents.instance_policy": "edgesim.agents.networks.instance_policy",
    "edgesim.agents.schedules": "edgesim.agents.learning.schedules",
    "edgesim.agents.score_policy": "edgesim.agents.networks.score_policy",
}
"""The modules whose classes a configuration can name, by their names in 0.1."""


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
