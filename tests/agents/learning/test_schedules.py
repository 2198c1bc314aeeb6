"""Hyperparameters that move while an agent learns."""

import pickle

import pytest

from edgesim.agents.learning.schedules import Linear, linear


def test_a_line_runs_from_its_start_to_its_end_as_the_remaining_progress_falls() -> None:
    line = Linear(0.03, 0.01)
    assert [line(remaining) for remaining in (1.0, 0.5, 0.0)] == pytest.approx([0.03, 0.02, 0.01])


def test_progress_beyond_the_end_changes_nothing() -> None:
    # The last rollout of an on-policy agent goes a little beyond the planned decisions.
    assert Linear(1.0, 0.2)(-0.05) == 0.2


def test_a_line_survives_pickle_as_it_goes_into_a_saved_model() -> None:
    assert pickle.loads(pickle.dumps(Linear(1.0, 0.0))) == Linear(1.0, 0.0)


def test_what_the_library_schedules_goes_to_it_and_the_rest_is_moved_by_us() -> None:
    arguments, moved = linear({"learning_rate": [1e-3, 0], "ent_coef": [0.03, 0.001]})
    assert arguments == {"learning_rate": Linear(1e-3, 0.0), "ent_coef": 0.03}
    assert moved == {"ent_coef": Linear(0.03, 0.001)}
