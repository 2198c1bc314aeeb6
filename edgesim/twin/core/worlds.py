"""Worlds that are built once and shared by all environments of a scenario."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, TypeVar

from edgesim.files import is_file

__all__ = ["shared_world"]

_KEPT = 4  # worlds that a process keeps; a world takes up to tens of MB
_worlds: OrderedDict[str, Any] = OrderedDict()

W = TypeVar("W")


def shared_world(build: Callable[[Any], W], scenario: Any) -> W:
    """The world that ``build`` makes of a scenario, or the one it made of an equal scenario.

    A world holds what ``world_seed`` draws and nothing of an episode, so that episodes can share
    it. One that reads a file is built anew each time: the file may have changed.

    Args:
        build: makes the world of a scenario.
        scenario: a checked scenario, a dataclass.
    """
    if any(is_file(text) for text in _texts(asdict(scenario))):
        return build(scenario)
    key = f"{build} {scenario!r}"
    if key in _worlds:
        _worlds.move_to_end(key)
    else:
        _worlds[key] = build(scenario)
        while len(_worlds) > _KEPT:
            _worlds.popitem(last=False)
    world: W = _worlds[key]
    return world


def _texts(values: Any) -> Iterator[str]:
    """All text in nested mappings and lists that could name a file."""
    if isinstance(values, str):
        if 0 < len(values) < 1000:
            yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from _texts(value)
    elif isinstance(values, list | tuple):
        for value in values:
            if not isinstance(value, int | float):
                yield from _texts(value)
