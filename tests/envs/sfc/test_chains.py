"""Whole chains as choices: the candidates, what is shown of them, and what a choice does."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from edgesim.envs.sfc.candidates import TRADE_OFFS, find_candidates
from edgesim.envs.sfc.chain_observation import LOADS, ChainsObserver
from edgesim.envs.sfc.env import SFCEnv
from edgesim.envs.vector import engine_of
from edgesim.scenarios import resolve


def observer_of(env: SFCEnv) -> ChainsObserver:
    assert isinstance(env.observer, ChainsObserver)
    return env.observer


def busy(scenario: str, requests: int) -> SFCEnv:
    """An environment in which some requests have been given a chain that is there."""
    env = SFCEnv(scenario, observation="chains")
    env.reset(seed=1)
    for number in range(requests):
        env.step(int(np.flatnonzero(env.action_masks())[number % 2]))
    return env


@pytest.mark.parametrize("row", range(len(TRADE_OFFS)))
def test_a_candidate_is_the_best_of_all_chains_under_its_trade_off(row: int) -> None:
    rng = np.random.default_rng(row)
    figures, holds = rng.uniform(0, 20, (3, 3, 3, 8)), rng.random((3, 3, 3)) < 0.9
    figures[0, 1:], holds[0] = figures[0, 0], True  # all begin at the source
    units = rng.uniform(1, 10, 6)
    found = find_candidates(figures, holds, units, 60.0)
    costs = {}
    for chain in product(range(3), repeat=3):
        ways = [(0, 0, chain[0]), (1, chain[0], chain[1]), (2, chain[1], chain[2])]
        if all(holds[way] for way in ways):
            costs[chain] = sum(TRADE_OFFS[row] / units @ figures[way][:6] for way in ways)
    best = tuple(found.choices[row].tolist())
    assert costs[best] == pytest.approx(min(costs.values()))
    ways = [(0, 0, best[0]), (1, best[0], best[1]), (2, best[1], best[2])]
    np.testing.assert_allclose(found.sums[row], sum(figures[way] for way in ways))
    assert found.tightest[row] == max(figures[way][2] for way in ways)


def test_what_does_not_hold_within_the_bound_and_what_comes_twice_is_not_there() -> None:
    figures, holds = np.zeros((2, 2, 2, 6)), np.ones((2, 2, 2), dtype=bool)
    figures[..., 0] = 10.0
    found = find_candidates(figures, holds, np.ones(6), 20.0)
    assert found.there.tolist() == [True] + [False] * (len(TRADE_OFFS) - 1)
    assert not find_candidates(figures, holds, np.ones(6), 19.9).there.any()
    holds[1] = False
    assert not find_candidates(figures, holds, np.ones(6), 99.0).there.any()


@pytest.mark.parametrize("scenario", ["sfc", "sfc_paper_10x"])
def test_a_choice_builds_the_whole_chain_that_is_shown(scenario: str) -> None:
    env = busy(scenario, 20)
    observer = observer_of(env)
    at = {name: place for place, name in enumerate(observer.names)}
    for _ in range(20):
        request, twin = env.chain.request, env.twin
        seen = observer.observe(twin, env.outlook)
        assert env.observation_space.contains(seen)
        mask = env.action_masks()
        choice = int(np.flatnonzero(mask)[-1 - env.scenario.admission_control])
        found = observer.candidates(twin, env.outlook)
        there = [seen[at[f"there {k}"]] for k in range(len(mask))]
        np.testing.assert_array_equal(mask, np.array(there) == 1.0)
        if env.scenario.admission_control and mask[:-1].sum() == 0:
            break
        share = found.sums[choice, 0] / request.max_delay_ms
        assert seen[at[f"delay {choice}"]] == pytest.approx(min(share, 3.0), abs=1e-6)
        chain = env.chain
        _, _, over, _, _ = env.step(choice)
        assert not over
        if request.number in twin.running:
            assert chain.choices == found.choices[choice].tolist()
            # Its instances take longer with it than before.
            assert chain.delay_ms == pytest.approx(found.sums[choice, 0], rel=0.02)
        assert env.chain.request.number == request.number + 1


def test_the_last_choice_rejects_and_one_step_is_one_request() -> None:
    env = busy("sfc", 0)
    actions = env.observation_space.choices  # type: ignore[attr-defined]
    assert actions == len(TRADE_OFFS) + 1
    for number in range(5):
        assert env.chain.request.number == number
        _, reward, _, _, info = env.step(actions - 1)
        assert reward == info["rejection"] == 0.0
    assert env.twin.ledger.rejected == 5 and not env.twin.running


def test_what_is_taken_above_a_load_is_what_reservations_grow_by() -> None:
    env = busy("sfc", 150)
    fabric, request = env.twin.fabric, env.chain.request
    before = fabric.reserved()
    found = observer_of(env).candidates(env.twin, env.outlook)
    choice = int(np.flatnonzero(found.there)[-1])
    observer_of(env).take(env.twin, env.outlook, choice)
    assert request.number in env.twin.running
    after = fabric.reserved()
    for kind, (old, new) in enumerate(
        ((before.links, after.links), (before.instances, after.instances))
    ):
        grown = [(np.maximum(new - k, 0) - np.maximum(old - k, 0)).sum() for k in LOADS]
        taken = found.sums[choice, 6 + kind * len(LOADS) :][: len(LOADS)]
        np.testing.assert_allclose(taken, grown, atol=1e-12)
    assert found.sums[choice, 6] > found.sums[choice, 8]


def test_a_fork_goes_on_as_the_episode_does() -> None:
    env = busy("sfc", 60)
    fork: Any = env.fork()
    trails: list[list[Any]] = []
    for one in (env, fork):
        trails.append([])
        for _ in range(30):
            seen, reward, *_ = one.step(int(np.flatnonzero(one.action_masks())[0]))
            trails[-1].append((seen.tolist(), reward))
    assert trails[0] == trails[1]


def test_the_batched_engine_leaves_whole_chains_to_the_single_environment() -> None:
    assert engine_of(resolve("sfc_paper"), "auto", {"observation": "chains"}) == "simpy"
    assert engine_of(resolve("sfc_paper"), "auto", {"observation": "ways"}) == "batched"
