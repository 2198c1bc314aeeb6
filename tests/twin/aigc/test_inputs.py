"""Requests whose time depends on their input: how large it is, and how much is in it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.agents.aigc.bound import episode_bound
from edgesim.agents.aigc.bound_wireless import wireless_bounds
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.profiles.profile import ServiceProfile
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.services import Scheduler
from edgesim.scenarios.aigc.services import ServiceProfile as Runs
from edgesim.twin.aigc.providers import Machine
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.compute.batching import BatchServer
from edgesim.twin.core.clock import Clock

NO_FITS = {"piecewise": None, "hill": None, "exponential": None}
CURVE = {**NO_FITS, "piecewise": {"ax": 1, "ay": 0.0, "bx": 10, "by": 1.0, "r2": 1.0}}


def seconds(work: float, items: tuple[int, ...]) -> float:
    """0.1 s a batch, 0.2 an item, 0.01 a kilopixel, 0.05 a part more than the two of the mean."""
    share, parts = (0.5, 1.5), (1, 3)
    own = sum(0.01 * work * share[it] + 0.05 * (parts[it] - 2) for it in items)
    return 0.1 + 0.2 * len(items) + own


@pytest.fixture
def content() -> dict[str, Any]:
    """A service measured on two drawings: one small and of one part, one large and of three."""
    samples = [
        {"work": work, "batch": n, "seconds": [seconds(work, tuple(range(n)))]}
        for work in (4, 10)
        for n in (1, 2)
    ]
    metric = {"unit": "", "better": "higher", "of": "item", "n": 2, "fits": CURVE}
    return {
        "schema": 2,
        "name": "reading",
        "title": "by hand",
        "task": "reading",
        "unit": "kilopixel",
        "model": {"id": "reading", "parameters": 1, "licence": "MIT"},
        "quality": {
            "work": [1, 10],
            "metrics": {
                "netlist": metric | {"mean": [0, 1], "sd": [0, 0], "ci95": [[0, 0], [1, 1]]}
            },
            "score": {
                "metric": "netlist",
                "zero": 0,
                "one": 1,
                "samples": [[0, 0], [1, 1]],
                "fits": CURVE,
            },
        },
        "latency": {
            "clock": "cpu",
            "threads": 1,
            "calls_per_unit": 1.0,
            "samples": samples,
            "affine": {
                "fixed_s": 0.1,
                "fixed_s_per_item": 0.2,
                "work_s": 0.0,
                "work_s_per_item": 0.01,
                "r2": 1.0,
            },
            "inputs": {
                "share": [0.5, 1.5],
                "parts": [1, 3],
                "part_s": 0.05,
                "work": [4, 10],
                "seconds": [[seconds(work, (it,)) for it in (0, 1)] for work in (4, 10)],
                "r2": 1.0,
            },
        },
        "memory": {
            "by_batch": [{"batch": 1, "bytes": 10}],
            "fixed_bytes": 0,
            "bytes_per_item": 10,
        },
        "provenance": {
            "edgesim": "0",
            "libraries": {},
            "python": "3",
            "processor": "",
            "device": "cpu",
            "seed": 0,
            "items": 2,
            "cpu_s": 1.0,
        },
    }


@pytest.fixture
def file(content: dict[str, Any], tmp_path: Path) -> str:
    path = tmp_path / "reading.json"
    path.write_text(json.dumps(content))
    return str(path)


def asked(picture: float, steps: int = 10) -> Task:
    task = Task(0, 0.0, steps, 0)
    task.picture = picture
    return task


def test_what_was_measured_of_an_input_is_left_out_of_the_scatter(content: Any) -> None:
    latency = ServiceProfile.of(content).latency
    assert latency.model_s(10, (0, 1)) == pytest.approx(seconds(10, (0, 1)))
    assert latency.ratios() == pytest.approx([1.0] * 8)  # four batches, four drawings alone
    content["latency"]["inputs"]["seconds"][1][0] *= 1.2
    assert max(ServiceProfile.of(content).latency.ratios()) == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("share", [1.0, 1.5], "1 on average"),
        ("share", [2.0], "one an item"),
        ("share", [0.0, 2.0], "above 0"),
        ("part_s", -0.1, "at least 0"),
        ("seconds", [[0.1, 0.1]], "a row for each work"),
        ("seconds", [[0.1], [0.1]], "an entry for each item"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(content: Any, key: str, value: Any, says: str) -> None:
    content["latency"]["inputs"][key] = value
    with pytest.raises(InputError, match=says):
        ServiceProfile.of(content)


def test_a_batch_takes_what_its_drawings_take(file: str) -> None:
    machine = Machine(Runs(name="box", service=file, speed=0.5), Scheduler(0.0, 2))
    clock, log = Clock(), []

    def over(seat: Any) -> None:
        log.append((seat.value.number, round(clock.now, 9)))

    server = machine.service(clock, lambda: 0.0, Scheduler(0.0, 2))
    assert isinstance(server, BatchServer)
    small, large = asked(0.1), asked(0.9)
    large.number = 1
    server.run(small, over)
    server.run(large, over)
    clock.advance()
    # The first begins at once and alone; on half as fast a device.
    first = 2 * seconds(10, (0,))
    assert log == [(0, round(first, 9)), (1, round(first + 2 * seconds(10, (1,)), 9))]


def test_tasks_that_share_a_machine_differ_as_well(file: str) -> None:
    machine = Machine(Runs(name="box", service=file), None)
    clock, ends = Clock(), []
    server = machine.service(clock, lambda: 0.0, None)
    server.run(asked(0.9), lambda event: ends.append(clock.now))
    clock.advance()
    assert ends == pytest.approx([seconds(10, (1,))])


def world(file: str, **keys: Any) -> Any:
    base = {
        "profiles": [{"name": "box", "service": file, "speed": 0.5}],
        "steps_range": [4, 10],
        "steps_increment": 1,
        "capacity_range": [20, 40],
        "capacity_increment": 10,
        "scheduler": {"window_s": 0.1, "max_batch": 2},
        "provider_count": 3,
        "horizon_s": 20.0,
        "arrival_rate_hz": 2.0,
    }
    return resolve("aigc", {**base, **keys})


@pytest.mark.parametrize("scheduler", [{"window_s": 0.1, "max_batch": 2}, None])
def test_no_policy_reaches_more_than_the_bound(file: str, scheduler: Any) -> None:
    scenario = world(file, scheduler=scheduler)
    (env,) = make_envs(scenario, 1)
    bounds = []
    for seed in (1, 2):
        env.reset(seed=seed)
        bounds.append(episode_bound(env))
    for policy in ("random", "least_latency", "prophet"):
        rows = rollout(scenario, find_policy(scenario, policy), [1, 2]).rows
        returns = [row["return"] for row in rows]
        assert (np.array(returns) <= np.array(bounds) + 1e-9).all(), policy
    assert sum(returns) > 0.4 * sum(bounds), "the prophet comes near"


def test_a_task_alone_is_bounded_by_what_its_own_drawing_lets_it_pay(file: str) -> None:
    """A large drawing is late where a small one is not."""
    late = {"wireless.deadline_s": [0.9, 0.9], "wireless.lateness_s": 0.5}
    twin = AIGCWorkload.alone(world(file, **late), np.random.SeedSequence(0))
    tasks = list(twin.tasks())
    bounds = {}
    for picture in (0.1, 0.9):
        for task in tasks:
            task.picture, task.steps = picture, 10
        (bounds[picture],) = wireless_bounds(twin, [tasks[:1]])
    assert bounds[0.9] < bounds[0.1]
