"""Reseeded streams are the streams of their seed, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.twin.core import reseeding
from edgesim.twin.core.reseeding import ReseededStreams
from edgesim.twin.core.streams import Streams, stream_key

WORDS = st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4)


@settings(max_examples=200, deadline=None)
@given(seeds=st.lists(WORDS, min_size=1, max_size=3), names=st.lists(st.text(), max_size=4))
def test_streams_of_one_seed_after_another_are_those_of_streams(seeds, names):
    given_seeds = np.array(seeds, dtype=np.uint32)
    for words, reseeded in zip(seeds, ReseededStreams().each(given_seeds), strict=True):
        streams = Streams(np.random.SeedSequence(words))
        for name in names:
            one, other = reseeded[name], streams[name]
            assert one.bit_generator.state == other.bit_generator.state
            # An odd number of halves of 64 bits leaves one over, which the next seed must not meet.
            np.testing.assert_array_equal(one.integers(0, 9, size=3), other.integers(0, 9, size=3))
            assert one.normal() == other.normal()


@given(words=st.lists(st.integers(0, 9), max_size=8).filter(lambda words: len(words) != 4))
def test_a_seed_has_four_words(words):
    with pytest.raises(ValueError, match="must be 4"):
        next(ReseededStreams().each(np.array([words], dtype=np.uint32)))


@settings(max_examples=200, deadline=None)
@given(
    seeds=st.lists(WORDS, min_size=1, max_size=3),
    low=st.integers(-(2**40), 2**40),
    # Spans for which some bits are drawn again, none at all are drawn, and whole words are.
    span=st.one_of(st.integers(0, 300), st.integers(2**31, 2**33), st.just(2**32 - 1)),
    size=st.integers(0, 9),
)
def test_compiled_integers_are_those_of_each_stream(seeds, low, span, size):
    drawn = ReseededStreams().integers(
        np.array(seeds, dtype=np.uint32), "bandwidth", low, low + span, size
    )
    for words, row in zip(seeds, drawn, strict=True):
        stream = Streams(np.random.SeedSequence(words))["bandwidth"]
        assert row.tolist() == stream.integers(low, low + span, size=size, endpoint=True).tolist()


@settings(max_examples=100, deadline=None)
@given(
    seeds=st.lists(WORDS, min_size=1, max_size=3),
    span=st.one_of(st.integers(0, 300), st.integers(2**31, 2**32 - 2)),
)
def test_what_is_compiled_draws_as_numpy_does_today(seeds, span):
    drawn = np.empty((len(seeds), 40), dtype=np.int64)
    key = np.uint32(stream_key("bandwidth"))
    states = reseeding._generate_all(np.array(seeds, dtype=np.uint32), key)
    reseeding._draw_integers(states, -5, span, drawn)
    for words, row in zip(seeds, drawn, strict=True):
        stream = Streams(np.random.SeedSequence(words))["bandwidth"]
        assert row.tolist() == stream.integers(-5, span - 5, size=40, endpoint=True).tolist()


def test_a_numpy_that_draws_otherwise_is_followed(monkeypatch):
    seeds = np.arange(12, dtype=np.uint32).reshape(3, 4)
    usual = ReseededStreams().integers(seeds, "bandwidth", 16, 256, 50)
    monkeypatch.setattr(reseeding, "_draw_integers", lambda *given: given[-1].fill(16))
    assert (ReseededStreams().integers(seeds, "bandwidth", 16, 256, 50) == usual).all()
