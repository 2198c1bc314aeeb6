"""Plain JSON into frozen dataclasses, by their types; what does not fit is an input error."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from edgesim.errors import InputError, Unshown, did_you_mean
from edgesim.numbers import LARGEST, as_finite

__all__ = ["build"]

Built = TypeVar("Built")


def build(kind: type[Built], values: Any, path: str = "") -> Built:
    """A dataclass from nested mappings, sequences and numbers.

    Fields may be ``int``, ``float``, ``str``, other dataclasses, ``tuple[X, ...]``,
    ``tuple[X, X]``, ``Mapping[str, X]``, and any of them or None. A field with a default may be
    left out.

    Args:
        kind: the dataclass.
        values: what JSON gave.
        path: dotted name of ``values`` in the file, for messages.

    Raises:
        InputError: a key is missing or unknown, a value has another type or is not finite, or the
            dataclass's own checks refuse it; the message has the key's dotted name.
    """
    if not isinstance(values, Mapping):
        raise InputError(path or "content", Unshown(values), "must be an object with keys")
    found: Any = kind  # a class is hashable, which mypy does not see of a type variable
    types_of, needed = _fields(found)
    for key in values:
        if key not in types_of:
            raise InputError(_join(path, key), Unshown(values[key]), did_you_mean(key, types_of))
    for key in needed:
        if key not in values:
            raise InputError(_join(path, key), None, "is missing")
    built = {key: _value(types_of[key], value, _join(path, key)) for key, value in values.items()}
    try:
        return kind(**built)
    except InputError as error:
        raise InputError(_join(path, error.thing), error.value, error.accepted) from None


@cache
def _fields(kind: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The types of a dataclass's fields, and the names of those without a default."""
    needed = tuple(
        item.name
        for item in fields(kind)
        if item.default is MISSING and item.default_factory is MISSING
    )
    return get_type_hints(kind), needed


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else str(key)


def _value(kind: Any, value: Any, path: str) -> Any:
    """One value as the type that its field has."""
    if isinstance(kind, types.UnionType):
        if value is None and type(None) in get_args(kind):
            return None
        (kind,) = (part for part in get_args(kind) if part is not type(None))
    if is_dataclass(kind):
        return build(kind, value, path)  # type: ignore[arg-type] # it is a class here
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple(get_args(kind), value, path)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise InputError(path, value, "must be an object with keys")
        item = get_args(kind)[1]
        return {key: _value(item, value[key], _join(path, key)) for key in value}
    return _plain(kind, value, path)


def _tuple(kinds: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InputError(path, value, "must be a list")
    if kinds[-1] is not ... and len(value) != len(kinds):
        raise InputError(path, value, f"must be a list of {len(kinds)}")
    if kinds[0] is float:  # the long ones
        return tuple(_number(item, path) for item in value)
    return tuple(_value(kinds[0], item, f"{path}[{k}]") for k, item in enumerate(value))


def _plain(kind: Any, value: Any, path: str) -> Any:
    if kind is float:
        return _number(value, path)
    if kind is int and (not isinstance(value, int) or isinstance(value, bool)):
        raise InputError(path, value, "must be a whole number")
    if kind is int and abs(value) > LARGEST:
        raise InputError(path, value, f"must be at most {LARGEST:,}")
    if kind is str and not isinstance(value, str):
        raise InputError(path, value, "must be text")
    return value


def _number(value: Any, path: str) -> float:
    number = as_finite(value)
    if number is None:
        raise InputError(path, value, "must be a finite number")
    return number
