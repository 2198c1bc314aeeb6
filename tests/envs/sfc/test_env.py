"""What holds of service-chain environments beyond what every registered environment keeps."""

from itertools import product
from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.envs.sfc.env import SFCEnv
from edgesim.envs.sfc.observation import StageObserver
from edgesim.envs.sfc.reward import PRICE_OF_LOAD
from edgesim.errors import InputError
from edgesim.twin.sfc.stage_links import StageFabric

TINY = {"bandwidth": None, "delay_ms": None, "groups": 3, "instances": 3, "requests": 12}
TIGHT = {**TINY, "bandwidth_range": [50, 300], "delay_range_ms": [10, 40]}
FULL = {**TIGHT, "bandwidth_range": [100, 120], "release_probability": 0.0}


def ways_of(env, stage):
    """Every rest of the chain at hand from ``stage`` on: (holds, delay of it, choices)."""
    fabric, chain = env.twin.fabric, env.chain
    assert isinstance(fabric, StageFabric)
    world = fabric.world
    for rest in product(range(world.instances), repeat=world.stages - stage):
        choices = [*chain.choices[:stage], *rest]
        links = [(at, choices[at - 1], choices[at]) for at in range(1, world.stages)]
        ahead = links[max(stage - 1, 0) :]
        holds = all(fabric.residual[link] >= chain.request.bandwidth for link in ahead)
        yield holds, sum(world.delay_ms[link] for link in links), rest


@settings(max_examples=25, deadline=None)
@given(
    overrides=st.sampled_from([TIGHT, FULL, {**TIGHT, "groups": 4, "instances": 2}]),
    seed=st.integers(0, 2**32),
    world_seed=st.integers(0, 50),
)
def test_masks_and_features_equal_looking_at_every_chain(overrides, seed, world_seed):
    env = SFCEnv("sfc_paper", {**overrides, "world_seed": world_seed})
    observer = env.observer
    assert isinstance(observer, StageObserver)
    width = env.world.instances
    at = {name: place for place, name in enumerate(observer.names)}
    rng = np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    over = False
    while not over:
        chain, stage = env.chain, len(env.chain.choices)
        request, fabric = chain.request, env.twin.fabric
        assert isinstance(fabric, StageFabric)
        completes, holds = np.zeros(width, bool), np.zeros(width, bool)
        for j in range(width):
            near = [(h, d) for h, d, rest in ways_of(env, stage) if rest[0] == j]
            best = min((d for h, d in near if h), default=np.inf)
            completes[j] = best <= request.max_delay_ms
            assert seen[at[f"completes {j}"]] == completes[j]
            if best < np.inf:
                slack = (request.max_delay_ms - best) / env.world.most_delay_ms
                assert seen[at[f"slack {j}"]] == pytest.approx(max(slack, -1), abs=1e-6)
            if completes[j]:
                qoe = log(request.bandwidth) - 10 * exp(-(request.max_delay_ms - best) / 10)
                assert seen[at[f"qoe {j}"]] == pytest.approx(max(qoe / 10, -1), abs=1e-6)
            link = (stage, chain.choices[-1] if stage else 0, j)
            delay_ms = chain.delay_ms + fabric.world.delay_ms[link]
            wide = fabric.residual[link] >= request.bandwidth
            holds[j] = wide and delay_ms <= request.max_delay_ms
            assert seen[at[f"holds {j}"]] == wide
            share = min(request.bandwidth / fabric.residual[link], 1) if wide else 1
            assert seen[at[f"price {j}"]] == pytest.approx(share, abs=1e-6)
        expected = completes if completes.any() else holds if holds.any() else ~holds
        np.testing.assert_array_equal(env.action_masks(), expected)
        assert seen[at[f"stage {stage}"]] == 1
        previous = [seen[at[f"previous {i}"]] for i in range(width)]
        assert previous == [float(stage > 0 and i == chain.choices[-1]) for i in range(width)]
        seen, _, over, _, _ = env.step(rng.integers(width))


