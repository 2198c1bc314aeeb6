"""Measured services in the twin: quality that scatters, times that were measured, memory."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.outcomes import Finished, Started
from edgesim.twin.aigc.quality import QualityCurves, Scatter
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.compute.batching import BatchServer

BY_HAND = Path(__file__).parents[2] / "services" / "by_hand.json"
SCHEDULER = {"window_s": 0.2, "max_batch": 4}


def measured(profiles: list[dict[str, Any]] | None = None, **keys: Any) -> AIGCScenario:
    """The preset ``aigc`` with services measured by hand."""
    found = profiles or [{"name": "one", "speed": 2.0}]
    services = [{"service": str(BY_HAND), **profile} for profile in found]
    base = {"profiles": services, "quality": None, "scheduler": None, "horizon_s": 60.0}
    scenario: AIGCScenario = resolve("aigc", {**base, **keys})
    return scenario


def greedy(twin: AIGCWorkload, task: Any) -> int:
    return int(np.argmax(np.where(twin.fits(), twin.expected_worth(), -1.0)))


def finished(twin: AIGCWorkload) -> list[Finished]:
    twin.run(greedy)
    return [outcome for outcome in twin.outcomes if isinstance(outcome, Finished)]


# --- quality ----------------------------------------------------------------------------------


def test_a_provider_of_a_measured_service_has_its_fitted_curve() -> None:
    world = AIGCWorld(measured())
    assert {(p.ax, p.ay, p.bx, p.by) for p in world.providers} == {(50, 0.2, 200, 0.8)}
    assert world.curves.gains(125)[0] == pytest.approx(0.3)


def test_a_listed_provider_may_have_the_measured_curve_or_its_own() -> None:
    own = {"capacity": 500, "ax": 10, "ay": 0.0, "bx": 20, "by": 0.9, "profile": "one"}
    scenario = measured(providers=[{"capacity": 700, "profile": "one"}, own])
    assert AIGCWorld(scenario).curves.gains(250).tolist() == pytest.approx([0.6, 0.9])


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(2, 9), st.integers(0, 10_000))
def test_the_mean_of_what_is_paid_is_the_curve(steps: int, images: int, seed: int) -> None:
    samples = np.random.default_rng(seed).random((4, images))
    scatter = Scatter([10, 50, 100, 250], samples.tolist())
    curves = QualityCurves([50, 0], [0.2, 0.0], [200, 100], [0.8, 0.4], [scatter, None])
    places = (np.arange(images) + 0.5) / images
    paid = np.array([curves.all_paid(steps, place) for place in places.tolist()])
    assert paid.mean(axis=0) == pytest.approx(curves.gains(steps))
    assert (paid[:, 1] == curves.gains(steps)[1]).all()


def test_an_image_keeps_its_distance_from_the_mean_between_measured_steps() -> None:
    scatter = Scatter([10, 20], [[0.1, 0.3], [0.4, 0.8]])
    assert scatter.at(10) == pytest.approx([-0.1, 0.1])
    assert scatter.at(15) == pytest.approx([-0.15, 0.15])
    assert scatter.at(5) == scatter.at(10)
    assert scatter.at(99) == pytest.approx([-0.2, 0.2])


def test_results_scatter_as_the_measured_images_and_are_expected_at_their_mean() -> None:
    twin = AIGCWorkload.alone(
        measured(steps_range=[250, 250], horizon_s=400.0), np.random.SeedSequence(1)
    )
    twin.next_decision()
    latest = twin.last.deadline_s - twin.expected_latency_s()
    assert twin.expected_worth()[latest > 0] == pytest.approx(0.6)
    twin = AIGCWorkload.alone(twin.scenario, np.random.SeedSequence(1))
    paid = np.array([outcome.quality for outcome in finished(twin)])
    images = 0.6 + np.array([-0.096, -0.04, 0.0, 0.016, 0.04, 0.08])
    found, counts = np.unique(paid.round(6), return_counts=True)
    assert found == pytest.approx(images)
    assert counts.min() > 0.1 * len(paid)
    assert paid.mean() == pytest.approx(0.6, abs=0.01)


def test_a_request_is_like_the_same_image_wherever_it_is_sent() -> None:
    scenario = measured()
    seen = []
    for policy in (greedy, lambda twin, task: task.number % 20):
        twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(5))
        twin.run(policy)
        seen.append({o.task.number: o.quality for o in twin.outcomes if isinstance(o, Started)})
        pictures = [task.picture for task in twin.tasks()]
    both = seen[0].keys() & seen[1].keys()
    assert len(both) > 50
    assert all(seen[0][number] == seen[1][number] for number in both)  # all providers are alike
    assert len(set(pictures)) == len(pictures)


# --- time -------------------------------------------------------------------------------------


def test_the_declared_speed_divides_the_measured_times() -> None:
    pair: list[dict[str, Any]] = [{"name": "one"}, {"name": "two", "speed": 4.0}]
    one, two = AIGCWorld(measured(pair)).machines
    assert one.fixed_s == pytest.approx(0.32)
    assert one.seconds_per_step == pytest.approx(0.010)
    assert one.batch_slope == two.batch_slope == pytest.approx(0.8)
    assert two.seconds_per_step == pytest.approx(one.seconds_per_step / 4)
    assert two.fixed_s == pytest.approx(one.fixed_s / 4)


def test_without_a_scheduler_a_lone_task_takes_one_of_the_measured_times() -> None:
    scenario = measured(arrival_rate_hz=0.02, horizon_s=20_000.0, steps_range=[150, 150])
    twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(2), record=True)
    twin.run(lambda twin, task: 0)
    assert twin.log is not None
    began = {row[2]: row[0] for row in twin.log.rows if row[1] == "start"}
    ran = np.array([row[0] - began[row[2]] for row in twin.log.rows if row[1] == "run over"])
    alone = 0.5 * (0.32 + 150 * 0.010) * np.array([0.95, 0.98, 1.0, 1.07])
    times = [(np.abs(ran - time_s) < 1e-4).mean() for time_s in alone]
    assert sum(times) > 0.9  # the rest met another
    assert min(times) > 0.15


def test_times_are_drawn_alike_whatever_is_decided_elsewhere() -> None:
    """The k-th batch of a provider scatters alike: what others run does not count."""
    places = []
    for other in (1, 2):
        twin = AIGCWorkload.alone(
            measured(scheduler=SCHEDULER), np.random.SeedSequence(3), record=True
        )
        policy = [0, other]
        twin.run(lambda twin, task, policy=policy: policy[task.number % 2])  # type: ignore[misc]
        assert twin.log is not None
        places.append([row[:1] + row[3:] for row in twin.log.rows if row[1] == "run over"])
    first = [[row for row in found if row[1] == 0] for found in places]
    assert first[0] == first[1] != []


# --- memory and batches -----------------------------------------------------------------------


def test_a_batch_never_takes_more_memory_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    begin = BatchServer._begin

    def noted(server: BatchServer) -> None:
        begin(server)
        sizes.append(server.running)

    monkeypatch.setattr(BatchServer, "_begin", noted)
    for memory_bytes, most in ((5e6, 3), (3e6, 1), (1e9, 4)):
        sizes.clear()
        only = [{"name": "one", "speed": 0.5, "memory_bytes": memory_bytes}]
        scenario = measured(only, scheduler=SCHEDULER, provider_count=4)
        AIGCWorkload.alone(scenario, np.random.SeedSequence(1)).run(greedy)
        assert max(sizes) == most


def test_who_waits_for_a_batch_counts_towards_the_capacity() -> None:
    """Two of 250 steps fit into 500: one that runs and one that waits; the third is the crash."""
    slow = [{"name": "one", "speed": 0.001}]
    scenario = measured(
        slow,
        scheduler={"window_s": 0.0, "max_batch": 1},
        providers=[{"capacity": 500, "profile": "one"}],
        steps_range=[250, 250],
        arrival_rate_hz=0.1,
    )
    twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(0), record=True)
    twin.run(lambda twin, task: 0)
    assert twin.log is not None
    events = [row[1] for row in twin.log.rows if row[1] in ("start", "refuse", "crash", "lose")]
    assert events[:6] == ["start", "start", "crash", "lose", "lose", "refuse"]
    lost = [row[4] for row in twin.log.rows if row[1] == "lose"]
    assert 0 < lost[0] < 1
    assert lost[1] == 0.0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    choices=st.lists(st.integers(0, 3), min_size=1, max_size=20),
    window_s=st.sampled_from([0.0, 0.3]),
    max_batch=st.integers(1, 8),
    shares=st.sampled_from([[1.0], [1.0, 0.5]]),
)
def test_the_ledger_closes_at_every_instant(
    seed: int, choices: list[int], window_s: float, max_batch: int, shares: list[float]
) -> None:
    scenario = measured(
        scheduler={"window_s": window_s, "max_batch": max_batch},
        step_shares=shares,
        provider_count=4,
        horizon_s=15.0,
    )
    twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(seed))
    step = twin.clock.step

    def watched() -> None:
        step()
        assert twin.ledger.closes
        assert all(0 <= p.available <= p.capacity for p in twin.providers)

    clock: Any = twin.clock
    clock.step = watched
    while (task := twin.next_decision()) is not None:
        levels = twin.levels(task)
        twin.choose(choices[task.number % len(choices)], levels[task.number % len(levels)])
    assert twin.ledger.in_transfer == twin.ledger.in_service == twin.ledger.undecided == 0
    np.testing.assert_array_equal(twin.available, twin.world.capacity)


# --- what the scenario refuses ----------------------------------------------------------------


def test_a_trace_may_not_ask_for_more_steps_than_were_measured(tmp_path: Path) -> None:
    trace = tmp_path / "tasks.csv"
    trace.write_text("arrival_s,steps\n0,100\n1,400\n")
    with pytest.raises(ValueError, match=r"400 steps.*up to 250"):
        AIGCWorld(measured(trace=str(trace)))
    AIGCWorld(measured(trace=str(trace), trace_columns={"steps_clip": [1, 250]}))


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"service": "no_such_service"}, {}, "no_such_service"),
    ({"speed": 0.0}, {}, "speed"),
    ({"speed": float("nan")}, {}, "speed"),
    ({"fixed_s": 1.0}, {}, "fixed_s"),
    ({"memory_bytes": 4e6}, {}, "needs a scheduler"),
    ({"memory_bytes": 2.5e6}, {"scheduler": SCHEDULER}, "one image of by_hand takes 3000000"),
    ({}, {"scheduler": {"window_s": -1.0, "max_batch": 1}}, "window_s"),
    ({}, {"scheduler": {"window_s": 0.0, "max_batch": 0}}, "max_batch"),
    ({}, {"scheduler": {"window_s": 0.0, "max_batch": 16}}, "up to batches of 8"),
    ({}, {"steps_range": [100, 300]}, "up to 250 steps"),
    ({}, {"step_shares": []}, "step_shares"),
    ({}, {"step_shares": [1.0, 0.0]}, "step_shares"),
    ({}, {"step_shares": [0.5, 1.0]}, "step_shares"),
    ({}, {"step_shares": [1.0, 0.5, 0.5]}, "step_shares"),
    ({}, {"step_shares": [0.5]}, "step_shares"),
]


@pytest.mark.parametrize(("profile", "keys", "message"), REFUSED)
def test_a_scenario_that_asks_for_what_was_not_measured_is_refused(
    profile: dict[str, Any], keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        measured([{"name": "one", **profile}], **keys)


def test_quality_must_come_from_somewhere() -> None:
    typed = {"name": "two", "fixed_s": 0.5, "seconds_per_step": 0.01, "batch_slope": 0.4}
    measured_one = {"name": "one", "service": str(BY_HAND)}
    with pytest.raises(ValueError, match="quality"):
        resolve("aigc", {"profiles": [measured_one, typed], "quality": None, "scheduler": None})
    ranges = {"ax": [0, 90, 10], "ay": [0, 0.45, 0.05], "bx": [150, 240, 10], "by": [0.5, 0.9, 0.1]}
    mixed = {"profiles": [measured_one, typed], "quality": ranges, "scheduler": None}
    world = AIGCWorld(resolve("aigc", mixed))
    drawn = {
        m.time.scatters: (p.bx, p.by) for m, p in zip(world.service, world.providers, strict=True)
    }
    assert drawn[True] == (200, 0.8) != drawn[False]
    with pytest.raises(ValueError, match="name of its own"):
        resolve("aigc", {**mixed, "profiles": [typed, typed]})


def test_only_services_make_batches() -> None:
    with pytest.raises(ValueError, match="only providers with profiles"):
        resolve("aigc_paper", {"scheduler": SCHEDULER})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"piecewise": None}, "piecewise"),
        ({"piecewise": {"ax": 1, "ay": 0.8, "bx": 9, "by": 0.8, "r2": 0}}, "more steps must pay"),
    ],
)
def test_a_profile_without_a_rising_curve_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    content = json.loads(BY_HAND.read_text())
    content["quality"]["score"]["fits"].update(change)
    path = tmp_path / "flat.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        measured([{"name": "one", "service": str(path)}])
