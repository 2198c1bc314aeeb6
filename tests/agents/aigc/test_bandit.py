"""The learner that is not deep."""

from typing import Any

import numpy as np
import pytest

from edgesim.agents.aigc import bandit as module
from edgesim.agents.aigc.bandit import Bandit, trained, trained_punctual
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.seeds import held_out_seeds, training_seeds
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.scenarios import resolve

PAPER = resolve("aigc_paper", {"horizon_s": 100_000, "capacity_range": [400, 900]})
WIRELESS = resolve("aigc", {"horizon_s": 40})


def env_of(scenario: Any) -> Any:
    (env,) = make_envs(scenario, 1, {"reward": "shaped"})
    return env


def test_without_a_network_it_learns_the_qualities_and_decides_as_one_who_knows_them():
    env = env_of(PAPER)
    bandit = Bandit(env, seed=1).learn(4000)
    gains = env.unwrapped.world.curves.gains
    for row, steps in enumerate(range(100, 251, 10)):
        tried = bandit.weight[row] > 0
        assert bandit.means[row][tried] == pytest.approx(gains(steps)[tried])
    assert bandit.weight.sum() == bandit.decisions == 4000
    seeds = held_out_seeds(0, 4)
    learned = rollout(PAPER, lambda *_: bandit, seeds).rows
    known = rollout(PAPER, find_policy(PAPER, "prophet"), seeds).rows
    assert np.mean([r["return"] for r in learned]) > 0.99 * np.mean([r["return"] for r in known])
    assert all(row["crashes"] == 0 for row in learned)


def test_more_exploration_tries_more():
    shy, bold = (Bandit(env_of(PAPER), 0, weight).learn(1500) for weight in (0.01, 3.0))
    assert (bold.weight > 0).sum() >= (shy.weight > 0).sum()
    assert bold.weight.max() < shy.weight.max()


def test_punctual_it_does_better_where_results_can_be_late():
    seeds = held_out_seeds(0, 4)
    returns = []
    for punctual in (False, True):
        learner = Bandit(env_of(WIRELESS), 0, punctual=punctual).learn(2000)
        played = rollout(WIRELESS, lambda *_, learner=learner: learner, seeds)
        returns.append(np.mean([row["return"] for row in played.rows]))
    assert returns[1] > returns[0]


def test_it_learns_on_training_episodes_only(monkeypatch):
    env = env_of(PAPER)
    seen: list[int] = []
    reset = env.unwrapped.reset

    def noted(*, seed: int | None = None, options: Any = None) -> Any:
        assert seed is not None
        seen.append(seed)
        return reset(seed=seed, options=options)

    monkeypatch.setattr(env.unwrapped, "reset", noted)
    Bandit(env, seed=5).learn(500)
    assert seen == training_seeds(5, len(seen))


def test_it_learns_the_same_from_the_same_seed_and_goes_on_where_it_was():
    first, again = (Bandit(env_of(PAPER), 2).learn(700) for _ in range(2))
    assert np.array_equal(first.total, again.total)
    first.learn(300)
    assert first.decisions == 1000
    assert first.weight.sum() == 1000


def test_masks_are_kept_and_a_single_observation_is_answered_by_a_single_action():
    env = env_of(PAPER)
    bandit = Bandit(env, 0).learn(500)
    observation, _ = env.reset(seed=1)
    free, _ = bandit.predict(observation)
    mask = np.ones(20, dtype=bool)
    mask[free] = False
    other, _ = bandit.predict(observation, action_masks=mask)
    assert np.shape(free) == np.shape(other) == ()
    assert other != free
    both, _ = bandit.predict(np.stack([observation] * 2), action_masks=np.stack([~mask, mask]))
    assert both.tolist() == [free, other]


@pytest.mark.parametrize("build", [trained, trained_punctual])
def test_the_baseline_is_trained_and_frozen(build, monkeypatch):
    monkeypatch.setattr(module, "DECISIONS", 50)
    bandit = build(make_envs(WIRELESS, 1), 3)
    before = bandit.total.copy()
    rollout(WIRELESS, lambda *_: bandit, [1])
    assert bandit.decisions == 50
    assert np.array_equal(bandit.total, before)


# --- on disk ----------------------------------------------------------------------------------


def test_saved_and_loaded_it_decides_alike(tmp_path):
    env = env_of(PAPER)
    bandit = Bandit(env, 0).learn(400)
    bandit.save(tmp_path / "model.zip")
    loaded = Bandit.load(tmp_path / "model.zip", env)
    assert loaded.decisions == 400
    for learner in (bandit, loaded):
        assert (
            rollout(PAPER, lambda *_, learner=learner: learner, [1]).rows
            == rollout(PAPER, lambda *_: bandit, [1]).rows
        )
    assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]


@pytest.mark.parametrize("content", [b"", b"no bandit", b"PK\x03\x04 broken", None])
def test_a_file_that_is_no_bandit_is_refused(tmp_path, content):
    path = tmp_path / "model.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.zip"):
        Bandit.load(path, env_of(PAPER))


def test_a_bandit_of_other_providers_is_refused(tmp_path):
    Bandit(env_of(PAPER)).save(tmp_path / "model.zip")
    fewer = resolve("aigc_paper", {"provider_count": 3})
    with pytest.raises(InputError, match="shape"):
        Bandit.load(tmp_path / "model.zip", env_of(fewer))
