"""The page cache of an operating system, for files that are mapped into memory.

The cache forgets what was used longest ago, in chunks. A file that is read again and again from
its start, and is larger than the cache, is then read from disk as a whole each time: what is still
there is always what is needed last. So it was measured on Linux 6.1 (docs/ring.md); it is not so
that only what exceeds the cache is read.
"""

import itertools
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from edgesim.scenarios.checks import at_least, integer_from, one_of, positive

__all__ = ["Cycle", "PageCache", "cyclic_reads"]


class PageCache:
    """Chunks of files in memory, in the order in which they were used last.

    >>> cache = PageCache(100.0)
    >>> cache.insert("a", 60.0)
    []
    >>> cache.insert("b", 60.0)
    ['a']

    Args:
        capacity_bytes: how much it holds.

    Attributes:
        used_bytes: how much is in it.
    """

    def __init__(self, capacity_bytes: float) -> None:
        at_least("capacity_bytes", capacity_bytes, 0.0)
        self.capacity_bytes = capacity_bytes
        self.used_bytes = 0.0
        self._chunks: OrderedDict[Hashable, float] = OrderedDict()

    def __contains__(self, chunk: Hashable) -> bool:
        return chunk in self._chunks

    def use(self, chunk: Hashable) -> bool:
        """Use a chunk: whether it is there. It is then the last to be forgotten."""
        if chunk not in self._chunks:
            return False
        self._chunks.move_to_end(chunk)
        return True

    def insert(self, chunk: Hashable, size_bytes: float) -> list[Hashable]:
        """Keep a chunk that was read; what is forgotten for it. One larger than all is not kept."""
        if size_bytes > self.capacity_bytes:
            return []
        if chunk in self._chunks:
            self._chunks.move_to_end(chunk)
            return []
        self._chunks[chunk] = size_bytes
        self.used_bytes += size_bytes
        return self._shrink()

    def resize(self, capacity_bytes: float) -> list[Hashable]:
        """Other applications take memory, or give it back: what is forgotten."""
        at_least("capacity_bytes", capacity_bytes, 0.0)
        self.capacity_bytes = capacity_bytes
        return self._shrink()

    def _shrink(self) -> list[Hashable]:
        forgotten = []
        # A thousandth of a byte is a rest of rounding
        while self.used_bytes > self.capacity_bytes + 1e-3 and self._chunks:
            chunk, size_bytes = self._chunks.popitem(last=False)
            self.used_bytes -= size_bytes
            forgotten.append(chunk)
        return forgotten


class Cycle(NamedTuple):
    """One reading of a file from its start to its end.

    Attributes:
        read: bytes read from disk over the file's.
        stalled: of them those that were waited for as they were needed, over the file's.
        resident: share of a window that is in memory as its turn comes, on average.
    """

    read: float
    stalled: float
    resident: float


def cyclic_reads(
    file_bytes: float,
    cache_bytes: float,
    *,
    rounds: int = 1,
    prefetch: str = "none",
    read_ahead_bytes: float = 128 * 2**10,
    cycles: int = 3,
    chunk_bytes: float = 128 * 2**10,
) -> list[Cycle]:
    """Read a mapped file again and again, in windows of which the next may be prefetched.

    After each window the next one (cyclic) is prefetched, which is waited for.

    Args:
        file_bytes: size of the file.
        cache_bytes: room of the page cache, empty at first.
        rounds: windows of a cycle.
        prefetch: "none"; "touch", which reads the whole next window; or "advise", one call for
            it, of which Linux reads ``read_ahead_bytes`` at most.
        read_ahead_bytes: the read-ahead of the device.
        cycles: cycles after the first one, which finds the cache empty.
        chunk_bytes: what is read at once.

    Returns:
        The cycles after the first.
    """
    positive("file_bytes", file_bytes)
    positive("chunk_bytes", chunk_bytes)
    at_least("read_ahead_bytes", read_ahead_bytes, 0.0)
    integer_from("rounds", rounds, 1)
    integer_from("cycles", cycles, 1)
    one_of("prefetch", prefetch, ("none", "touch", "advise"))
    cache = PageCache(cache_bytes)
    count = max(rounds, round(file_bytes / chunk_bytes))
    size = file_bytes / count
    edges = [count * turn // rounds for turn in range(rounds + 1)]
    windows = [range(first, end) for first, end in itertools.pairwise(edges)]
    ahead = {"none": 0, "touch": count, "advise": int(read_ahead_bytes / size)}[prefetch]
    found = []
    for _ in range(cycles + 1):
        read = stalled = resident = 0
        for turn, window in enumerate(windows):
            resident += sum(chunk in cache for chunk in window)
            for chunk in window:
                if not cache.use(chunk):
                    cache.insert(chunk, size)
                    stalled += 1
            for chunk in windows[(turn + 1) % rounds][:ahead]:
                if chunk not in cache:
                    cache.insert(chunk, size)
                    read += 1
        found.append(Cycle((read + stalled) / count, stalled / count, resident / count))
    return found[1:]
