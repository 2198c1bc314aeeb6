"""What is told of each choice of a ring that serves, and the two forms behind one environment."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.errors import InputError

SHORT = {"horizon_s": 200.0}


def made(**arguments: Any) -> Any:
    return gymnasium.make(
        "edgesim/LLMRing-v0", scenario="llm_ring_small", overrides=SHORT, **arguments
    ).unwrapped


@pytest.fixture(scope="module")
def env() -> Any:
    return made(observation="choices")


def page(env: Any, seen: Any) -> dict[str, Any]:
    space = env.observation_space
    rows = seen[: len(space.features) * space.choices].reshape(-1, space.choices)
    return dict(zip(space.features, rows, strict=True))


def played(env: Any, seed: int, steps: int) -> list[Any]:
    dice = np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    found = [seen]
    for _ in range(steps):
        there = page(env, seen)["there"] > 0.5
        assert (env.action_masks() | ~there).all()
        seen, _, over, _, _ = env.step(int(dice.choice(np.flatnonzero(there))))
        assert env.observation_space.contains(seen)
        found.append(seen)
        if over:
            break
    return found


def test_what_is_there_is_meant_and_the_plan_that_runs_gains_nothing(env: Any) -> None:
    for seen in played(env, 3, 60):
        told = page(env, seen)
        assert told["there"].any()
        kept = told["there"].copy()
        assert not told["gain"][3]
        assert (told["change"] * (1 - kept) + kept >= told["there"]).all()


def test_a_request_that_would_wait_long_is_told_to_be_late(env: Any) -> None:
    # Halda's plan, with which the episode begins, takes more than the target between two tokens
    seen, _ = env.reset(seed=0)
    while not page(env, seen)["there"][0]:
        seen, *_ = env.step(3)
    told = page(env, seen)
    assert told["pace"][0] > 1.0 and told["pace passes"][0] == 1.0
    assert told["in time"][0] < 0.5 and told["in time"][1] == 1.0
    assert told["best pace"][0] < 0.5


def test_the_fastest_plan_gains_the_most(env: Any) -> None:
    seen, _ = env.reset(seed=0)  # a tick
    told = page(env, seen)
    plans = slice(4, 4 + len(env.world.names))
    best = int(told["gain"][plans].argmax())
    assert env.world.names[best] == "free"
    times = env.world.tables.token_s[:, 0]
    gain = np.log(times[env.world.systems["halda"]] / times[best])
    assert told["gain"][plans][best] == pytest.approx(gain, rel=1e-3)


def test_the_full_form_stands_behind_the_same_environment() -> None:
    fast, full = made(), made(form="full")
    assert fast.observation_space == full.observation_space
    returns, ends = [], []
    robust = 4 + fast.world.systems["all taken"]  # to run it again changes nothing
    for env in (fast, full):
        env.reset(seed=4)
        over, total = False, 0.0
        while not over:
            arrival = env.twin.request.about == "arrival"
            _, reward, over, _, _ = env.step(0 if arrival else robust)
            total += reward
        returns.append(total)
        ends.append(env.twin.state.end_s.tolist())
        assert env.twin.ledger.closes
    assert returns[1] == pytest.approx(returns[0], abs=4.0)
    assert ends[0] != ends[1]


@pytest.mark.parametrize("key", ["form", "observation"])
def test_unknown_forms_are_refused(key: str) -> None:
    with pytest.raises(InputError, match=key):
        made(**{key: "exact"})
