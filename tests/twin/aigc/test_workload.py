"""The AIGC twin run alone: no Gymnasium, any Python function as the policy."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios import preset, presets, resolve, schema_of
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.outcomes import Crashed, Finished, Lost, Refused, Restarted, Started
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld

SCENARIOS = sorted(name for name in presets() if schema_of(preset(name)) is AIGCScenario)
SMALL = {
    "aigc": {"horizon_s": 60.0},
    "aigc_paper": {"horizon_s": 200_000.0},
    "aigc_steps": {"horizon_s": 60.0},
    "aigc_text": {"horizon_s": 20.0},
    "aigc_faults": {"horizon_s": 60.0},
}

FINGERPRINTS = {
    "aigc": "d49be9471333d7d842adab1025ebd2002618f4459d2d6dd8b1e13c72a97f4efe",
    "aigc_paper": "03c18455c0f53e7fceb8b0d9253d6598a98f8deb8d10609c658416abd96663a3",
}
FINGERPRINTS["aigc_text"] = "51b768e0ad153a6f4e7bacefcea05e67a7a4d620fe70e1113a57af9aff8346b3"
FINGERPRINTS["aigc_faults"] = "dcb5753b52308e08432b402068b39eb911cfede6d3f3d7f699dab8b19219c515"
FINGERPRINTS["aigc_steps"] = FINGERPRINTS["aigc"]  # with the steps that are asked, the same world


def by_turns(twin, task):
    return task.number % len(twin.available)


def first(twin, task):
    return 0


def recorded(name, policy=by_turns, seed=0, **overrides):
    twin = AIGCWorkload.alone(
        resolve(name, {**SMALL[name], **overrides}), np.random.SeedSequence(seed), record=True
    )
    twin.run(policy)
    return twin


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_history_of_a_shipped_scenario_is_pinned(name):
    # A change of behaviour changes this on purpose, with a line in the CHANGELOG.
    twin = AIGCWorkload.alone(resolve(name), np.random.SeedSequence(0), record=True)
    twin.run(by_turns)
    assert twin.log is not None
    assert twin.log.fingerprint() == FINGERPRINTS[name]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_tells_the_same_story_in_another_process(name):
    code = (
        "import numpy as np\n"
        "from edgesim.scenarios import resolve\n"
        "from edgesim.twin.aigc.workload import AIGCWorkload\n"
        f"scenario = resolve({name!r}, {SMALL[name]!r})\n"
        "twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(3), record=True)\n"
        "twin.run(lambda twin, task: task.number % len(twin.available))\n"
        "print(twin.log.fingerprint())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert recorded(name, seed=3).log.fingerprint() == other
    assert recorded(name, seed=4).log.fingerprint() != other


@pytest.mark.parametrize("name", SCENARIOS)
def test_two_policies_on_one_seed_meet_the_same_world(name):
    one, other = (recorded(name, policy) for policy in (by_turns, first))
    arrivals = [[row[:3] for row in twin.log.rows if row[1] == "arrive"] for twin in (one, other)]
    assert arrivals[0] == arrivals[1]
    assert one.log.fingerprint() != other.log.fingerprint()
    if name != "aigc_paper":
        for time_s in (0.0, 12.5, 60.0):
            places = [twin.delivery.users.position(17, time_s) for twin in (one, other)]
            assert places[0] == places[1]
        futures = [
            [(t.upload_bytes, t.deadline_s, t.fading_up) for t in w.tasks()] for w in (one, other)
        ]
        assert futures[0] == futures[1]


@pytest.mark.parametrize("name", SCENARIOS)
def test_worlds_differ_by_their_seed_alone(name):
    worlds = [AIGCWorld(resolve(name, {"world_seed": seed})) for seed in (1, 1, 2)]
    assert worlds[0].providers == worlds[1].providers != worlds[2].providers


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(SCENARIOS),
    seed=st.integers(0, 2**32),
    choices=st.lists(st.integers(0, 3), min_size=1, max_size=20),
    rate=st.floats(0.5, 4.0),
)
def test_the_ledger_closes_at_every_instant(name, seed, choices, rate):
    base = resolve(name)
    scenario = resolve(
        name,
        {
            "provider_count": 4,
            "horizon_s": 40 / (base.arrival_rate_hz * rate),
            "arrival_rate_hz": base.arrival_rate_hz * rate,
        },
    )
    twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(seed))
    step = twin.clock.step
    instants = 0

    def watched() -> None:
        nonlocal instants
        step()
        instants += 1
        assert twin.ledger.closes
        assert all(0 <= p.available <= p.capacity for p in twin.providers)

    clock: Any = twin.clock
    clock.step = watched
    twin.run(lambda twin, task: choices[task.number % len(choices)])
    assert instants > 0
    assert twin.ledger.arrived == sum(1 for _ in twin.tasks())
    kinds = [type(outcome) for outcome in twin.outcomes]
    assert kinds.count(Finished) == twin.ledger.finished
    assert kinds.count(Lost) == twin.ledger.lost
    assert kinds.count(Refused) == twin.ledger.refused
    assert kinds.count(Started) == (
        twin.ledger.finished + twin.ledger.lost + twin.ledger.in_service
    )
    if scenario.decide_last:
        assert twin.ledger.in_transfer == twin.ledger.in_service == twin.ledger.undecided == 0
        np.testing.assert_array_equal(twin.available, twin.world.capacity)
        assert not twin.assigned.any()
        assert name == "aigc_faults" or twin.up.all()  # what failed by chance may be down still


def test_a_provider_given_more_than_it_holds_crashes_and_comes_back():
    tiny = {"capacity": 300, "ax": 0, "ay": 0.0, "bx": 200, "by": 0.8, "x_m": 500, "y_m": 500}
    twin = recorded(
        "aigc",
        first,
        providers=[tiny],
        users=1,
        horizon_s=20.0,
        arrival_rate_hz=1.0,
        restart_s=5.0,
    )
    crashes = [outcome for outcome in twin.outcomes if isinstance(outcome, Crashed)]
    restarts = [outcome for outcome in twin.outcomes if isinstance(outcome, Restarted)]
    assert len(crashes) == len(restarts) > 0
    for crash, restart in zip(crashes, restarts, strict=True):
        assert restart.time_s == pytest.approx(crash.time_s + 5.0)
        down = [
            outcome
            for outcome in twin.outcomes
            if isinstance(outcome, Started) and crash.time_s <= outcome.time_s < restart.time_s
        ]
        assert down == []
    assert twin.ledger.lost == sum(crash.lost for crash in crashes)


def test_choosing_without_a_request_is_a_mistake():
    twin = AIGCWorkload.alone(resolve("aigc_paper"), np.random.SeedSequence(0))
    with pytest.raises(RuntimeError, match="no request"):
        twin.choose(0)


def test_the_log_is_written_whole(tmp_path):
    import pyarrow.parquet as pq

    twin = recorded("aigc")
    twin.log.write(tmp_path / "events.parquet")
    table = pq.read_table(tmp_path / "events.parquet")
    assert table.num_rows == len(twin.log.rows) > 100
    assert table.column_names == ["time_s", "event", "task", "provider", "value"]
    assert list(tmp_path.iterdir()) == [tmp_path / "events.parquet"]


@pytest.mark.slow
def test_quality_matters_distance_matters_speed_matters():
    """A decision maker who ignores one of the three is paid less, on the same episodes."""
    from edgesim.twin.aigc.quality import timeliness

    def payoff(ignored, seed, world_seed):
        scenario = resolve("aigc", {"world_seed": world_seed})
        twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(seed))

        def policy(twin, task):
            delivery, wireless = twin.delivery, scenario.wireless
            latency_s = twin.expected_latency_s()
            gains = twin.world.curves.gains(task.steps)
            site = delivery.link(task)[0]
            metro_s = delivery.metro_s(site, task.upload_bytes + task.download_bytes)
            service = twin.world.service
            run_s = np.array([p.fixed_s + p.seconds_per_step * task.steps for p in service])
            run_s *= 1 + np.array([p.batch_slope for p in service]) * twin.assigned
            if ignored == "distance":
                latency_s = latency_s - metro_s + metro_s.mean()
            if ignored == "speed":
                latency_s = latency_s - run_s + run_s.mean()
            if ignored == "quality":
                gains = np.full_like(gains, gains.mean())
            worth = gains * np.clip(1 - (latency_s - task.deadline_s) / wireless.lateness_s, 0, 1)
            return int(np.argmax(np.where(twin.fits(), worth - 1e-6 * latency_s, -np.inf)))

        twin.run(policy)
        return sum(
            outcome.quality
            * timeliness(outcome.latency_s, outcome.task.deadline_s, scenario.wireless.lateness_s)
            for outcome in twin.outcomes
            if isinstance(outcome, Finished)
        )

    episodes = [(seed, world) for world in range(4) for seed in range(2)]
    all_three = np.array([payoff("nothing", *episode) for episode in episodes])
    for ignored in ("quality", "distance", "speed"):
        paid = np.array([payoff(ignored, *episode) for episode in episodes])
        gap = all_three - paid
        assert gap.mean() > 2 * gap.std(ddof=1) / np.sqrt(len(gap)), ignored
