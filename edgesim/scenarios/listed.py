"""Items of a list by their names: ``network.slices.urllc.share`` is the share of that slice."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from edgesim.errors import InputError, did_you_mean

__all__ = ["numbered", "passes_list", "replaced"]


def passes_list(key: str, values: Any) -> bool:
    """Whether a dotted key leads through a list of values, by a name or a number."""
    place = values
    for part in key.split(".")[:-1]:
        if _is_list(place):
            return True
        place = place.get(part) if isinstance(place, Mapping) else None
    return _is_list(place)


def numbered(key: str, values: Any) -> str:
    """A dotted key with the places of list items instead of their names.

    Raises:
        InputError: a list has no item of that name or number; the message tells those that it has.
    """
    parts, place = [], values
    for part in key.split("."):
        if _is_list(place):
            part = str(_place(part, place, key))  # noqa: PLW2901  # the name becomes the number
            place = place[int(part)]
        else:
            place = place.get(part) if isinstance(place, Mapping) else None
        parts.append(part)
    return ".".join(parts)


def replaced(values: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The values with that of one key, which leads through a list, replaced.

    A mapping replaces the keys that it has.

    Raises:
        InputError: as of :func:`numbered`.
    """
    new = deepcopy(dict(values))
    *parents, last = numbered(key, values).split(".")
    place: Any = new
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
    where: Any = int(last) if isinstance(place, list) else last
    there = place[where] if isinstance(place, list) else place.get(where)
    merges = isinstance(value, Mapping) and isinstance(there, Mapping)
    place[where] = {**there, **value} if merges else value
    return new


def _is_list(place: Any) -> bool:
    return isinstance(place, Sequence) and not isinstance(place, str)


def _place(part: str, items: Sequence[Any], key: str) -> int:
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    if part in names:
        return names.index(part)
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    known = [str(name) for name in names if name] or [str(place) for place in range(len(items))]
    raise InputError(
        "scenario key", key, f"{part!r} is not in the list; {did_you_mean(part, known)}"
    )
