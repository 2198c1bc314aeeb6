"""What stands behind a command at a shell: overrides in Hydra's grammar, read one by one."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from edgesim.config.config import SCHEMAS, is_run_folder
from edgesim.errors import InputError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override


__all__ = ["config_name", "is_open", "parsed", "values_of"]


def config_name(command: str, overrides: Sequence[str]) -> str:
    """Which stored configuration a command starts from: with the default scenario or without."""
    keys = {override.key_or_group: override for override in parsed(overrides)}
    follows = "policy" in {item.name for item in fields(SCHEMAS[command])} and "policy" in keys
    if follows and "scenario" not in keys and any(map(is_run_folder, values_of(keys["policy"]))):
        return f"{command}-run"
    return command


def parsed(overrides: Sequence[str]) -> "list[Override]":
    """Overrides as Hydra parses them.

    Raises:
        InputError: one cannot be parsed, by its key and value.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    parsed = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if not key or (not equals and not key.startswith("~")):
            raise InputError("argument", override, "must be key=value")
        try:
            parsed += parser.parse_overrides([override])
        except (HydraException, ValueError, RecursionError):  # numbers of thousands of digits
            quoted = f"""'{key}="{value}"'"""
            accepted = f"cannot be read; text with special characters is quoted: {quoted}"
            raise InputError(key, value, accepted) from None
    return parsed


def values_of(item: "Override") -> list[Any]:
    """The value of an override, or all that a sweep goes through."""
    from hydra.core.override_parser.types import Glob

    if isinstance(item.value(), Glob):
        return []
    if item.is_sweep_override():
        return [_plain(value) for value in item.sweep_iterator()]
    value = item.value()
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Any:
    """A swept value without the quotes that Hydra keeps for a shell."""
    return value.strip("'\"") if isinstance(value, str) else value


def is_open(key: str) -> bool:
    """Whether a key lies in a dictionary that takes any key."""
    return key.startswith(
        ("agent.hyperparameters.", "agent.environment.", "agent.schedules.", "scenario_keys.")
    )
