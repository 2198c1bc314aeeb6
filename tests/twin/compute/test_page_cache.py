"""The page cache of an operating system, by hand."""

import pytest

from edgesim.errors import InputError
from edgesim.twin.compute.page_cache import Cycle, PageCache, cyclic_reads


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    cache = PageCache(30.0)
    for chunk in "abc":
        assert cache.insert(chunk, 10.0) == []
    assert cache.use("a")
    assert not cache.use("d")
    assert cache.insert("d", 20.0) == ["b", "c"]
    assert cache.resize(15.0) == ["a", "d"]
    assert cache.used_bytes == 0.0
    assert cache.insert("e", 16.0) == []
    assert "e" not in cache


def test_a_file_one_chunk_too_large_is_read_as_a_whole() -> None:
    assert cyclic_reads(100.0, 100.0, chunk_bytes=10.0)[0] == Cycle(0.0, 0.0, 1.0)
    assert cyclic_reads(110.0, 100.0, chunk_bytes=10.0)[0].read == 1.0


def test_touching_ahead_reads_twice_in_one_round_and_in_two_saves_the_waiting() -> None:
    one, two = (
        cyclic_reads(120.0, 100.0, rounds=rounds, prefetch="touch", chunk_bytes=10.0)[-1]
        for rounds in (1, 2)
    )
    assert (one.read, one.stalled) == (2.0, 1.0)
    assert (two.read, two.stalled, two.resident) == (1.0, 0.0, 1.0)


def test_one_call_of_advice_reads_no_more_than_the_read_ahead() -> None:
    asked = {"rounds": 2, "prefetch": "advise", "chunk_bytes": 10.0}
    capped = cyclic_reads(120.0, 100.0, read_ahead_bytes=10.0, **asked)[-1]  # type: ignore[arg-type]
    assert capped.stalled == pytest.approx(10 / 12)
    full = cyclic_reads(120.0, 100.0, read_ahead_bytes=60.0, **asked)[-1]  # type: ignore[arg-type]
    assert full.stalled == 0.0


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="prefetch"):
        cyclic_reads(10.0, 10.0, prefetch="all")
    with pytest.raises(InputError, match="capacity_bytes"):
        PageCache(-1.0)