def test_the_regret_of_a_weight_is_that_of_the_best_chain_under_it():
    env = SFCEnv("sfc_paper_10x")
    at = {name: place for place, name in enumerate(env.observer.names)}
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(203):  # links are half full, two choices of the request at hand are made
        seen, *_ = env.step(rng.choice(np.flatnonzero(env.action_masks())))
    stage, previous, _ = env.outlook.place(env.chain)
    price, delay_ms = env.outlook.price, env.outlook.layers.delay_ms
    assert stage == 3 or env.chain.choices
    for weight in (0.25, 0.05, 0.01, 0):
        least = np.full(5, np.inf)
        for rest in product(range(5), repeat=5 - stage):
            total, before = 0.0, previous
            for level, j in enumerate(rest, start=stage):
                total += weight * delay_ms[level, before, j] + price[level, before, j]
                before = j
            least[rest[0]] = min(least[rest[0]], total)
        shown = [seen[at[f"dearer {weight:g} {j}"]] for j in range(5)]
        regret = (least - least.min()) / (weight * 20 + 1)
        np.testing.assert_allclose(shown, np.minimum(regret, 1), atol=1e-6)


def test_the_authors_tensor_has_their_shape_and_the_flat_one_names_its_entries():
    authors = SFCEnv("sfc_paper", observation="authors")
    seen, _ = authors.reset(seed=0)
    assert seen.shape == (5, 5, 16) and authors.observation_space.contains(seen)
    np.testing.assert_array_equal(seen[..., 0], np.array(authors.scenario.bandwidth)[..., 0])
    np.testing.assert_array_equal(seen[..., 8], np.array(authors.scenario.delay_ms)[..., 3])
    flat = SFCEnv("sfc_paper")
    seen, _ = flat.reset(seed=0)
    assert seen.shape == (len(flat.observer.names),) == (len(set(flat.observer.names)),)


def test_a_failure_pays_at_once_and_the_next_step_is_the_next_decisions():
    env = SFCEnv("sfc_paper", {"bandwidth": [[[20]]], "delay_ms": [[[10]]], "requests": 3})
    env.reset(seed=0)
    for number in range(3):
        request = env.chain.request
        assert request.number == number
        assert env.step(0)[1:4] == (0.0, False, False)
        assert env.chain.request is request
        _, reward, over, _, info = env.step(0)
        admitted = request.bandwidth <= 20
        assert admitted or (reward == -10 == info["rejection"])
        assert over == (number == 2)
    assert info["metrics"]["decisions"] == 6


def test_admission_control_adds_an_action_that_rejects():
    plain, choosy = (
        SFCEnv("sfc_paper", {"admission_control": control, "qoe.rejected": -2.5})
        for control in (False, True)
    )
    assert (plain.action_space.n, choosy.action_space.n) == (5, 6)  # type: ignore[attr-defined]
    choosy.reset(seed=0)
    assert choosy.action_masks().tolist() == [True] * 6
    choosy.step(2)
    _, reward, _, _, info = choosy.step(5)
    assert reward == info["rejection"] == -2.5
    assert choosy.chain.request.number == 1 and choosy.twin.ledger.rejected == 1
    plain.reset(seed=0)
    with pytest.raises(InputError, match="from 0 to 4"):
        plain.step(5)


@pytest.mark.parametrize("seed", range(3))
def test_paid_on_release_a_chain_on_stage_links_pays_what_it_pays_on_admission(seed):
    returns, parts = [], []
    for pay_on, reward in (("admission", "paid"), ("release", "paid"), ("release", "shaped")):
        env = SFCEnv("sfc_paper", {"qoe.pay_on": pay_on}, reward=reward)
        env.reset(seed=seed)
        over, rewards = False, []
        while not over:
            choice = (env.chain.request.number + 2 * len(env.chain.choices)) % 5
            _, paid, over, _, info = env.step(choice)
            rewards.append(paid)
        returns.append(sum(rewards))
        parts.append(rewards)
        assert info["metrics"]["return"] == pytest.approx(returns[0], abs=1e-9)
    assert returns[1:] == pytest.approx([returns[0]] * 2, abs=1e-9)
    assert parts[0] != parts[1]
    # Nothing happens to a chain of stage links: shaped, it pays all at admission.
    assert parts[2] == pytest.approx(parts[0], abs=1e-9)


