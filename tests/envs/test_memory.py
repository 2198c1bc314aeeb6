"""An episode may last: what a world holds does not grow with what has happened in it."""

import gc
import tracemalloc
from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.twin.aigc.task import Task
from edgesim.twin.sfc.chain import Request

REQUESTS = 6000


def held_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("scenario", ["aigc", "aigc_paper"])
def test_a_decided_request_leaves_nothing_behind(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pieces of walks and of the workload so short that many pass in a short test.
    monkeypatch.setattr("edgesim.twin.radio.mobility._LEGS_AT_ONCE", 1000)
    preset = gymnasium.make("edgesim/AIGC-v0", scenario=scenario).unwrapped.scenario  # type: ignore[attr-defined]
    env: Any = gymnasium.make(
        "edgesim/AIGC-v0",
        disable_env_checker=True,
        scenario=scenario,
        overrides={"horizon_s": 3.2 * REQUESTS / preset.arrival_rate_hz, "users": 100},
    )
    env.reset(seed=0)
    env.action_space.seed(0)
    held: list[int] = []
    tracemalloc.start()
    try:
        for _ in range(3):
            for _ in range(REQUESTS):
                *_, over, _, _ = env.step(env.action_space.sample())
                assert not over
            held.append(held_bytes())
    finally:
        tracemalloc.stop()
    # After the first third the world has met its usual crowd; one number a request would be 24
    # bytes or more.
    assert (held[2] - held[1]) / REQUESTS < 4.0


@pytest.mark.parametrize("engine", ["simpy", pytest.param("batched", marks=pytest.mark.slow)])
def test_a_decided_chain_leaves_nothing_behind(engine: str) -> None:
    envs: Any = gymnasium.make_vec(
        "edgesim/SFC-v0",
        num_envs=1,
        scenario="sfc_paper",
        engine=engine,
        overrides={"requests": 1_000_000},
    )
    envs.reset(seed=0)
    actions = np.random.default_rng(0).integers(5, size=(3, 2 * REQUESTS, 1))
    held: list[int] = []
    decided = 0
    tracemalloc.start()
    try:
        for third in actions:
            for action in third:
                _, rewards, over, *_ = envs.step(action)
                decided += int(rewards[0] != 0)  # a choice that ends no chain pays nothing
                assert not over[0]
            held.append(held_bytes())
    finally:
        tracemalloc.stop()
    assert (held[2] - held[1]) / (decided / 3) < 4.0


SHARED = {"scheduler": None, "profiles": [{"name": "shared", "service": "photo_inpaint"}]}


@pytest.mark.parametrize(
    ("scenario", "overrides"), [("aigc", {}), ("aigc", SHARED), ("aigc_paper", {})]
)
def test_a_task_that_is_over_waits_for_no_garbage_collector(
    scenario: str, overrides: dict[str, Any]
) -> None:
    env: Any = gymnasium.make(
        "edgesim/AIGC-v0", disable_env_checker=True, scenario=scenario, overrides=overrides
    )
    env.reset(seed=0)
    env.action_space.seed(0)
    gc.collect()
    gc.disable()
    try:
        before = tasks_held()
        for _ in range(400):
            env.step(env.action_space.sample())
        held = tasks_held() - before
    finally:
        gc.enable()
    ledger = env.unwrapped.twin.ledger
    assert ledger.finished + ledger.lost + ledger.refused > 300
    assert held <= ledger.undecided + ledger.in_transfer + ledger.in_service


def tasks_held() -> int:
    return sum(type(held) is Task for held in gc.get_objects())


def test_a_slice_remembers_only_the_chains_that_run() -> None:
    env: Any = gymnasium.make(
        "edgesim/SFC-v0",
        disable_env_checker=True,
        scenario="sfc",
        overrides={"network": {"horizon_s": 20_000.0}},
    )
    env.action_space.seed(0)
    before = requests_held()
    env.reset(seed=0)
    for _ in range(3000):
        env.step(env.action_space.sample())
    held = requests_held() - before
    ledger = env.unwrapped.twin.ledger
    assert ledger.released > 200
    assert ledger.rejected > 200
    assert held <= ledger.running + ledger.undecided + 1  # one is drawn ahead


def requests_held() -> int:
    gc.collect()
    return sum(type(held) is Request for held in gc.get_objects())
