"""Speculative decoding, by hand."""

import pytest

from edgesim.errors import InputError
from edgesim.twin.ring.speculative import acceptance_for, speculative_s, tokens_a_cycle


def test_expected_tokens_by_hand() -> None:
    assert tokens_a_cycle(0.0, 5) == 1.0
    assert tokens_a_cycle(1.0, 5) == 6.0
    assert tokens_a_cycle(0.5, 3) == 1 + 0.5 + 0.25 + 0.125


def test_times_by_hand() -> None:
    assert speculative_s(1.0, 0.1, 0.5, 1) == pytest.approx(1.1 / 1.5)
    assert speculative_s(1.0, 0.1, 0.5, 0) == 1.0
    assert acceptance_for(1.0, 0.1, 1, 1.1 / 1.5) == pytest.approx(0.5)


def test_shares_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="acceptance"):
        tokens_a_cycle(1.1, 2)
