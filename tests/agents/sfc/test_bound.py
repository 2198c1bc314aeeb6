"""The bound on service chains: never below what anybody reaches, close where it can be."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.agents.sfc import bound as sfc_bound
from edgesim.agents.sfc.bound import episode_bound, unlimited_bound
from edgesim.envs.sfc.env import SFCEnv
from edgesim.scenarios import resolve
from edgesim.twin.sfc.workload import SFCWorkload

TINY = {"bandwidth": None, "delay_ms": None, "groups": 2, "instances": 2, "requests": 5}


def best_return(env, seed):
    """The most that any sequence of choices reaches, by trying all."""
    env.reset(seed=seed)
    twin = env.twin
    chains = [*product(range(2), repeat=2), None]
    best = -np.inf
    for plan in product(chains, repeat=sum(1 for _ in twin.requests())):
        entropy = np.random.SeedSequence(twin.twin.streams.seed.entropy)
        replay = SFCWorkload.alone(twin.scenario, entropy, world=twin.world)
        total = 0.0
        while (request := replay.next_decision()) is not None:
            chain = plan[request.number]
            if chain is None:
                replay.reject()
            else:
                replay.choose(chain[len(replay.chain.choices)])
        for outcome in replay.outcomes:
            kind = type(outcome).__name__
            total += {"Accepted": getattr(outcome, "qoe", 0.0), "Rejected": -10.0}.get(kind, 0.0)
        best = max(best, total)
    return best


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    world_seed=st.integers(0, 99),
    most=st.integers(60, 400),
    probability=st.sampled_from([0.0, 0.2, 0.5]),
)
def test_nothing_beats_the_bound_in_a_world_small_enough_to_try_everything(
    seed, world_seed, most, probability
):
    env = SFCEnv(
        "sfc_paper",
        {
            **TINY,
            "requests": 4,
            "world_seed": world_seed,
            "bandwidth_range": [50, most],
            "delay_range_ms": [10, 60],
            "release_probability": probability,
        },
    )
    best = best_return(env, seed)
    env.reset(seed=seed)
    bound, trivial = episode_bound(env), unlimited_bound(env.twin)
    assert best <= bound + 1e-7
    assert bound <= trivial + 1e-7


@pytest.mark.parametrize("scenario", ["sfc_paper", "sfc_paper_3x", "sfc_paper_10x"])
def test_the_bound_lies_above_every_policy_and_below_the_empty_network(scenario):
    checked = resolve(scenario)
    seeds = held_out_seeds(0, 3)
    played = {
        name: rollout(checked, find_policy(checked, name), seeds).rows
        for name in ("greedy", "load_aware", "random")
    }
    env = SFCEnv(scenario)
    for place, seed in enumerate(seeds):
        env.reset(seed=seed)
        bound, trivial = episode_bound(env), unlimited_bound(env.twin)
        assert bound < trivial
        assert all(rows[place]["return"] <= bound for rows in played.values())
        gap = (bound - played["load_aware"][place]["return"]) / 100
        assert gap < {"sfc_paper": 0.05, "sfc_paper_3x": 0.15, "sfc_paper_10x": 0.35}[scenario]


def test_fewer_instants_and_smaller_pieces_only_loosen_the_bound(monkeypatch):
    env = SFCEnv("sfc_paper_10x", {"requests": 40})
    env.reset(seed=1)
    tight = episode_bound(env)
    monkeypatch.setattr(sfc_bound, "_INSTANTS", 5)
    fewer = episode_bound(env)
    monkeypatch.setattr(sfc_bound, "SEGMENT", 10)
    pieces = episode_bound(env)
    # Each is found to within the gap at which the search stops.
    assert tight <= fewer + 0.04 and fewer <= pieces + 0.04
    monkeypatch.setattr(sfc_bound, "MOST_CHAINS", 10)
    assert episode_bound(env) == unlimited_bound(env.twin)


def test_where_a_request_has_the_network_to_itself_the_bound_is_what_greedy_gets():
    checked = resolve("sfc_paper", {"release_probability": 1.0})
    (row,) = rollout(checked, find_policy(checked, "greedy"), [7]).rows
    env = SFCEnv("sfc_paper", {"release_probability": 1.0})
    env.reset(seed=7)
    assert episode_bound(env) == pytest.approx(row["return"])


def test_a_request_that_no_link_holds_is_rejected_in_the_bound_too():
    env = SFCEnv("sfc_paper", {"bandwidth": [[[5]]], "delay_ms": [[[1]]], "requests": 4})
    env.reset(seed=0)
    assert episode_bound(env) == unlimited_bound(env.twin) == -40
