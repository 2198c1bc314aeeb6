"""Copies of a running world that go on by themselves, and running worlds on disk.

A copy is made by pickling: that copies objects which refer to one another in circles, calls no
constructor, and is several times as fast as ``copy.deepcopy``. What stays the same in all episodes
(:class:`Shared`) is not copied. On disk, and on the way to another process, it is not written
either: the world is built there again from its scenario, and each part found in it by its place.
"""

import pickle
from collections.abc import Callable, Iterator
from io import BytesIO
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
from numpy.random import PCG64, Generator
from numpy.random.bit_generator import ISeedSequence

__all__ = ["Rebuilt", "Running", "Shared", "copied", "copies", "dumped", "loaded"]

T = TypeVar("T")
Place = tuple[Any, ...]
"""How to get from a world to one of its parts: names of attributes, keys and indices."""


class Shared:
    """What does not change while an episode runs: copies of the episode share it.

    Caches may fill, as long as nobody can tell.
    """

    __slots__ = ()


class Rebuilt:
    """Some attributes are views of others: a copy leaves them out and makes them again.

    Copies are made by this module's functions, not by pickle alone.

    Attributes:
        views: their names.
    """

    __slots__ = ()
    views: ClassVar[tuple[str, ...]] = ()

    def look(self) -> None:
        """Set the attributes in :attr:`views` from the others; nothing where there are none."""

    def __getstate__(self) -> dict[str, Any]:
        """All attributes but the views."""
        return {name: getattr(self, name) for name in _names(self) if name not in self.views}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes, and make the views."""
        for name, value in state.items():
            setattr(self, name, value)
        # What the views show may lie in a circle with this, and be there only at the end.
        _loads[-1].rebuilt.append(self)


class Running:
    """Only some attributes are of an episode; a copy in this process shares the others."""

    def episode(self) -> dict[str, Any]:
        """The attributes that are of the episode."""
        # No abstract base class: to ask whether a thing is one takes longer, and a fork asks that
        # of every object it copies.
        raise NotImplementedError

    def remade(self) -> tuple[Any, ...] | None:
        """A function and its arguments that make the rest again elsewhere; None: it is written."""
        return None


class _Kept(Shared):
    """The attributes that copies share."""

    __slots__ = ("attributes",)

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.attributes = attributes


def _as_before(kind: type[Any], kept: _Kept) -> Any:
    """A copy before it is given its episode."""
    thing = object.__new__(kind)
    thing.__dict__.update(kept.attributes)
    return thing


def _give(thing: Any, attributes: dict[str, Any]) -> None:
    thing.__dict__.update(attributes)


def _reduced(thing: Running, copying: bool) -> Any:
    """What pickle makes of a running thing."""
    episode = thing.episode()
    if copying:
        kept = {name: it for name, it in thing.__dict__.items() if name not in episode}
        return _as_before, (type(thing), _Kept(kept)), episode, None, None, _give
    remade = thing.remade()
    return NotImplemented if remade is None else (*remade, episode, None, None, _give)


def copied(thing: T) -> T:
    """A copy of a running thing, which shares with it what is :class:`Shared`."""
    return copies(thing, 1)[0]


def copies(thing: T, count: int) -> list[T]:
    """So many copies of a running thing, cheaper than one after the other."""
    kept: list[Any] = []

    def place_of(part: Any) -> int:
        kept.append(part)
        return len(kept) - 1

    data = _dump(thing, place_of, copying=True)
    return [_load(data, kept.__getitem__) for _ in range(count)]


def dumped(thing: Any, world: Any) -> bytes:
    """A running thing as bytes, without what its world holds."""
    places = {id(part): place for part, place in _parts(world)}
    return _dump(thing, lambda part: places.get(id(part)))


def loaded(data: bytes, world: Any) -> Any:
    """What :func:`dumped` wrote, in an equal world."""

    def part_at(place: Place) -> Any:
        part = world
        for step in place:
            part = getattr(part, step) if isinstance(step, str) else part[step[0]]
        return part

    return _load(data, part_at)


class _Pickler(pickle.Pickler):
    def __init__(self, buffer: BytesIO, place_of: Callable[[Any], Any], copying: bool) -> None:
        super().__init__(buffer, pickle.HIGHEST_PROTOCOL)
        self._place_of, self._copying = place_of, copying

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, Shared):
            place = self._place_of(thing)
            return NotImplemented if place is None else (_found, (place,))
        if isinstance(thing, Running):
            return _reduced(thing, self._copying)
        if type(thing) is Generator and type(thing.bit_generator) is PCG64:
            return _generator, (thing.bit_generator.state,)
        return NotImplemented


class _Unseeded(ISeedSequence):
    """In place of a seed, for generators whose state is set: to make one takes time."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        return np.zeros(n_words, dtype)


_UNSEEDED = _Unseeded()


def _generator(state: Any) -> Generator:
    bits = PCG64(_UNSEEDED)  # type: ignore[arg-type]  # numpy takes any ISeedSequence
    bits.state = state
    return Generator(bits)


class _Load(NamedTuple):
    """A load that is under way: how to find shared parts, and what waits for its views."""

    find: Callable[[Any], Any]
    rebuilt: list[Rebuilt]


_loads: list[_Load] = []
"""The innermost last: pickle calls functions by name alone."""


def _found(place: Any) -> Any:
    return _loads[-1].find(place)


def _dump(thing: Any, place_of: Callable[[Any], Any], *, copying: bool = False) -> bytes:
    buffer = BytesIO()
    _Pickler(buffer, place_of, copying).dump(thing)
    return buffer.getvalue()


def _load(data: bytes, find: Callable[[Any], Any]) -> Any:
    load = _Load(find, [])
    _loads.append(load)
    try:
        thing = pickle.loads(data)
        for part in load.rebuilt:
            part.look()
    finally:
        _loads.pop()
    return thing


def _parts(world: Any) -> Iterator[tuple[Any, Place]]:
    """A world and all :class:`Shared` parts in it, each with its first place."""
    seen: set[int] = set()
    left: list[tuple[Any, Place]] = [(world, ())]
    while left:
        thing, place = left.pop()
        if isinstance(thing, list | tuple):
            left += [(part, (*place, (index,))) for index, part in enumerate(thing)]
        elif isinstance(thing, dict):
            left += [(part, (*place, (key,))) for key, part in thing.items()]
        elif isinstance(thing, Shared) and id(thing) not in seen:
            seen.add(id(thing))
            yield thing, place
            for name in _names(thing):
                left.append((attrgetter(name)(thing), (*place, name)))


def _names(thing: Any) -> list[str]:
    """The attributes that a thing has, in slots or not."""
    slots = [
        name
        for kind in type(thing).__mro__
        for name in getattr(kind, "__slots__", ())
        if hasattr(thing, name)
    ]
    return [*slots, *getattr(thing, "__dict__", ())]
