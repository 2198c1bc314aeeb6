"""What figures read of a twin that an episode has been played in."""

from typing import Any

import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.evaluation import compare
from edgesim.reproduction.budget import BUDGETS
from edgesim.reproduction.sfc.map import loads_of
from edgesim.reproduction.sfc.slices import paid_by_slice
from edgesim.reproduction.sfc.twins import episodes_of, few
from edgesim.scenarios import resolve
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.sfc.workload import SFCWorkload

HORIZON_S = 40.0


def small(**changes: Any) -> SFCScenario:
    """A short episode in which links fail and many requests are turned away."""
    scenario: SFCScenario = resolve(
        "sfc",
        {
            "network.horizon_s": HORIZON_S,
            "network.arrival_rate_hz": 4.0,
            "network.failures.link_mtbf_s": 500.0,
            **changes,
        },
    )
    return scenario


@pytest.fixture(scope="module")
def twins() -> list[SFCWorkload]:
    return list(episodes_of(small(), "greedy", 2, 0))


def test_slices_together_get_what_the_environment_pays(twins: list[SFCWorkload]) -> None:
    told = compare(small(), {"greedy": find_policy(small(), "greedy")}, 2, 0).rows["greedy"]
    for twin, metrics in zip(twins, told, strict=True):
        parts = paid_by_slice(twin)
        assert list(parts) == ["embb", "urllc", "mmtc"]
        requests = sum(part["requests"] for part in parts.values())
        assert requests == twin.ledger.arrived
        paid = sum(part["requests"] * part["qoe"] for part in parts.values())
        assert paid == pytest.approx(metrics["return"])
        rejected = sum(part["requests"] * part["rejected"] for part in parts.values())
        assert rejected == pytest.approx(twin.ledger.rejected) and rejected > 0
        for part in parts.values():  # a rejection pays nothing
            admitted = part["qoe_admitted"] * (1 - part["rejected"])
            assert part["qoe"] == pytest.approx(admitted)


def test_hosts_and_links_carry_what_chains_held_and_the_background(
    twins: list[SFCWorkload],
) -> None:
    (twin, _) = twins
    assert twin.log is not None
    loads = loads_of(twin)
    hosts = [row for row in loads["nodes"] if row["load"] is not None]
    assert len(hosts) == 15 and len(loads["nodes"]) == 50 and len(loads["links"]) == 88
    # By request: bandwidth, time and number of its instances.
    begun: dict[int, float] = {}
    held = 0.0
    requests = list(twin.requests())
    for time_s, event, request, _, _ in twin.log.rows:
        if event == "accept":
            begun[request] = time_s
        if event in ("release", "drop"):
            asked = requests[request]
            held += asked.bandwidth * asked.stages * (time_s - begun.pop(request))
    for request, since_s in begun.items():
        asked = requests[request]
        held += asked.bandwidth * asked.stages * (twin.clock.now - since_s)
    capacity = twin.scenario.network.instances.capacity_bps  # type: ignore[union-attr]
    on_hosts = sum(row["load"] * row["instances"] for row in hosts) * capacity
    assert on_hosts == pytest.approx(held / twin.clock.now)
    on_links = [row["load"] for row in loads["links"]]
    assert min(on_links) >= 0 and max(on_links) <= 1 + 1e-9
    # Background wants 0.3 of a direction on average, the fuller of two more.
    assert sum(on_links) / len(on_links) > 0.3


def test_a_look_is_taken_once_a_request_and_changes_nothing(twins: list[SFCWorkload]) -> None:
    seen: list[int] = []

    def look(twin: SFCWorkload) -> None:
        assert twin.request is not None and twin.chain.choices == []
        seen.append(twin.request.number)
        _ = list(twin.fabric.collector.view.delay_s)  # type: ignore[attr-defined]

    (twin,) = episodes_of(small(), "greedy", 1, 0, look=look)
    assert seen == list(range(twin.ledger.arrived))
    assert twin.log is not None and twins[0].log is not None
    assert twin.log.fingerprint() == twins[0].log.fingerprint()


def test_long_episodes_are_fewer_but_never_none() -> None:
    assert (few(BUDGETS["quick"]), few(BUDGETS["full"])) == (2, 20)
