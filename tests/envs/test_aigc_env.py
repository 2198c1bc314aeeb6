"""What holds of AIGC environments beyond what every registered environment keeps."""

import numpy as np
import pytest
from gymnasium.spaces import Discrete

from edgesim.envs.aigc import AIGCEnv


@pytest.mark.parametrize("scenario", ["aigc", "aigc_paper"])
def test_only_the_mask_that_looks_at_room_keeps_providers_from_crashing(scenario):
    crashes = {}
    for kind in AIGCEnv.masks:
        env = AIGCEnv(scenario, mask=kind)
        env.reset(seed=0)
        rng = np.random.default_rng(0)
        over = False
        while not over:
            *_, over, _, info = env.step(rng.choice(np.flatnonzero(env.action_masks())))
        crashes[kind] = info["metrics"]["crashes"]
    assert crashes["fits"] == 0 < crashes["up"]


@pytest.mark.parametrize(("scenario", "later"), [("aigc", True), ("aigc_paper", False)])
def test_there_is_something_to_shape_where_delivery_pays(scenario, later):
    env = AIGCEnv(scenario, reward="shaped")
    env.reset(seed=0)
    count = env.action_masks().size
    shaping = [env.step(step % count)[4]["shaping"] for step in range(20)]
    assert any(shaping) == later


# --- steps in the action ----------------------------------------------------------------------


def test_an_action_is_a_provider_and_a_share_of_the_steps_that_are_asked():
    env = AIGCEnv("aigc_steps", record=True)
    shares = env.scenario.step_shares
    assert env.action_space == Discrete(20 * len(shares))
    env.reset(seed=0)
    chosen = []
    for share in range(len(shares)):
        asked = env.twin.last.steps
        env.step(7 + 20 * share)
        chosen.append((7, max(1, round(asked * shares[share]))))
    assert env.twin.log is not None
    log = [(where, steps) for _, event, _, where, steps in env.twin.log.rows if event == "choose"]
    assert log == chosen
    with pytest.raises(ValueError, match="one from 0 to 79"):
        env.step(80)


def test_with_the_steps_that_are_asked_it_is_the_same_problem_as_without_the_choice():
    stories = []
    for scenario in ("aigc", "aigc_steps"):
        env = AIGCEnv(scenario, overrides={"horizon_s": 30})
        seen = [env.reset(seed=4)[0]]
        over = False
        while not over:
            observation, reward, over, _, _ = env.step(len(seen) % 20)
            seen.append(np.append(observation, reward))
        stories.append(np.concatenate(seen))
    assert np.array_equal(stories[0], stories[1])


def test_where_only_fewer_steps_have_room_the_mask_says_so():
    env = AIGCEnv("aigc_steps")
    env.reset(seed=0)
    levels = env.twin.levels(env.twin.last)
    assert len(levels) > 1
    env.twin.available[:] = levels[-1]
    env.twin.available[3] = 0
    mask = env.action_masks().reshape(len(levels), 20)
    assert not mask[:-1].any()
    assert mask[-1].sum() == 19 and not mask[-1, 3]
    env.twin.available[:] = 0
    assert env.action_masks().shape == (80,) and env.action_masks().all()


def test_fewer_steps_are_done_sooner_and_pay_no_more():
    """The same requests, all with the share of the steps; nothing else differs."""
    figures = []
    for share in range(4):
        env = AIGCEnv("aigc_steps", overrides={"arrival_rate_hz": 0.2})
        env.reset(seed=1)
        over, turn = False, 0
        while not over:
            *_, over, _, info = env.step(turn % 20 + 20 * share)
            turn += 1
        figures.append((info["metrics"]["latency_s"], info["metrics"]["quality"]))
    assert figures == sorted(figures, reverse=True)
