"""Environments whose scenarios state events: Gymnasium's contract, copies, masks, engines."""

import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import edgesim  # noqa: F401  # registers the ids
from edgesim.agents.finding import bound_wanted
from edgesim.errors import InputError
from edgesim.scenarios import resolve

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "aigc": (
        "edgesim/AIGC-v0",
        {
            "scenario": "aigc",
            "overrides": {
                "horizon_s": 30.0,
                "events": [
                    {"at_s": 5, "event": "fails", "site": 3, "until_s": 20},
                    {"at_s": 8, "event": "flash_crowd", "factor": 3, "until_s": 12, "site": 1},
                    {"at_s": 15, "event": "joins", "provider": 7},
                    {"at_s": 16, "event": "capacity", "provider": 9, "factor": 0.25},
                ],
            },
        },
    ),
    "sfc": (
        "edgesim/SFC-v0",
        {
            "scenario": "sfc",
            "overrides": {
                "network.horizon_s": 20.0,
                "events": [
                    {"at_s": 5, "event": "fails", "node": "Frankfurt", "until_s": 10},
                    {"at_s": 8, "event": "capacity", "link": 0, "factor": 0.1},
                    {"at_s": 9, "event": "load", "factor": 2, "slice": "urllc"},
                ],
            },
        },
    ),
    "vne": (
        "edgesim/VNE-v0",
        {
            "scenario": "vne_geant",
            "overrides": {
                "virtual.count": 20,
                "events": [
                    {"at_s": 50, "event": "fails", "node": 3, "until_s": 150},
                    {"at_s": 80, "event": "capacity", "host": 5, "factor": 0.1},
                    {"at_s": 100, "event": "load", "factor": 2},
                ],
            },
        },
    ),
    "shared": (
        "edgesim/SFC-v0",
        {
            "scenario": "shared",
            "overrides": {
                "aigc.horizon_s": 10.0,
                "sfc.network.horizon_s": 10.0,
                "aigc.events": [{"at_s": 2, "event": "fails", "site": 3, "until_s": 5}],
                "sfc.events": [{"at_s": 3, "event": "fails", "link": 0}],
            },
        },
    ),
}


def played(env: Any, seed: int, steps: int = 10**6) -> list[tuple[bytes, float]]:
    """Observations and rewards of an episode, or of its first steps, with legal actions."""
    env.reset(seed=seed)
    return gone_on(env, steps)


def gone_on(env: Any, steps: int = 10**6) -> list[tuple[bytes, float]]:
    seen = []
    for number in range(steps):
        allowed = np.flatnonzero(env.unwrapped.action_masks())
        observation, reward, over, _, _ = env.step(allowed[number % len(allowed)])
        seen.append((observation.tobytes(), float(reward)))
        if over:
            break
    return seen


@pytest.fixture(params=CASES)
def env(request: pytest.FixtureRequest) -> Any:
    env_id, keywords = CASES[request.param]
    made = gymnasium.make(env_id, **keywords)
    yield made
    made.close()


def test_an_environment_with_events_is_one_of_gymnasiums(env: Any) -> None:
    check_env(env.unwrapped, skip_render_check=True)


def test_equal_seeds_give_equal_episodes(env: Any) -> None:
    first = played(env, 0)
    assert first == played(env, 0)
    assert first != played(env, 1)


def test_a_fork_and_a_pickle_in_the_middle_have_the_same_events_to_come(env: Any) -> None:
    played(env, 0, 15)
    bare = env.unwrapped
    fork, copy = bare.fork(), pickle.loads(pickle.dumps(bare))
    rest = gone_on(bare)
    assert rest == gone_on(fork) == gone_on(copy)
    assert rest


def test_a_mask_leaves_out_who_is_down() -> None:
    env_id, keywords = CASES["aigc"]
    env: Any = gymnasium.make(env_id, **keywords).unwrapped
    env.reset(seed=0)
    over = False
    while not over:
        now, masks = env.twin.clock.now, env.action_masks()
        if 5 <= now < 20:
            assert not masks[3]
        if now < 15:
            assert not masks[7]
        over = env.step(int(np.flatnonzero(masks)[0]))[2]


def test_the_batched_engine_refuses_events_and_auto_takes_simpy() -> None:
    overrides = {"events": [{"at_s": 5, "event": "fails", "provider": 0}], "horizon_s": 1e4}
    keywords: dict[str, Any] = {"scenario": "aigc_paper", "overrides": overrides}
    with pytest.raises(InputError, match="the batched engine plays no events"):
        gymnasium.make_vec("edgesim/AIGC-v0", num_envs=2, engine="batched", **keywords)
    envs = gymnasium.make_vec("edgesim/AIGC-v0", num_envs=2, **keywords)
    envs.reset(seed=0)
    assert not hasattr(envs, "unsupported")
    envs.close()


def test_a_bound_does_not_know_events() -> None:
    events = [{"at_s": 5, "event": "fails", "provider": 0}]
    scenario = resolve("aigc_paper", {"events": events})
    assert bound_wanted(resolve("aigc_paper"), None)
    assert not bound_wanted(scenario, None)
    with pytest.raises(InputError, match="does not know the scenario's events"):
        bound_wanted(scenario, True)
