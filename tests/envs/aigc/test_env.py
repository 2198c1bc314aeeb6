"""What holds of AIGC environments beyond what every registered environment keeps."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Discrete

from edgesim.envs.aigc.env import AIGCEnv
from edgesim.errors import InputError
from edgesim.scenarios import resolve


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


@pytest.mark.parametrize("seed", [0, 1])
def test_a_price_moves_rewards_and_leaves_the_return(seed):
    returns = []
    for reward in ("paid", "priced"):
        env = AIGCEnv("aigc", {"horizon_s": 40, "provider_count": 5}, reward=reward)
        env.reset(seed=seed)
        rng = np.random.default_rng(seed)
        total, over = 0.0, False
        while not over:
            _, paid, over, _, info = env.step(int(rng.integers(5)))  # some crash their provider
            total += paid
        returns.append(total)
        assert total == pytest.approx(info["metrics"]["return"], abs=1e-9)
    assert returns[0] == pytest.approx(returns[1])


def test_a_choice_pays_for_what_it_takes_from_those_before_it():
    """Two tasks at one provider: the first then takes a slope of its own run longer."""
    env = AIGCEnv("aigc", {"provider_count": 3, "world_seed": 3}, reward="priced")
    env.reset(seed=0)
    model, twin, wireless = env._reward_model, env.twin, env.scenario.wireless
    assert twin.delivery is not None and wireless is not None
    first, provider = twin.last, 1
    first.deadline_s = float(twin.expected_latency_s()[provider]) - 2.0  # two seconds late
    gain = float(twin.world.curves.gains(first.steps)[provider])
    alone_s = float(twin.delivery.alone_s(first.steps)[provider])
    slope = twin.world.service[provider].batch_slope
    lateness_s = wireless.lateness_s
    model.promise(twin, provider, None)
    left = 1 - 2.0 / lateness_s
    assert model._promise == pytest.approx(gain * left)
    twin.choose(provider)
    model._promise = 0.0
    twin.next_decision()
    worth = float(twin.expected_worth()[provider])
    model.promise(twin, provider, None)
    taken = gain * min(left, slope * alone_s / lateness_s)
    assert slope > 0 and taken > 0
    assert model._promise == pytest.approx(worth - taken)


def test_without_a_network_there_is_nothing_to_price():
    with pytest.raises(ValueError, match="reward = 'priced': needs a scenario with a network"):
        AIGCEnv("aigc_paper", reward="priced")


def test_a_marginal_reward_is_what_a_choice_adds_and_no_luck():
    env = AIGCEnv(
        "aigc", {"horizon_s": 40, "provider_count": 5}, reward="marginal", observation="set"
    )
    env.reset(seed=0)
    assert env.scenario.wireless is not None and env._underway is not None
    rng = np.random.default_rng(0)
    total, taken, over = 0.0, 0, False
    while not over:
        twin, provider = env.twin, int(rng.integers(5))
        gain = float(twin.world.curves.gains(twin.last.steps)[provider])
        late_s = float(twin.expected_latency_s()[provider]) + 1.0 - twin.last.deadline_s
        kept = min(max(1.0 - late_s / env.scenario.wireless.lateness_s, 0.0), 1.0)
        loses = float(env._underway.loses(twin, 1.0)[provider])
        _, paid, over, _, info = env.step(provider)
        penalties = sum(info[f"{kind}_penalty"] for kind in ("crash", "loss", "refusal"))
        assert paid == pytest.approx(gain * (kept - loses) + penalties)
        assert paid == pytest.approx(sum(info[part] for part in env.parts))
        total, taken = total + info["quality"] + penalties, taken + (loses > 0)
    assert taken > 5
    assert info["metrics"]["return"] == pytest.approx(total)


@pytest.mark.parametrize(
    ("scenario", "observation"), [("aigc", "plain"), ("aigc_paper", "set"), ("aigc_text", "plain")]
)
def test_a_marginal_reward_needs_a_set_over_a_network(scenario, observation):
    with pytest.raises(ValueError, match="reward = 'marginal'"):
        AIGCEnv(scenario, reward="marginal", observation=observation)


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
    with pytest.raises(ValueError, match="from 0 to 79"):
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


def test_an_observation_is_what_the_twin_tells_over_its_scale():
    """What changes from request to request, worked out once more with numpy, to the last bit."""
    env: Any = AIGCEnv("aigc", {"horizon_s": 40.0, "arrival_rate_hz": 10.0})
    wireless, capacity = env.scenario.wireless, env.world.capacity
    observation, _ = env.reset(seed=3)
    twin, observer, over, crashed = env.twin, env.observer, False, False
    env.action_space.seed(3)
    while not over:
        task = twin.last
        site, up, down = twin.delivery.link(task)
        size_bytes = task.upload_bytes + task.download_bytes
        radio, patience_s = twin.delivery.radio, task.deadline_s + wireless.lateness_s
        told = {
            "available": np.maximum(twin.available, 0.0) / capacity,
            "up": twin.up,
            "assigned": np.minimum(twin.assigned / (capacity / 100), 1.0),
            "metro_time": np.minimum(twin.delivery.metro_s(site, size_bytes) / 18.0, 1.0),
            "expected_latency": np.minimum(twin.expected_latency_s() / patience_s, 2.0),
        }
        for feature, expected in told.items():
            seen = observer.column(feature, observation)
            np.testing.assert_array_equal(seen, expected.astype(np.float32), feature)
        transfers = radio.uplink.active[site], radio.downlink.active[site]
        asked = [task.steps / 250, task.deadline_s / 12, task.upload_bytes / 5e6]
        asked += [task.download_bytes / 1e7, up / 7.4, down / 7.4]
        asked += [min(number / 10, 1.0) for number in transfers]
        np.testing.assert_array_equal(observation[-8:], np.array(asked, dtype=np.float32))
        observation, _, over, _, _ = env.step(env.action_space.sample())
        crashed = crashed or not twin.up.all()
    assert crashed


@pytest.mark.parametrize(
    "run_time_minutes",
    [[100.0, -0.1, 0.0], [100.0, 1.0, -0.004], [0.0, 0.0, 0.001]],
    ids=["falls", "turns", "rises"],
)
@pytest.mark.parametrize("engine", ["simpy", "batched"])
def test_observations_lie_in_their_space_however_long_steps_take(run_time_minutes, engine):
    env = gymnasium.make_vec(
        "edgesim/AIGC-v0",
        num_envs=2,
        scenario="aigc_paper",
        engine=engine,
        overrides={"run_time_minutes": run_time_minutes},
    )
    seen, _ = env.reset(seed=0)
    for _ in range(100):
        assert env.observation_space.contains(seen)
        seen, *_ = env.step(env.action_space.sample())


def test_a_run_time_that_is_none_between_the_ends_of_the_range_is_refused():
    # 200 steps take less than no time, 100 and 250 do not.
    with pytest.raises(InputError, match="must give a run time above 0 for 200 steps"):
        resolve("aigc_paper", {"run_time_minutes": [39.0, -0.4, 0.001]})


@pytest.mark.parametrize("reward", ["shaped", "priced"])
def test_an_end_with_tasks_under_way_takes_back_what_was_promised_for_them(reward):
    env = AIGCEnv("aigc", {"horizon_s": 20, "decide_last": False}, reward=reward)
    env.reset(seed=0)
    total, over, step = 0.0, False, 0
    while not over:
        _, paid, over, _, info = env.step(step % 20)
        total, step = total + paid, step + 1
    assert env.twin.ledger.in_service + env.twin.ledger.in_transfer > 0  # some are under way
    assert total == pytest.approx(info["metrics"]["return"], abs=1e-9)


def test_both_engines_take_back_what_was_promised_at_an_end():
    keys = {"decide_last": False, "pay_on": "delivery", "horizon_s": 20_000.0}
    for engine in ("simpy", "batched"):
        envs = gymnasium.make_vec(
            "edgesim/AIGC-v0",
            num_envs=1,
            scenario="aigc_paper",
            overrides=keys,
            reward="shaped",
            engine=engine,
        )
        envs.reset(seed=3)
        total, over = 0.0, False
        while not over:
            _, paid, ended, _, info = envs.step(np.array([7]))
            total, over = total + paid[0], ended[0]
        assert total == pytest.approx(info["metrics"]["return"][0], abs=1e-9)
