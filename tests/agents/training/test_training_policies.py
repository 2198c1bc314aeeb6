"""Policies of training beside each other, and the bounds above all."""

from typing import Any

import numpy as np
import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.training.llm_bound import clairvoyant_s
from edgesim.agents.training.wan_bound import episode_bound
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.training.llm.world import LLMWorld

WAN = resolve("wan_training", {"horizon_s": 1200.0, "churn.joins_per_hour": 40.0})
LLM = resolve("llm_13b", {"job.useful_sequences": 1e5})


def mean(scenario: Any, policy: str, metric: str, seeds: tuple[int, ...] = (1, 2)) -> float:
    rows = rollout(scenario, find_policy(scenario, policy), list(seeds)).rows
    return float(np.mean([row[metric] for row in rows]))


def test_the_greedy_comes_in_sooner_than_each_mechanism() -> None:
    own = mean(WAN, "greedy", "scale_out_s")
    for name in ("single", "centre", "restart"):
        assert mean(WAN, name, "scale_out_s") > own
    assert mean(WAN, "restart", "idle_node_s") > mean(WAN, "greedy", "idle_node_s")


def test_nobody_is_paid_more_than_the_bound() -> None:
    (env,) = make_envs(WAN, 1)
    env.reset(seed=1)
    most = episode_bound(env)
    for name in ("greedy", "quickest", "random"):
        assert mean(WAN, name, "return", (1,)) < most


def test_nobody_is_done_before_the_clairvoyant() -> None:
    least = clairvoyant_s(LLMWorld(LLM)) / 3600
    for name in ("static", "static_best", "copus", "pollux", "soonest", "batch_tracks", "random"):
        assert mean(LLM, name, "hours") >= least * (1 - 1e-3)


def test_what_costs_more_than_it_saves_is_not_changed() -> None:
    dear = resolve("llm_13b", {"job.useful_sequences": 1e5, "overheads.reshard_s": 1e5})
    assert mean(dear, "soonest", "reshards") == 0.0
    assert mean(LLM, "soonest", "hours") < mean(LLM, "static", "hours")


def test_one_option_for_each_kind_of_decision() -> None:
    assert mean(WAN, "fixed", "return") == mean(WAN, "greedy", "return")
    assert mean(WAN, "fixed:join=pull_1,replan=keep", "idle_node_s") > 0.0
    assert mean(WAN, "fixed:join=centre", "idle_node_s") > mean(WAN, "fixed", "idle_node_s")
    with pytest.raises(InputError, match="fixed join = 'keep'"):
        mean(WAN, "fixed:join=keep", "return")


def test_a_larger_threshold_changes_less() -> None:
    never = mean(LLM, "copus:threshold=10", "switches")
    often = mean(LLM, "copus:threshold=0", "switches")
    assert never == 0.0 < often
    assert mean(LLM, "copus:threshold=10", "hours") == mean(LLM, "static", "hours")
    with pytest.raises(InputError, match="threshold"):
        mean(LLM, "copus:threshold=-1", "hours")
