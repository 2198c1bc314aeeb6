"""Episodes in lock-step, and the seeds that they are played on."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout, takes_masks
from edgesim.agents.runs import seeds
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SHORT = resolve("aigc_paper", {"horizon_s": 60_000})
PURPOSES = (seeds.training_seeds, seeds.validation_seeds, seeds.held_out_seeds)

run_seed = st.integers(0, 2**40)


# --- seeds ------------------------------------------------------------------------------------


@given(run_seed, run_seed)
def test_what_is_trained_on_is_never_held_out(one: int, other: int) -> None:
    training, validation, test = (
        set(of(seed, 300)) for of, seed in zip(PURPOSES, (one, other, other), strict=True)
    )
    assert not training & test
    assert not training & validation
    assert not validation & test


@given(run_seed, st.integers(1, 40), st.integers(0, 40))
def test_more_episodes_begin_with_the_same_ones(seed: int, few: int, more: int) -> None:
    for of in PURPOSES:
        drawn = of(seed, few + more)
        assert drawn[:few] == of(seed, few)
        assert len(set(drawn)) == few + more
        assert all(0 <= item < 2**32 for item in drawn)


def test_runs_differ_in_their_episodes_and_policies_in_their_dice() -> None:
    assert seeds.training_seeds(0, 5) != seeds.training_seeds(1, 5)
    assert len({seeds.policy_seed(0, name) for name in ("random", "rendom", "other")}) == 3


@pytest.mark.parametrize("seed", [-1, 0.5, "0", True, None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(InputError, match="whole number"):
        seeds.training_seeds(seed, 1)


# --- episodes ---------------------------------------------------------------------------------


class Diary:
    """Sends every request to provider 0 and writes down what it was shown."""

    def __init__(self, envs: Any = (), seed: int = 0) -> None:
        self.calls: list[tuple[int, list[bool], bool]] = []

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: Any = 0
    ) -> tuple[Any, Any]:
        count = 0 if state is None else state
        assert count == len(self.calls)  # the state comes back as it was returned
        self.calls.append((len(observation), episode_start.tolist(), deterministic))
        return np.zeros(len(observation), dtype=int), count + 1


def test_each_episode_is_that_of_its_seed_however_many_run_beside_it() -> None:
    build = find_policy(SHORT, "round_robin")
    many = rollout(SHORT, build, [5, 6, 7, 8])
    alone = [rollout(SHORT, build, [seed]).rows[0] for seed in (5, 6, 7, 8)]
    assert many.rows == alone
    assert many.decisions == sum(row["decisions"] for row in alone)
    assert [row["seed"] for row in many.rows] == [5, 6, 7, 8]
    assert many.decisions_per_second > 0


def test_an_environment_that_ends_its_episode_takes_the_next_seed() -> None:
    diary = Diary()
    envs = make_envs(SHORT, 2)
    played = rollout(SHORT, lambda *_: diary, list(range(7)), envs=envs)
    assert [row["seed"] for row in played.rows] == list(range(7))
    begun = [start for _, starts, _ in diary.calls for start in starts]
    assert sum(begun) == 7
    assert all(rows == 2 and deterministic for rows, _, deterministic in diary.calls)
    assert diary.calls[0][1] == [True, True]


def test_the_dice_of_a_policy_are_its_own_and_thrown_again_alike() -> None:
    build = find_policy(SHORT, "random")
    first, again = (rollout(SHORT, build, [1, 2], policy_seed=3).rows for _ in range(2))
    assert first == again
    assert first != rollout(SHORT, build, [1, 2], policy_seed=4).rows


def test_a_policy_that_takes_masks_is_given_them() -> None:
    class Masked(Diary):
        def predict(
            self,
            observation: Any,
            state: Any = None,
            episode_start: Any = None,
            deterministic: Any = 0,
            action_masks: Any = None,
        ) -> tuple[Any, Any]:
            assert action_masks.shape == (len(observation), 20)
            return action_masks.argmax(axis=1), state

    assert takes_masks(Masked())
    assert not takes_masks(Diary())
    assert rollout(SHORT, Masked, [1, 2]).rows[0]["crashes"] == 0


def test_logs_are_kept_where_asked_for() -> None:
    played = rollout(SHORT, Diary, [4, 5], record=True)
    for row, log in zip(played.rows, played.logs, strict=True):
        assert sum(event == "crash" for _, event, *_ in log.rows) == row["crashes"]


def test_progress_is_told_to_the_last_episode() -> None:
    told: list[tuple[int, int]] = []
    played = rollout(SHORT, Diary, [1, 2, 3], progress=lambda *now: told.append(now))
    assert told[-1] == (3, played.decisions)
    assert told == sorted(told)


def test_no_seeds_no_episodes() -> None:
    assert rollout(SHORT, Diary, []).rows == []


def test_a_policy_that_answers_for_too_few_is_told_so() -> None:
    class Lazy(Diary):
        def predict(self, observation: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            return np.zeros(1, dtype=int), None

    with pytest.raises(InputError, match="2 rows"):
        rollout(SHORT, Lazy, [1, 2])
