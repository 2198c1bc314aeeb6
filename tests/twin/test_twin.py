"""One network, several workloads: what a twin promises, and what they do to each other."""

from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.aigc.outcomes import Finished
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.sfc.outcomes import Released
from edgesim.twin.sfc.workload import SFCWorkload
from edgesim.twin.shared import SharedWorld
from edgesim.twin.twin import Twin

SHORT = {"aigc.horizon_s": 60.0, "sfc.network.horizon_s": 60.0}


def world(**more: Any) -> SharedWorld:
    return SharedWorld(resolve("shared", {**SHORT, **more}))


def soonest(aigc: Any, task: Any) -> int:
    return int(np.argmin(aigc.expected_latency_s() + 1e3 * ~aigc.fits()))


POLICIES = {"aigc": soonest, "sfc": lambda chains, request: request.number % 5}
BOTH = ("aigc", "sfc")


def seed(number: int = 0) -> np.random.SeedSequence:
    return np.random.SeedSequence(number)


def latencies(twin: Twin) -> list[float]:
    outcomes = twin.workloads["aigc"].outcomes
    return [outcome.latency_s for outcome in outcomes if isinstance(outcome, Finished)]


def test_decisions_come_in_the_order_of_time_and_name_their_workload() -> None:
    twin = world().twin(seed())
    seen: list[tuple[float, str]] = []
    while (decision := twin.next_decision()) is not None:
        assert twin.next_decision() == decision  # no time passes before it is made
        assert decision.time_s == twin.clock.now
        workload = twin.workloads[decision.workload]
        assert decision.request is workload.request
        seen.append((decision.time_s, decision.workload))
        twin.choose(POLICIES[decision.workload](workload, decision.request))
    assert [time_s for time_s, _ in seen] == sorted(time_s for time_s, _ in seen)
    assert {name for _, name in seen} == set(BOTH)
    assert all(workload.ledger.closes and workload.idle for workload in twin.workloads.values())


def test_the_history_of_a_shared_world_is_pinned() -> None:
    """A change of behaviour is a new line in the changelog, and another value here."""
    twin = world().twin(seed(), record=True)
    twin.run(POLICIES)
    assert twin.log is not None
    assert twin.log.fingerprint() == (
        "92dd657920c9f33d734090e840457fb14d5b45e19a426cc7871a5ce24fac9d28"
    )


def test_an_episode_ends_beside_what_never_ends() -> None:
    """Background traffic, collector and failures go on for ever; the episode does not."""
    twin = world(**{"sfc.network.horizon_s": 5.0}).twin(seed(1))
    ledgers = twin.run(POLICIES)
    assert ledgers["aigc"].arrived > 150
    assert twin.clock.peek() < float("inf")
    assert twin.clock.now < 120.0


def test_without_the_other_each_part_is_the_same_world_alone() -> None:
    silent = world(**{"sfc.network.arrival_rate_hz": 1e-9})
    with_chains, alone = silent.twin(seed(2)), silent.twin(seed(2), families=["aigc"])
    with_chains.workloads["sfc"]._coming = None  # type: ignore[attr-defined]  # not even the one
    with_chains.run(POLICIES)
    alone.run({"aigc": soonest})
    assert latencies(with_chains) == pytest.approx(latencies(alone), abs=1e-12)
    quiet = world(**{"aigc.arrival_rate_hz": 1e-9})
    with_users, chains = (
        quiet.twin(seed(2), record=True),
        quiet.twin(seed(2), families=["sfc"], record=True),
    )
    policies = {**POLICIES, "aigc": lambda aigc, task: 0}
    with_users.workloads["aigc"]._coming = None  # type: ignore[attr-defined]
    with_users.run(policies)
    chains.run({"sfc": POLICIES["sfc"]})
    assert with_users.log is not None and chains.log is not None
    assert with_users.log.rows == chains.log.rows


def test_each_takes_from_the_other() -> None:
    """Paired seeds: chains slow the downloads down, and downloads worsen what chains get."""
    shared = world()
    slower, worse = [], []
    for number in range(6):
        both = shared.twin(seed(number))
        users = shared.twin(seed(number), families=["aigc"])
        chains = shared.twin(seed(number), families=["sfc"])
        both.run(POLICIES)
        users.run({"aigc": soonest})
        chains.run({"sfc": POLICIES["sfc"]})
        slower.append(np.mean(latencies(both)) - np.mean(latencies(users)))
        qoe = [
            np.mean([o.qoe for o in twin.workloads["sfc"].outcomes if isinstance(o, Released)])
            for twin in (both, chains)
        ]
        worse.append(qoe[1] - qoe[0])
    for differences in (slower, worse):
        error = np.std(differences, ddof=1) / np.sqrt(len(differences))
        assert np.mean(differences) > 2.6 * error > 0  # t of 0.975 with 5 degrees: 2.571


