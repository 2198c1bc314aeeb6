"""The twin of service chains run alone: no Gymnasium, any Python function as the policy."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios import resolve
from edgesim.twin.sfc.chain import QoS
from edgesim.twin.sfc.outcomes import Accepted, Dropped, Rejected, Released, Rerouted
from edgesim.twin.sfc.stage_links import StageFabric, StageWorld
from edgesim.twin.sfc.workload import SFCWorkload

FINGERPRINTS = {
    "sfc_paper": "1be60545c8f9634bec745d934eeb700d080ebbd92bfed52f3ba12f7e429754d3",
    "sfc_paper_3x": "d9f0bf8d5aa3a4ed927b0c5050add748536e4e0c4699a0f0db7d4bc7e40a0b85",
    "sfc_paper_10x": "4f6c510ad88cbf56403faa427f72dcda1c18c20446ee8e9414b61a9be27dca74",
}


def by_turns(twin, request):
    return (request.number + len(twin.chain.choices)) % twin.world.instances


def first(twin, request):
    return 0


def recorded(name, policy=by_turns, seed=0, **overrides):
    twin = SFCWorkload.alone(resolve(name, overrides), np.random.SeedSequence(seed), record=True)
    twin.run(policy)
    return twin


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_the_history_of_a_shipped_scenario_is_pinned(name):
    # A change of behaviour changes this on purpose, with a line in the CHANGELOG.
    assert recorded(name).log.fingerprint() == FINGERPRINTS[name]


def test_the_same_seed_tells_the_same_story_in_another_process():
    code = (
        "import numpy as np\n"
        "from edgesim.scenarios import resolve\n"
        "from edgesim.twin.sfc.workload import SFCWorkload\n"
        "twin = SFCWorkload.alone(resolve('sfc_paper'), np.random.SeedSequence(3), record=True)\n"
        "twin.run(lambda twin, request: (request.number + len(twin.chain.choices)) % 5)\n"
        "print(twin.log.fingerprint())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert recorded("sfc_paper", seed=3).log.fingerprint() == other
    assert recorded("sfc_paper", seed=4).log.fingerprint() != other


def test_two_policies_on_one_seed_meet_the_same_requests_and_releases():
    one, other = (recorded("sfc_paper", policy) for policy in (by_turns, first))
    arrivals = [[row for row in twin.log.rows if row[1] == "arrive"] for twin in (one, other)]
    assert arrivals[0] == arrivals[1]
    assert one.log.fingerprint() != other.log.fingerprint()
    futures = [
        [(r.bandwidth, r.max_delay_ms, r.holding_s) for r in twin.requests()]
        for twin in (one, other)
    ]
    assert futures[0] == futures[1]
    # A chain that both admit is released at the same time in both.
    ends = [
        {row[2]: row[0] for row in twin.log.rows if row[1] == "release"} for twin in (one, other)
    ]
    both = ends[0].keys() & ends[1].keys()
    assert len(both) > 20 and all(ends[0][k] == ends[1][k] for k in both)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    choices=st.lists(st.integers(-1, 2), min_size=1, max_size=20),
    probability=st.floats(0, 1),
    narrow=st.floats(0.05, 1.0),
)
def test_the_ledger_closes_and_no_link_is_overfull_at_any_instant(
    seed, choices, probability, narrow
):
    scenario = resolve(
        "sfc_paper",
        {
            "bandwidth": None,
            "delay_ms": None,
            "groups": 3,
            "instances": 3,
            "bandwidth_range": [768 * narrow, 1280 * narrow],
            "delay_range_ms": [10, 40],
            "release_probability": probability,
        },
    )
    twin = SFCWorkload.alone(scenario, np.random.SeedSequence(seed))
    assert isinstance(twin.world, StageWorld) and isinstance(twin.fabric, StageFabric)
    step, world, fabric = twin.clock.step, twin.world, twin.fabric
    instants = 0

    def held():
        """What the running chains hold, link by link."""
        total = np.zeros_like(world.capacity)
        for chain, _ in twin.running.values():
            for stage in range(1, 3):
                total[stage, chain.choices[stage - 1], chain.choices[stage]] += (
                    chain.request.bandwidth
                )
        return total

    def look() -> None:
        nonlocal instants
        instants += 1
        assert twin.ledger.closes
        assert twin.ledger.running == len(twin.running)
        assert (fabric.residual >= 0).all()
        np.testing.assert_array_equal(fabric.residual[1:], (world.capacity - held())[1:])

    def watched() -> None:
        step()
        look()

    clock: Any = twin.clock
    clock.step = watched

    def policy(twin, request):
        look()
        return choices[(request.number + len(twin.chain.choices)) % len(choices)]

    twin.run(policy)
    look()
    assert instants > 0
    assert twin.ledger.arrived == sum(1 for _ in twin.requests()) == 100
    kinds = [type(outcome) for outcome in twin.outcomes]
    assert kinds.count(Accepted) == twin.ledger.accepted
    assert kinds.count(Rejected) == twin.ledger.rejected
    assert kinds.count(Released) == twin.ledger.released


def test_a_chain_is_released_before_the_request_that_comes_at_that_instant(tmp_path):
    trace = tmp_path / "requests.csv"
    trace.write_text("bandwidth,max_delay_ms,released_before\n60,90,2\n60,90,\n60,90,\n")
    links = {"bandwidth": [[[100]]], "delay_ms": [[[10]]], "trace": str(trace)}
    twin = recorded("sfc_paper", first, **links)
    assert twin.log is not None
    story = [(time_s, event, request) for time_s, event, request, _, _ in twin.log.rows]
    assert story == [
        (0, "arrive", 0),
        (0, "choose", 0),
        (0, "choose", 0),
        (0, "accept", 0),
        (1, "arrive", 1),
        (1, "choose", 1),
        (1, "choose", 1),
        (1, "reject: bandwidth", 1),
        (2, "release", 0),
        (2, "arrive", 2),
        (2, "choose", 2),
        (2, "choose", 2),
        (2, "accept", 2),
    ]


def test_a_bound_passed_or_a_word_of_the_decision_maker_ends_a_request():
    late = recorded("sfc_paper", first, delay_ms=[[[95]]], bandwidth=[[[1000]]])
    assert {o.reason for o in late.outcomes if isinstance(o, Rejected)} == {"delay"}
    declined = recorded("sfc_paper", lambda twin, request: -1)
    assert [o.reason for o in declined.outcomes if isinstance(o, Rejected)] == ["declined"] * 100


class Moody(StageFabric):
    """Stage links under which a chain gets slower after three seconds, and then is lost."""

    def __init__(self, world, clock, listener):
        super().__init__(world)
        self.extra_ms = 0.0
        self.chains: list[Any] = []
        clock.at(3.0, lambda moment: self.slow(listener))
        clock.at(5.0, lambda moment: listener.drop(self.chains[0], "link down"))

    def slow(self, listener):
        self.extra_ms = 10.0
        listener.reroute(self.chains[0])

    def admit(self, chain):
        self.chains.append(chain)
        return super().admit(chain)

    def qos(self, chain):
        return QoS(chain.delay_ms + self.extra_ms, chain.request.bandwidth, 0.0)


class MoodyWorld(StageWorld):
    def fabric(self, host, streams, listener):
        return Moody(self, host.clock, listener)


def test_a_fabric_can_reroute_and_drop_and_qoe_is_the_mean_over_a_chains_life(tmp_path):
    trace = tmp_path / "requests.csv"
    trace.write_text("bandwidth,max_delay_ms,released_before\n" + "60,90,8\n" + "9999,90,\n" * 9)
    scenario = resolve("sfc_paper", {"trace": str(trace), "qoe.pay_on": "release"})
    twin = SFCWorkload.alone(scenario, np.random.SeedSequence(0), world=MoodyWorld(scenario))
    ledger = twin.run(first)
    assert ledger.closes and (ledger.dropped, ledger.rerouted, ledger.released) == (1, 1, 0)
    (accepted,) = [o for o in twin.outcomes if isinstance(o, Accepted)]
    (dropped,) = [o for o in twin.outcomes if isinstance(o, Dropped)]
    assert [o.time_s for o in twin.outcomes if isinstance(o, Rerouted)] == [3.0]
    assert (dropped.time_s, dropped.reason) == (5.0, "link down")
    slower = twin.qoe(
        accepted.chain.request, QoS(accepted.qos.delay_ms + 10, accepted.qos.bandwidth, 0.0)
    )
    assert dropped.qoe == pytest.approx((3 * accepted.qoe + 2 * slower) / 5)


def test_choosing_without_a_request_is_a_mistake():
    twin = SFCWorkload.alone(resolve("sfc_paper"), np.random.SeedSequence(0))
    for act in (lambda: twin.choose(0), twin.reject):
        with pytest.raises(RuntimeError, match="no request"):
            act()


def test_the_log_is_written_whole(tmp_path):
    import pyarrow.parquet as pq

    twin = recorded("sfc_paper")
    twin.log.write(tmp_path / "events.parquet")
    table = pq.read_table(tmp_path / "events.parquet")
    assert table.num_rows == len(twin.log.rows) > 100
    assert table.column_names == ["time_s", "event", "request", "instance", "value"]