@pytest.mark.parametrize("scenario", ["sfc_paper", "sfc"])
def test_relative_rewards_take_off_what_the_network_to_itself_would_pay(scenario):
    overrides = {"network.horizon_s": 40.0} if scenario == "sfc" else {}
    stories = []
    for reward in ("shaped", "relative"):
        env = SFCEnv(scenario, overrides, reward=reward)
        env.reset(seed=1)
        over, rewards = False, []
        while not over:
            request, ledger = env.chain.request, env.twin.ledger
            decided = ledger.accepted + ledger.rejected
            _, paid, over, _, info = env.step(np.flatnonzero(env.action_masks())[0])
            if reward == "relative" and ledger.accepted + ledger.rejected > decided:
                alone = env.world.best_qos(request)
                assert alone is not None
                paid += env.twin.qoe(request, alone)
            rewards.append(paid)
        assert sum(rewards) == pytest.approx(info["metrics"]["return"], abs=1e-6)
        stories.append(rewards)
    if scenario == "sfc_paper":
        assert stories[1] == pytest.approx(stories[0], abs=1e-9)
    else:
        # What a running chain loses is paid while it runs, not when it is released.
        assert stories[1] != pytest.approx(stories[0], abs=1e-3)


def test_a_price_is_paid_at_admission_and_given_back():
    free, priced = (
        SFCEnv("sfc", {"network.horizon_s": 40.0}, reward=reward)
        for reward in ("relative", "priced")
    )
    price = PRICE_OF_LOAD * free.world.offered_load
    for env in (free, priced):
        env.reset(seed=1)
    over, taken = False, 0.0
    asked, differences = [], []
    while not over:
        outlook, (stage, previous, _) = free.outlook, free.outlook.place(free.chain)
        action = int(np.flatnonzero(free.action_masks())[0])
        taken = taken * (stage > 0) + outlook.price[stage, previous, action]
        accepted = free.twin.ledger.accepted
        _, without, over, _, _ = free.step(action)
        _, paid, _, _, _ = priced.step(action)
        differences.append(paid - without)
        asked.append(price * taken * (free.twin.ledger.accepted > accepted))
    given_back = np.add(differences, asked)
    first = np.flatnonzero(asked)[0]
    assert given_back[: first + 1] == pytest.approx(0.0)
    assert given_back.min() > -1e-9 and np.sum(asked) > 1.0
    assert sum(differences) == pytest.approx(0.0)


def test_other_quality_models_by_name():
    for model, low, high in (("iqx", 1.0, 5.0), ("emodel", 1.0, 4.5)):
        env = SFCEnv("sfc_paper", {"qoe.model": model})
        env.reset(seed=0)
        over = False
        while not over:
            _, reward, over, _, info = env.step(np.flatnonzero(env.action_masks())[0])
            assert info["qoe"] == 0 or low <= reward <= high


def test_bad_arguments_are_refused_by_name():
    table: list[tuple[dict[str, Any], str]] = [
        ({"scenario": "sfc_papr"}, "sfc_paper"),
        ({"scenario": "aigc_paper"}, "takes scenarios of sfc"),
        ({"mask": "fits"}, "completes"),
        ({"observation": "pixels"}, "authors"),
        ({"reward": "dense"}, "shaped"),
        ({"overrides": {"release_probabilty": 0.1}}, "release_probability"),
    ]
    for arguments, word in table:
        with pytest.raises(InputError, match=word):
            SFCEnv(**{"scenario": "sfc_paper", **arguments})
