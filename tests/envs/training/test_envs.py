"""Training as environments: what is seen, masked and paid."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.twin.training.wan.plans import KINDS

SHORT = {
    "edgesim/WanTraining-v0": {"horizon_s": 1200.0, "churn.joins_per_hour": 60.0},
    "edgesim/LLMTraining-v0": {"job.useful_sequences": 2e5},
}


def begun(env_id: str, **arguments: Any) -> Any:
    env: Any = gymnasium.make(
        env_id, overrides=SHORT[env_id], disable_env_checker=True, **arguments
    ).unwrapped
    env.reset(seed=3)
    return env


def played(env: Any, seed: int = 0) -> list[tuple[float, dict[str, Any]]]:
    """Rewards and infos of an episode of random sensible actions."""
    rng = np.random.default_rng(seed)
    story = []
    over = False
    while not over:
        action = rng.choice(np.flatnonzero(env.action_masks()))
        observation, reward, over, _, info = env.step(action)
        assert env.observation_space.contains(observation)
        story.append((reward, info))
    return story


@pytest.mark.parametrize("env_id", SHORT)
def test_a_reward_is_the_sum_of_its_parts_and_the_return_theirs(env_id: str) -> None:
    env = begun(env_id)
    story = played(env)
    for reward, info in story:
        assert reward == pytest.approx(sum(info[part] for part in env.parts))
    metrics = story[-1][1]["metrics"]
    assert metrics["return"] == pytest.approx(sum(reward for reward, _ in story))
    shaped = played(begun(env_id, reward="shaped"))
    assert sum(reward for reward, _ in shaped) == pytest.approx(metrics["return"])


def test_only_the_options_of_a_decision_can_be_chosen() -> None:
    env = begun("edgesim/WanTraining-v0")
    seen = set()
    over = False
    while not over:
        kind = env.request.kind
        seen.add(kind)
        there = {env.options[place] for place in np.flatnonzero(env.action_masks())}
        assert there <= set(KINDS[kind])
        assert set(env.outlook.expected) == there
        _, _, over, _, _ = env.step(np.flatnonzero(env.action_masks())[0])
    assert {"join", "admit"} <= seen


def test_a_newcomer_is_told_how_long_its_options_take() -> None:
    """From more sources it is sooner, and who makes others wait says so."""
    env = begun("edgesim/WanTraining-v0")
    while env.request.kind != "join":
        env.step(np.flatnonzero(env.action_masks())[0])
    expected = env.outlook.expected
    assert expected["pull_all"].delay_s < expected["pull_2"].delay_s < expected["pull_1"].delay_s
    assert expected["pull_all"].idle_s == 0.0
    assert expected["restart"].idle_s > expected["centre"].idle_s > 0.0


def test_what_each_setting_is_believed_to_bring() -> None:
    """Of the options the goodput is the speed times 1/(1 + batch/critical batch)."""
    env = begun("edgesim/LLMTraining-v0")
    outlook, critical = env.outlook, env.twin.critical_batch
    assert outlook.settings[0] == env.twin.setting
    for setting, speed, goodput in zip(
        outlook.settings, outlook.speed, outlook.goodput, strict=True
    ):
        if setting is not None:
            assert speed == env.twin.believed(setting)
            assert goodput == pytest.approx(speed / (1 + setting.batch / critical))
    left = env.scenario.job.useful_sequences * (1 - env.twin.progress)
    for setting, goodput, left_s in zip(
        outlook.settings, outlook.goodput, outlook.left_s, strict=True
    ):
        costs_s = 0.0 if setting is None else env.twin.cost_s(setting)
        assert left_s == (np.inf if setting is None else pytest.approx(left / goodput + costs_s))
    allowed = env.action_masks()
    assert allowed[0] and allowed.sum() == sum(one is not None for one in outlook.settings)


@pytest.mark.parametrize(
    ("option", "keys", "figures"),
    [
        (
            "pull_all",
            {},
            (-9.452081934010767, 26.826875306455534, 11501.599462660133, 77, 1955.065662300296),
        ),
        (
            "twice_all",
            {"training.reduction": "tree", "training.shard_s": 0.02},
            (35.021305005690806, 55.250526990127405, 3021.152211148068, 60, 1255.178115704477),
        ),
        (
            "pull_4",
            {"backbone.background_period_s": 5.0},
            (42.176980146114865, 30.79458404438276, 3046.7062905585517, 103, 2370.5679399413575),
        ),
    ],
)
def test_what_makes_a_wan_fast_changes_nothing(
    option: str, keys: dict[str, Any], figures: tuple[float, ...]
) -> None:
    """Figures of episodes from before ways, rates and shares were kept, compiled and put together.

    The last one is the sum of all that was observed, of 32 bits each.
    """
    busy = {"churn.crashes_per_hour": 30.0, "churn.links_per_hour": 30.0}
    overrides = {**SHORT["edgesim/WanTraining-v0"], **busy, **keys}
    env: Any = gymnasium.make("edgesim/WanTraining-v0", overrides=overrides).unwrapped
    env.reset(seed=5)
    seen, over = 0.0, False
    while not over:
        there = env.request.options
        action = env.options.index(option if option in there else there[-1])
        observation, _, over, _, info = env.step(action)
        seen += float(observation.sum(dtype=float))
    metrics = info["metrics"]
    names = ("return", "scale_out_s", "idle_node_s", "decisions")
    assert [*(metrics[name] for name in names), seen] == pytest.approx(figures, rel=1e-9)
