"""Reading on where a copy was made: an iterator over a file that can be pickled."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

__all__ = ["Replay"]

T = TypeVar("T")


class Replay(Generic[T]):
    """An iterator that, once copied, opens its source again and passes over what was read.

    Args:
        source: opens it at its start; always the same items.
        done: items to pass over.
    """

    def __init__(self, source: Callable[[], Iterator[T]], done: int = 0) -> None:
        self._source = source
        self.done = done
        self._items: Iterator[T] | None = None

    def __iter__(self) -> "Replay[T]":
        """Itself."""
        return self

    def __next__(self) -> T:
        """The next item."""
        if self._items is None:
            self._items = self._source()
            for _ in range(self.done):
                next(self._items)
        item = next(self._items)
        self.done += 1
        return item

    def again(self, done: int) -> "Replay[T]":
        """The same source from another place on."""
        return Replay(self._source, done)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is open."""
        return {**self.__dict__, "_items": None}
