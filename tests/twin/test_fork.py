"""Forks: the same future bit for bit, or another sampled one with the same present."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgesim.scenarios import resolve
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.sfc.workload import SFCWorkload
from edgesim.twin.shared import SharedWorld
from edgesim.twin.training.llm.workload import LLMJob
from edgesim.twin.training.wan.workload import WANTraining
from edgesim.twin.twin import Twin
from edgesim.twin.vne.workload import VNEWorkload

SHORT = {
    "aigc": {"horizon_s": 40.0},
    "aigc_paper": {"horizon_s": 60_000.0, "restart_s": 3000.0},
    "aigc_steps": {"horizon_s": 40.0},
    "aigc_text": {"horizon_s": 15.0},
    "sfc": {"network.horizon_s": 40.0, "network.failures.link_mtbf_s": 500.0},
    "sfc_paper": {},
    "shared": {"aigc.horizon_s": 20.0, "sfc.network.horizon_s": 20.0},
    "vne_geant": {"virtual.count": 40, "virtual.arrival_rate_hz": 0.1},
    "llm_13b": {"accelerators.node_mtbf_s": 7200.0, "interval_s": 300.0},
    "wan_training": {"horizon_s": 1800.0, "churn.joins_per_hour": 60.0},
}
KINDS: dict[str, Any] = {
    "aigc": AIGCWorkload,
    "sfc": SFCWorkload,
    "vne": VNEWorkload,
    "llm_training": LLMJob,
    "wan_training": WANTraining,
}


def twin_of(name: str, number: int) -> Twin:
    scenario, seed = resolve(name, SHORT[name]), np.random.SeedSequence(number)
    if name == "shared":
        world: SharedWorld = shared_world(SharedWorld, scenario)
        return world.twin(seed, record=True)
    twin: Twin = KINDS[scenario.problem].alone(scenario, seed, record=True).twin
    return twin


def played(twin: Twin, rng: np.random.Generator, decisions: float = float("inf")) -> Twin:
    """Random choices, some of which crash providers or fail."""
    made = 0
    while made < decisions and (decision := twin.next_decision()) is not None:
        workload: Any = twin.workloads[decision.workload]
        if decision.workload == "aigc":
            twin.choose(int(rng.integers(len(workload.available))))
        elif decision.workload == "vne":
            twin.choose((workload.embedding.placed, int(rng.integers(workload.world.nodes))))
        elif decision.workload == "llm_training":
            settings = list(workload.world.speeds(workload.nodes))
            twin.choose(settings[int(rng.integers(len(settings)))])
        elif decision.workload == "wan_training":
            options = decision.request.options
            twin.choose(options[int(rng.integers(len(options)))])
        else:
            twin.choose(int(rng.integers(-1, workload.world.instances)))
        made += 1
    return twin


def history(twin: Twin) -> list[Any]:
    assert twin.log is not None
    ledgers = [repr(workload.ledger) for workload in twin.workloads.values()]
    return [*twin.log.rows, *ledgers, twin.clock.now]


@pytest.mark.parametrize("name", SHORT)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(0, 80), st.integers(0, 10**6))
def test_a_fork_has_the_same_future_under_the_same_choices(
    name: str, number: int, before: int, after: int
) -> None:
    twin = played(twin_of(name, number), np.random.default_rng(number), before)
    twin.next_decision()
    fork = twin.fork()
    untouched = len(history(fork))
    played(twin, np.random.default_rng(after))
    assert len(history(fork)) == untouched  # what the twin does is nothing to the fork
    played(fork, np.random.default_rng(after))
    assert history(fork) == history(twin)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.integers(0, 200), st.integers(0, 10**6))
def test_a_thousand_forks(name: str, number: int, before: int, after: int) -> None:
    twin = played(twin_of(name, number), np.random.default_rng(number), before)
    fork = twin.fork()
    played(twin, np.random.default_rng(after))
    played(fork, np.random.default_rng(after))
    assert history(fork) == history(twin)


@pytest.mark.parametrize("name", SHORT)
def test_another_seed_is_another_future_with_the_same_present(name: str) -> None:
    twin = played(twin_of(name, 1), np.random.default_rng(1), 30)
    twin.next_decision()
    now, present = twin.clock.now, history(twin)
    seed = np.random.SeedSequence(7)
    one, same, other = twin.fork(seed), twin.fork(seed), twin.fork(np.random.SeedSequence(8))
    for fork in (one, same, other):
        assert history(fork) == present
        played(fork, np.random.default_rng(2))
        assert all(workload.ledger.closes for workload in fork.workloads.values())
    played(twin, np.random.default_rng(2))
    assert history(one) == history(same)
    assert history(one) != history(other) and history(one) != history(twin)
    assert one.clock.now >= now


def test_sampled_arrivals_are_poisson_as_the_first_ones_were() -> None:
    """Of many futures of one present: their mean number within three standard errors."""
    scenario = resolve("aigc_paper", {"horizon_s": 100_000.0})
    aigc = AIGCWorkload.alone(scenario, np.random.SeedSequence(3))
    for _ in range(40):
        aigc.next_decision()
        aigc.decide(0)
    now, arrived = aigc.clock.now, aigc.ledger.arrived
    more = []
    for number in range(60):
        fork: Any = aigc.fork(np.random.SeedSequence(number))
        while fork.next_decision() is not None:
            fork.decide(0)
        more.append(fork.ledger.arrived - arrived)
    expected = scenario.arrival_rate_hz * (scenario.horizon_s - now)
    assert np.mean(more) == pytest.approx(expected, abs=3 * np.sqrt(expected / len(more)))
    assert np.var(more) == pytest.approx(expected, rel=0.6)


def test_a_trace_stays_what_it_is(tmp_path: Any) -> None:
    path = tmp_path / "tasks.csv"
    rows = "\n".join(f"{10 * k},{100 + k}" for k in range(30))
    path.write_text(f"arrival_s,steps\n{rows}\n")
    scenario = resolve("aigc_paper", {"trace": str(path)})
    aigc = AIGCWorkload.alone(scenario, np.random.SeedSequence(0))
    for _ in range(5):
        aigc.next_decision()
        aigc.decide(0)
    for fork in (aigc.fork(), aigc.fork(np.random.SeedSequence(1))):
        seen = []
        while (task := fork.next_decision()) is not None:
            seen.append((task.number, task.arrival_s, task.steps))
            fork.decide(0)
        assert seen == [(k, 10.0 * k, 100 + k) for k in range(5, 29)]  # the last is not decided


def test_users_go_on_from_where_they_are() -> None:
    aigc: Any = AIGCWorkload.alone(resolve("aigc"), np.random.SeedSequence(0))
    for _ in range(200):
        aigc.next_decision()
        aigc.decide(0)
    now = aigc.clock.now
    fork = aigc.fork(np.random.SeedSequence(5))
    users = range(0, 1000, 7)
    walks, others = aigc.delivery.users, fork.delivery.users
    for user in users:
        assert others.position(user, now) == pytest.approx(walks.position(user, now))
    later = [
        np.hypot(*np.subtract(others.position(u, now + 200), walks.position(u, now + 200)))
        for u in users
    ]
    assert np.mean(later) > 100  # m: other legs on a square of a kilometre
    with pytest.raises(ValueError, match="before the legs were drawn anew"):
        others.position(0, now - 1.0)