def test_a_link_that_fails_hurts_both() -> None:
    twin = world(**{"sfc.network.failures.link_mtbf_s": None}).twin(seed(3))
    stopped: list[int] = []
    aigc: Any = twin.workloads["aigc"]
    chains: Any = twin.workloads["sfc"]
    sent = aigc.delivery.carry

    def noting(size_bytes: float, source: int, target: int, done: Any, task: Any) -> None:
        sent(size_bytes, source, target, done, task, lambda task: stopped.append(task.number))

    aigc.delivery.carry = noting
    network: Any = twin.network
    for edge in range(len(network.links.edge_up)):
        twin.clock.at(20.0 + edge, lambda moment: network.fail_edge(moment.value), edge)
        twin.clock.at(20.5 + edge, lambda moment: network.repair_edge(moment.value), edge)
    ledgers = twin.run(POLICIES)
    assert stopped and chains.ledger.rerouted + chains.ledger.dropped > 0
    assert all(ledger.closes for ledger in ledgers.values())


def test_traffic_of_users_can_pass_a_chain_of_its_own() -> None:
    plain, chained = world(), world(aigc_chain=["nat", "fw", "idps"])
    through = chained.twin(seed(4), families=["aigc"])
    straight = plain.twin(seed(4), families=["aigc"])
    way = through.workloads["aigc"].delivery.carry.__self__.way(0, 5)  # type: ignore[attr-defined]
    types = [chained.sfc.placement.vnf[instance] for instance in way]
    names = ["nat", "fw", "tm", "voc", "woc", "idps"]
    assert [names[vnf] for vnf in types] == ["nat", "fw", "idps"]
    through.run({"aigc": soonest})
    straight.run({"aigc": soonest})
    assert np.mean(latencies(through)) > np.mean(latencies(straight))


def test_what_cannot_be_a_twin_is_refused_in_one_message() -> None:
    scenario = resolve("aigc_paper")
    with pytest.raises(InputError, match="workloads = 'aigc': names must differ"):
        Twin([AIGCWorkload(scenario), AIGCWorkload(scenario)], seed())
    twin = world().twin(seed())
    with pytest.raises(InputError, match="policy of workload = 'ring'"):
        twin.run({**POLICIES, "ring": soonest})
    with pytest.raises(InputError, match="the workload sfc has none"):
        twin.run({"aigc": soonest})
    small = world()
    aigc = AIGCWorkload(resolve("aigc", {"provider_count": 25}))
    with pytest.raises(InputError, match="provider_count = 25"):
        Twin([aigc], seed(), network=small.network)
    with pytest.raises(RuntimeError, match="no request"):
        Twin([AIGCWorkload(scenario)], seed()).choose(0)
    both = world().twin(seed())
    while (decision := both.next_decision()) is not None and decision.workload == "aigc":
        both.choose(0)
    with pytest.raises(RuntimeError, match="sfc has a decision to be made"):
        both.workloads["aigc"].next_decision()


def test_nodes_that_no_way_joins_are_no_network() -> None:
    import networkx as nx

    from edgesim.scenarios.parts.links import Backhaul
    from edgesim.twin.network.network import NetworkWorld

    apart: nx.Graph[int] = nx.Graph()
    apart.add_nodes_from([0, 1])
    with pytest.raises(ValueError, match="no way joins"):
        _ = NetworkWorld.of_backhaul(apart, Backhaul()).message_routes


def test_streams_of_a_workload_depend_on_its_name_alone() -> None:
    twin = world().twin(seed(5))
    streams = twin.streams.of("sfc")
    one = streams["arrivals"].random(3).tolist()
    assert one == twin.streams["sfc/arrivals"].random(3).tolist()
    assert one != twin.streams.of("aigc")["arrivals"].random(3).tolist()


def test_a_chain_alone_is_a_twin_too() -> None:
    chains = SFCWorkload.alone(resolve("sfc_paper"), seed())
    assert isinstance(chains.twin, Twin) and chains.twin.network is None
    assert chains.run(lambda chains, request: request.number % 5).closes
