"""Providers that run one of several variants: what is loaded, and who shares what."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.agents.aigc.bound_wireless import wireless_bounds
from edgesim.envs.aigc.env import AIGCEnv
from edgesim.errors import InputError
from edgesim.profiles.profile import ServiceProfile
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.workload import AIGCWorkload

NO_FITS = {"piecewise": None, "hill": None, "exponential": None}


def profile(
    name: str, score: float, work_s: float, weights: float, load_s: float
) -> ServiceProfile:
    """A variant that takes ``work_s`` a token alone, and as long for a batch."""
    parts = {"fixed_s": 0.0, "fixed_s_per_item": 0.0, "work_s": work_s, "work_s_per_item": 0.0}
    metric = {
        "unit": "",
        "better": "higher",
        "of": "item",
        "mean": [score],
        "sd": [0.0],
        "ci95": [[score, score]],
        "n": 2,
        "fits": NO_FITS,
    }
    return ServiceProfile.of(
        {
            "schema": 2,
            "name": name,
            "title": "by hand",
            "task": "text_generation",
            "unit": "token",
            "model": {"id": name, "parameters": 1, "licence": "MIT"},
            "quality": {
                "work": [10, 100],
                "metrics": {
                    "accuracy": metric
                    | {"mean": [score] * 2, "sd": [0.0] * 2, "ci95": [[score, score]] * 2}
                },
                "score": {
                    "metric": "accuracy",
                    "zero": 0.0,
                    "one": 1.0,
                    "samples": [[score, score]] * 2,
                    "fits": NO_FITS,
                },
            },
            "latency": {
                "clock": "cpu",
                "threads": 1,
                "calls_per_unit": 1.0,
                "samples": [
                    {"work": work, "batch": batch, "seconds": [work * work_s]}
                    for work in (10, 100)
                    for batch in (1, 4)
                ],
                "affine": {**parts, "r2": 1.0},
            },
            "memory": {
                "by_batch": [{"batch": 1, "bytes": int(weights + 1000)}],
                "fixed_bytes": weights,
                "bytes_per_item": 1000,
            },
            "loading": {"seconds": [load_s], "bytes": int(weights)},
            "provenance": {
                "edgesim": "0",
                "libraries": {},
                "python": "3",
                "processor": "by hand",
                "device": "cpu",
                "seed": 0,
                "items": 2,
                "cpu_s": 1.0,
            },
        }
    )


@pytest.fixture
def scenario(tmp_path: Path) -> Any:
    """Two sites; ``small`` (.4, 10 ms a token, batches of 4) is loaded, ``large`` is not.

    That has .8, 20 ms, one at a time, and takes 3 s to load.
    """
    small = profile("small", 0.4, 0.01, 1000, 1.0).save(tmp_path / "small.json")
    large = profile("large", 0.8, 0.02, 4000, 3.0).save(tmp_path / "large.json")

    def made(**keys: Any) -> AIGCScenario:
        given = {
            "variants": [str(small), str(large)],
            "profiles": [{"name": "box", "service": str(small), "memory_bytes": 5500}],
            "provider_count": 2,
            "capacity_range": [400, 400],
            "steps_range": [50, 100],
            "steps_increment": 50,
            "horizon_s": 30,
            "arrival_rate_hz": 0.5,
            "load_rate_bps": None,
        }
        scenario: AIGCScenario = resolve("aigc_text", {**given, **keys})
        return scenario

    return made


def test_another_variant_is_loaded_first_and_a_batch_is_of_one(scenario: Any) -> None:
    """Tasks of 50 and 100 tokens, straight to the server of site 0: variants 0, 1, 0, 0."""
    workload = AIGCWorkload.alone(scenario(), np.random.SeedSequence(0))
    server: Any = workload.providers[0].service
    log: list[Any] = []

    class Asked:
        run: Any = None

        def __init__(self, name: str, steps: int, provider: int) -> None:
            self.name, self.steps, self.provider = name, steps, provider

    clock = workload.clock
    begun = clock.now
    for name, steps, provider in (("a", 50, 0), ("b", 50, 2), ("c", 100, 0), ("d", 50, 0)):
        server.run(
            Asked(name, steps, provider),
            lambda seat: log.append(
                (seat.value.name, round(seat.began_s - begun, 6), round(clock.now - begun, 6))
            ),
        )
    assert (server.wait_s(0), server.wait_s(1)) == (0.0, 3.0)
    while len(log) < 4:
        workload.twin.clock.run()
    assert log == [
        ("a", 0.1, 1.1),  # the window, then the longest of three that share a batch
        ("c", 0.1, 1.1),
        ("d", 0.1, 1.1),
        ("b", 1.1, 5.1),  # 3 s of loading, 50 tokens of 20 ms
    ]
    assert (server.loaded, server.loads) == (1, 1)


def test_a_slow_disk_makes_loading_longer(scenario: Any) -> None:
    """4,000 bytes at 16 kbit/s are 2 s; a device half as fast takes 6 s of what was 3 s."""
    twin = AIGCWorkload.alone(scenario(load_rate_bps=16_000), np.random.SeedSequence(0))
    assert twin.loading_s.tolist() == [0.0, 0.0, 5.0, 5.0]
    box = [{**asdict(scenario().profiles[0]), "speed": 0.5}]
    slow = AIGCWorkload.alone(scenario(profiles=box), np.random.SeedSequence(0))
    assert slow.loading_s.tolist() == [0.0, 0.0, 6.0, 6.0]


def test_entries_of_one_provider_share_its_room_and_differ_in_worth(scenario: Any) -> None:
    twin = AIGCWorkload.alone(scenario(), np.random.SeedSequence(1))
    assert twin.next_decision()
    assert twin.world.sites == 2 and len(twin.available) == 4
    np.testing.assert_allclose(twin.world.curves.gains(60), [0.4, 0.4, 0.8, 0.8])
    assert twin.loading_s.tolist() == [0.0, 0.0, 3.0, 3.0]
    latency = twin.expected_latency_s()
    steps = twin.last.steps
    assert latency[2] - latency[0] == pytest.approx(3.0 + 0.01 * steps)
    twin.choose(2)
    assert twin.available.tolist() == [400 - steps, 400, 400 - steps, 400]
    assert twin.assigned.tolist() == [1, 0, 1, 0]


def test_an_episode_closes_and_pays_the_quality_of_the_variant(scenario: Any) -> None:
    twin = AIGCWorkload.alone(scenario(), np.random.SeedSequence(2), record=True)
    ledger = twin.run(lambda twin, task: task.number % 4)
    assert ledger.closes and ledger.finished == ledger.arrived
    assert twin.available.tolist() == [400.0] * 4 and not twin.assigned.any()
    assert twin.log is not None
    rows = [row for row in twin.log.rows if row[1] == "start"]
    assert {row[4] for row in rows} == {0.4, 0.8}


def test_a_crash_takes_all_variants_of_a_provider_down(scenario: Any) -> None:
    twin = AIGCWorkload.alone(scenario(arrival_rate_hz=8.0), np.random.SeedSequence(3))
    downs = set()
    while twin.next_decision():
        downs.add(tuple(twin.up.tolist()))
        twin.choose(0)
    assert downs == {(True,) * 4, (False, True, False, True)}
    assert twin.ledger.closes


def test_an_agent_chooses_provider_and_variant_and_no_policy_passes_the_bound(
    scenario: Any,
) -> None:
    env: Any = AIGCEnv(asdict(scenario()))
    assert env.action_space.n == 4
    env.reset(seed=4)
    bound = sum(wireless_bounds(env.twin, [list(env.twin.tasks())]))
    total, over = 0.0, False
    while not over:
        assert env.action_masks().any()
        _, reward, over, _, _ = env.step(int(np.argmax(env.twin.expected_worth())))
        total += float(reward)
    assert 0 < total <= bound


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"variants": []}, "one or more services"),
        ({"scheduler": None}, "scheduler"),
        ({"load_rate_bps": 0}, "load_rate_bps"),
        ({"events": [{"at_s": 1, "event": "fails", "provider": "provider 0"}]}, "with variants"),
        ({"step_shares": [1.0, 0.5]}, "with variants"),
        ({"steps_range": [5, 100]}, "measured from 10 tokens on"),
    ],
)
def test_what_does_not_go_with_variants_is_told(scenario: Any, keys: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        scenario(**keys)


def test_a_device_too_small_for_a_variant_is_told(scenario: Any) -> None:
    small = scenario().variants[0]
    box = [{"name": "box", "service": small, "memory_bytes": 4000}]
    with pytest.raises(InputError, match="one item of large takes 5000 bytes"):
        scenario(profiles=box)
