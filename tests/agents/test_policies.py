"""Policies by name, by run folder, and by import string."""

from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from edgesim.agents.finding import columns_of, find_policy, offered, policies_of
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.policies import Policy
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets, resolve

PAPER = resolve("aigc_paper", {"horizon_s": 30_000})
WIRELESS = resolve("aigc")

MINE = '''
import numpy as np

class Last:
    """The last provider, always."""
    def __init__(self, envs, seed):
        self.number = envs[0].action_space.n - 1
    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return np.full(len(observation), self.number), state

class Ready:
    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return np.zeros(len(observation), dtype=int), state

ready = Ready()
number = 3

def no_policy(envs, seed):
    return 5
'''


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_named_policy_can_be_loaded(problem):
    for spec in policies_of(problem).values():
        assert spec.title
        given = ["env"] if spec.bound else [["env"], 0]
        signature(load(spec.build)).bind(*given, **spec.options)


WITH_ENVIRONMENTS = [name for name in presets() if PROBLEMS[preset(name)["problem"]].env]


@pytest.mark.parametrize("scenario", WITH_ENVIRONMENTS)
def test_every_offered_policy_plays_every_scenario(scenario):
    keys = preset(scenario)
    shorter = {"horizon_s": keys["horizon_s"] / 100} if "horizon_s" in keys else {}
    if keys["problem"] in ("sfc", "sfc_attack"):
        shorter = {"network.horizon_s": 30.0} if keys["network"] else {"requests": 10}
    if keys["problem"] == "vne":
        shorter = {"virtual.count": 4}
    if scenario == "shared":
        shorter = {"aigc.horizon_s": 30.0, "sfc.network.horizon_s": 30.0}
    if "budget_s" in keys:
        shorter = {"budget_s": keys["budget_s"] / 10}
    if keys["problem"] == "llm_training":
        shorter = {"job.useful_sequences": 1e4}
    if keys["problem"] == "wan_training":
        shorter = {"horizon_s": 300.0}
    short = resolve(scenario, shorter)
    specs = policies_of(short.problem)
    names = [name for name in offered(short) if not specs[name].learns]
    assert names
    for name in names:
        build = find_policy(short, name)
        assert isinstance(build(make_envs(short, 2, build.env_kwargs), 0), Policy)
        assert len(rollout(short, build, [1, 2]).rows) == 2


def test_what_needs_a_network_is_not_offered_without():
    assert set(offered(WIRELESS)) - set(offered(PAPER)) == {
        "nearest",
        "least_latency",
        "punctual_bandit",
        "marginal_cost",
        "pretrained",
    }
    with pytest.raises(InputError, match="aigc_paper has none"):
        find_policy(PAPER, "nearest")
    assert [column.heading for column in columns_of(PAPER)] == ["quality", "lost"]
    assert "latency s" in [column.heading for column in columns_of(WIRELESS)]


def test_the_bound_is_no_policy():
    assert offered(PAPER, bound=True) == ["bound"]
    assert "bound" not in offered(PAPER)
    with pytest.raises(InputError, match="policy"):
        find_policy(PAPER, "bound")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's own in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    (tmp_path / "mine_of_test_policies.py").write_text(MINE)


@pytest.mark.usefixtures("mine")
def test_a_policy_of_ones_own_is_called_or_used_as_it_is():
    last = find_policy(PAPER, "mine_of_test_policies:Last")
    ready = find_policy(PAPER, "mine_of_test_policies:ready")
    assert rollout(PAPER, last, [1]).decisions == rollout(PAPER, ready, [1]).decisions
    assert last(make_envs(PAPER, 1), 0).predict(np.zeros((2, 42)))[0].tolist() == [19, 19]
    assert ready(make_envs(PAPER, 1), 0).predict(np.zeros((1, 42)))[0].tolist() == [0]


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("round_robbin", "did you mean 'round_robin'"),
        ("no_such_module:Policy", "no module 'no_such_module'"),
        (":Policy", "must be module:attribute"),
        ("mine_of_test_policies:Lats", "did you mean 'Last'"),
        ("mine_of_test_policies:number", "must have predict"),
        ("runs/aigc/ppo/seed-9", "run folder|runs/aigc"),
    ],
)
def test_a_policy_that_cannot_be_is_named_with_what_could(policy, message):
    with pytest.raises(InputError, match=message) as caught:
        find_policy(PAPER, policy)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("mine")
def test_what_a_factory_returns_must_decide():
    build = find_policy(PAPER, "mine_of_test_policies:no_policy")
    with pytest.raises(InputError, match="must be or return what has predict"):
        build(make_envs(PAPER, 1), 0)
