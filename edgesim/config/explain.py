"""What Hydra and OmegaConf raise, said as one :class:`~edgesim.errors.InputError`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgesim.config.composition import composed, flat
from edgesim.config.overrides import parsed
from edgesim.errors import InputError, did_you_mean
from edgesim.hints import nearest_key, number_meant
from edgesim.scenarios.parts.faults import instead_of_faults

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

_BEYOND_FLOATS = 1 << 1024
_LISTED = 400  # characters of the names that a message may list


__all__ = ["explained", "known_key"]

_HIDDEN = ("scenario_keys", "given")  # keys that the shell fills, not the user


def explained(name: str, overrides: Sequence[str], error: Exception) -> Exception:
    """The :class:`InputError` that an exception of Hydra's stands for, or the exception itself.

    Args:
        name: the stored configuration, from :func:`config_name`.
        overrides: from :func:`prepared`.
        error: what Hydra raised.
    """
    from hydra.errors import HydraException, MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, AssertionError) and "Unexpected type" in str(error):
        return _below_null(name, overrides) or error
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        return InputError(group, choice, did_you_mean(choice, error.options or []))
    if isinstance(error, HydraException | OmegaConfBaseException):
        own = isinstance(error.__cause__, OmegaConfBaseException)
        cause = error.__cause__ if own and error.__cause__ else error
        return _on_override(name, overrides, str(error), cause)
    if isinstance(error, OverflowError):
        # OmegaConf lets pass what a number of hundreds of digits ends in.
        item = _beyond_floats(overrides)
        if item is not None:
            return InputError(item.key_or_group, _shown(item), "must be a smaller number")
    if "Config group override" in str(error):
        item = next((item for item in parsed(overrides) if "/" in item.key_or_group), None)
        if item is not None:
            return InputError(item.key_or_group, _shown(item), "must be a name")
    return error


def _beyond_floats(overrides: Sequence[str]) -> "Override | None":
    """The override whose value is a whole number beyond every float, if there is one."""
    for item in parsed(overrides):
        value = item.value()
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, int) and abs(one) >= _BEYOND_FLOATS for one in values):
            return item
    return None


def _on_override(
    name: str, overrides: Sequence[str], text: str, cause: BaseException
) -> InputError:
    """The error on the override that ``text`` quotes, or that has the key of ``cause``."""
    full = str(getattr(cause, "full_key", "") or "")
    item = _culprit(overrides, text, full)
    if item is None:
        return InputError("arguments", " ".join(overrides), _first_line(cause))
    key = item.key_or_group
    if not isinstance(cause, AttributeError | KeyError):
        return InputError(key, _shown(item), _accepted(_first_line(cause), _shown(item)))
    if full != key and not full.startswith(f"{key}."):  # a key within a value
        return InputError(key, _shown(item), _first_line(cause))
    return InputError(full, _shown(item), known_key(full, name, overrides))


def _culprit(overrides: Sequence[str], text: str, full_key: str) -> "Override | None":
    """The override that an exception is about: the one it quotes, or the one with its key."""
    items = parsed(overrides)
    for item in items:
        line = str(item.input_line)
        if line in text or f"override '{item.key_or_group}'" in text:
            return item
    own = [item for item in items if full_key and full_key.startswith(item.key_or_group)]
    return max(own, key=lambda item: len(item.key_or_group), default=None)


def _shown(item: "Override") -> Any:
    """An override's value as an error shows it."""
    if item.is_sweep_override():
        return str(item.input_line).partition("=")[2]
    return item.value()


def _first_line(error: BaseException) -> str:
    """What an exception says, without the lines on where."""
    return (str(getattr(error, "msg", None) or error).splitlines() or [type(error).__name__])[0]


def _accepted(reason: str, value: Any) -> str:
    """OmegaConf's words on a value of a wrong type, as what would be accepted."""
    for end, whole in (("converted to Integer", True), ("converted to Float", False)):
        if end in reason:
            meant = number_meant(str(value), whole)
            kind = "a whole number" if whole else "a number"
            return f"must be {kind}" + (f": did you mean {meant}?" if meant else "")
    if "is not a subclass of" in reason:
        return "has keys of its own: set those, or null where it takes that"
    for end, accepted in (
        ("is not a valid bool", "must be true or false"),
        ("is not a ListConfig, list or tuple.", "must be a list: [first,second]"),
        ("is not Optional", "must not be null"),
        ("to string", "must be text"),
        ("is not a subclass of", "must be a mapping of its keys: {key: value}"),
        ("to Dict[", "must be a mapping: {key: value}"),
        ("missing mandatory value", "must have a value"),
    ):
        if end in reason:
            return accepted
    return reason


def _groups_only(name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration with the choices of groups alone, as nested dictionaries."""
    from omegaconf import OmegaConf

    choices = [
        str(item.input_line)
        for item in parsed(overrides)
        if item.key_or_group in ("scenario", "agent") and not item.is_sweep_override()
    ]
    values = OmegaConf.to_container(composed(name, choices))
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def _below_null(name: str, overrides: Sequence[str]) -> InputError | None:
    """The error on a key below one that is null, as ``scenario.wireless.side_m`` can be."""
    names = flat(values := _groups_only(name, overrides))
    for item in parsed(overrides):
        parts = item.key_or_group.split(".")
        for count in range(1, len(parts)):
            parent = ".".join(parts[:count])
            if parent in names and _at(values, parts[:count]) is None:
                accepted = f"{parent} is null here: choose a preset that has it, or give it whole"
                return InputError(item.key_or_group, _shown(item), accepted)
    return None


def _at(values: Any, parts: Sequence[str]) -> Any:
    """The value at a path of keys."""
    for part in parts:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def known_key(key: str, name: str, overrides: Sequence[str]) -> str:
    """The end of a message on an unknown key: the nearest one, then those at its level."""
    values = _groups_only(name, overrides)
    other = instead_of_faults(_at(values, ("scenario", "problem")), key)
    if other is not None:
        return other
    names = [known for known in flat(values) if known not in _HIDDEN]
    near = nearest_key(key, names)
    place = (near or key).rpartition(".")[0]
    level = [known for known in names if known.rpartition(".")[0] == place]
    hint = f"did you mean {near!r}? " if near else "no such key; "
    command = name.removesuffix("-run")
    listed = level and sum(map(len, level)) <= _LISTED
    shown = (
        f"accepted: {', '.join(level)}" if listed else f"edgesim {command} --help lists the keys"
    )
    return f"{hint}{shown}"
