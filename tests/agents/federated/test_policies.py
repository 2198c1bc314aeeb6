"""Who trains next under each heuristic, and methods beside them."""

from functools import partial

import numpy as np
import pytest

from edgesim.agents.federated.ideal import ideal
from edgesim.agents.federated.play import play
from edgesim.agents.federated.registry import METHODS, SELECTIONS
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.evaluation import compare
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.scenarios import resolve

SMALL = resolve("factories_small", {"budget_s": 1.0, "rounds": 2})
DECIDING = [name for name, spec in SELECTIONS.items() if not spec.bound]


@pytest.mark.parametrize("name", DECIDING)
def test_every_heuristic_chooses_different_devices(name: str) -> None:
    env = make_envs(SMALL, 1)[0]
    policy = find_policy(SMALL, name)([env], 0)
    observation, _ = env.reset(seed=1)
    for _ in range(4):
        chosen = []
        for _ in range(SMALL.selected):
            action = int(policy.predict(observation[None])[0][0])
            chosen.append(action)
            observation = env.step(action)[0]
        assert len(set(chosen)) == SMALL.selected
        if name == "fastest":
            seconds = env.unwrapped.seen.alone_s  # type: ignore[attr-defined]
            assert sorted(chosen) == sorted(np.argsort(seconds)[: SMALL.selected].tolist())


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_rows_for_seeds(name: str) -> None:
    scenario = resolve("factories_small", {"rounds": 2, "trained.steps": 5, "data.window": 20})
    one, again = (play(scenario, find_policy(scenario, name), [4]).rows for _ in range(2))
    assert one == again
    assert one[0]["rounds"] == 2.0
    assert one[0]["edge_mb"] > 0


def test_the_ceiling_is_above_what_is_chosen_at_random() -> None:
    scenario = resolve("factories_small", {"budget_s": 2.0})
    env = make_envs(scenario, 1)[0]
    env.reset(seed=3)
    rows = play(scenario, find_policy(scenario, "random"), [3]).rows
    assert ideal(env) > rows[0]["return"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("fedavgg", "did you mean 'fedavg'"),
        ("fedgs:selektor=greedy", "did you mean 'selector'"),
        ("fedgs:selector=best", "selector = 'best'"),
        ("fedgs:random=9", "random = 9"),
        ("fedgsp:beta=9", "beta = 9"),
        ("fedgsp:grouping=icq", "grouping"),
        ("fedavg:codec=zip", "codec = 'zip'"),
        ("hierarchical:period=3", "must divide trained.steps"),
    ],
)
def test_methods_that_make_no_sense_are_refused(policy: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        play(SMALL, find_policy(SMALL, policy), [1])


def test_a_rate_that_is_too_large_is_said() -> None:
    with pytest.raises(InputError, match=r"rate = .*: is too large"):
        play(SMALL, partial(load("edgesim.methods.federated.rules.fedavg:FedAvg"), rate=1e38), [1])


def test_the_ceiling_is_not_called_a_bound_that_nobody_passes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = resolve("factories_small", {"budget_s": 0.5})
    compare(short, {"random": find_policy(short, "random")}, 1, bound=True).print()
    printed = capsys.readouterr().out
    assert "the bound is not proven: a policy may reach more" in printed
