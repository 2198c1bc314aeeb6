"""The page cache of an operating system, by hand."""

from typing import Any

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


@pytest.mark.parametrize(
    ("key", "value", "accepted"),
    [("file_bytes", 0.0, "above 0"), ("chunk_bytes", 0.0, "above 0"), ("rounds", 0, "1"),
     ("cycles", 0, "1"), ("read_ahead_bytes", -0.5, "0")],
)  # fmt: skip
def test_figures_that_are_none_are_refused(key: str, value: float, accepted: str) -> None:
    asked: dict[str, Any] = {"file_bytes": 40.0, "cache_bytes": 40.0, "chunk_bytes": 10.0}
    with pytest.raises(InputError, match=rf"{key} = .*{accepted}"):
        cyclic_reads(**asked | {key: value})


def test_without_read_ahead_advice_reads_nothing() -> None:
    asked: dict[str, Any] = {"rounds": 2, "chunk_bytes": 10.0}
    none = cyclic_reads(120.0, 100.0, **asked)
    assert cyclic_reads(120.0, 100.0, prefetch="advise", read_ahead_bytes=0.0, **asked) == none
    # Ten of twelve chunks are kept, the last ones used: four of the six of each window.
    assert none == [Cycle(1.0, 1.0, 8 / 12)] * 3


def test_windows_share_the_chunks_and_the_least_is_one_a_window() -> None:
    # Three windows of a file of one chunk: one each, of a third of it.
    assert cyclic_reads(10.0, 10.0, rounds=3, chunk_bytes=10.0, cycles=1) == [Cycle(0.0, 0.0, 1.0)]
    # A cache of two of five: what is needed next is what was forgotten last.
    assert cyclic_reads(50.0, 20.0, rounds=2, chunk_bytes=10.0, cycles=2) == [
        Cycle(1.0, 1.0, 0.0), Cycle(1.0, 1.0, 0.0)
    ]  # fmt: skip
