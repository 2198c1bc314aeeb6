"""Rounds on the twin: what waits for what, who drops out, and what is sent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgesim.scenarios import resolve
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import (
    Branch,
    Chain,
    Decide,
    Par,
    Program,
    Reduce,
    Repeat,
    Send,
    Seq,
    Train,
)
from edgesim.twin.federated.workload import FederatedWorkload

# Ways of 8 Mbit/s, so that a MB takes 1 s a link; the cloud's own is so fast that it takes none.
EVEN = {
    "factories": 2,
    "devices": 2,
    "chosen": 1,
    "network.access_bps": [8e6, 8e6],
    "network.wan_bps": 8e6,
    "network.cloud_bps": 8e15,
    "network.wan_delay_s": 0.0,
    "compute.device_flops": [1e6, 1e6],
    "compute.batch_s": 0.5,
    "compute.reduce_flops": 1e6,
    "patience_s": 3.0,
}
CLOUD, EDGE_0 = 0, 2
DEVICES = (4, 5, 6, 7)
MB = 1e6


def twin_of(
    rounds: int = 1, events: Sequence[dict[str, Any]] = (), **more: Any
) -> FederatedWorkload:
    keys = {**EVEN, "events": list(events) or None, **more}
    scenario = resolve("factories_small", keys)
    return FederatedWorkload.alone(scenario, np.random.SeedSequence(0), rounds=rounds)


def run(program: Program, events: Sequence[dict[str, Any]] = (), **more: Any) -> RoundOver:
    twin = twin_of(1, events, **more)
    ledger = twin.run(lambda twin, round_: program)
    assert ledger.closes
    assert ledger.over == 1
    over: RoundOver = ledger.rounds[0]
    return over


def round_trip(node: int) -> Program:
    steps: list[Program] = [Send(CLOUD, node, MB), Train(node, 2, 1e6), Send(node, CLOUD, MB)]
    return Branch(node, Seq(steps))


def test_one_device_takes_the_time_of_its_ways_and_its_batches() -> None:
    # 2 s down over two links, 2 batches of .5 s and 1 s of operations, 2 s up: 6 s.
    over = run(round_trip(4))
    assert over.time_s == pytest.approx(6.0, abs=1e-3)
    assert over.done == {4: over.time_s}
    assert over.edge_bytes == (MB, MB)
    assert over.wan_bytes == (MB, MB)


def test_models_of_one_factory_wait_for_each_other_on_its_link_to_the_cloud() -> None:
    # The second model leaves the cloud 1 s after the first, so that all is 1 s later for it; up,
    # the first is through when the second comes.
    over = run(Par([round_trip(4), round_trip(5)]))
    assert [over.done[node] for node in (4, 5)] == pytest.approx([6.0, 7.0], abs=1e-3)
    # Those of another factory meet them nowhere.
    apart = run(Par([round_trip(4), round_trip(6)]))
    assert [apart.done[node] for node in (4, 6)] == pytest.approx([6.0, 6.0], abs=1e-3)


def test_steps_are_in_order_and_repeated_ones_too() -> None:
    over = run(Seq([Reduce(EDGE_0, 1e6), Decide(EDGE_0, 0.25), Repeat(3, Train(4, 1, 0.0))]))
    assert over.time_s == pytest.approx(1.0 + 0.25 + 3 * 0.5)


def test_a_chain_goes_through_its_devices_and_back() -> None:
    # cloud → 4 (2 s), 4 → 5 in the factory (2 s), 5 → cloud (2 s), and 1 s of batches at each.
    chain = Chain("g", CLOUD, [Train(4, 2, 0.0), Train(5, 2, 0.0)], MB)
    over = run(chain)
    assert over.chains == {"g": [0, 1]}
    assert over.time_s == pytest.approx(8.0, abs=1e-3)
    assert over.wan_bytes == (MB, MB)
    assert over.edge_bytes == (2 * MB, 2 * MB)


def fails(node: int, at_s: float, until_s: float | None = None) -> dict[str, Any]:
    name = f"device {node - 4}" if node >= 4 else f"edge {node - 2}"
    found: dict[str, Any] = {"at_s": at_s, "event": "fails", "node": name}
    return found if until_s is None else {**found, "until_s": until_s}


def test_a_device_that_fails_while_it_trains_drops_out() -> None:
    over = run(Par([round_trip(4), round_trip(6)]), [fails(4, 2.5)])
    assert set(over.done) == {6}
    assert over.failed == {4}


def test_a_device_that_was_down_for_a_moment_has_lost_what_it_trained() -> None:
    over = run(round_trip(4), [fails(4, 2.5, 2.6)])
    assert over.failed == {4}


def test_a_transfer_is_waited_for_no_longer_than_patience_lasts() -> None:
    # Device 4 fails for good as the model is on its way; 3 s later the round goes on without it.
    over = run(round_trip(4), [fails(4, 1.5)])
    assert over.failed == {4}
    assert over.time_s == pytest.approx(4.5, abs=1e-3)
    # A second's failure is sat out: what was under way on the device's link is sent again.
    short = run(round_trip(4), [fails(4, 1.5, 2.5)])
    assert short.done == {4: pytest.approx(7.5, abs=1e-3)}


def test_a_chain_goes_on_from_the_last_model_that_it_can_reach() -> None:
    # Device 5 fails when it has the model: 6 asks 4, which still has what it made of it.
    trainings = [Train(node, 2, 0.0) for node in (4, 5, 6)]
    over = run(Chain("g", CLOUD, trainings, MB), [fails(5, 5.5)])
    assert over.chains == {"g": [0, 2]}
    # Devices 4 and 5 fail after their work: the third begins with the server's model.
    both = run(Chain("g", CLOUD, trainings, MB), [fails(4, 5.2), fails(5, 5.5)])
    assert both.chains == {"g": [2]}
    # The last one fails with the only model: what came before it comes back.
    last = run(Chain("g", CLOUD, trainings[:2], MB), [fails(5, 6.2)])
    assert last.chains == {"g": [0]}


def test_a_factory_that_is_cut_off_for_good_hangs_nothing() -> None:
    inner = Branch(
        "factory", Seq([Send(CLOUD, EDGE_0, MB), round_trip(4), Send(EDGE_0, CLOUD, MB)])
    )
    over = run(Par([inner, round_trip(6)]), [fails(EDGE_0, 0.5)])
    assert over.failed == {"factory"}
    assert set(over.done) == {6}


def test_chains_of_others_slow_transfers_down() -> None:
    # Chains of 4 Mbit/s take half of a link of 8, or all of it, most of the time.
    busy: dict[str, Any] = {
        "chains.arrival_rate_hz": 5.0,
        "chains.bandwidth_bps": [4e6, 4e6],
        "chains.holding_s": 1.0,
    }
    twin = twin_of(rounds=3, **busy)
    ledger = twin.run(lambda twin, round_: round_trip(4))
    assert ledger.closes
    assert ledger.chains_held > 0
    assert ledger.chains_refused > 0
    assert ledger.rounds[-1].time_s > 3 * 6.1


def test_rounds_end_with_their_number_or_with_the_budget() -> None:
    twin = twin_of(rounds=4)
    assert twin.run(lambda twin, round_: Train(4, 2, 0.0)).over == 4
    scenario = resolve("factories_small", EVEN)
    short = FederatedWorkload.alone(scenario, np.random.SeedSequence(0), rounds=9, budget_s=2.5)
    assert short.run(lambda twin, round_: Train(4, 2, 0.0)).over == 3
    with pytest.raises(RuntimeError, match="no round to decide"):
        short.decide(Train(4, 1, 0.0))


def test_a_fork_has_the_same_future() -> None:
    busy: dict[str, Any] = {"chains.arrival_rate_hz": 1.0, "chains.bandwidth_bps": [1e6, 4e6]}
    twin = twin_of(rounds=4, **busy)
    twin.next_decision()
    twin.decide(round_trip(4))
    twin.next_decision()
    fork = twin.fork()
    for one in (twin, fork):
        one.run(lambda twin, round_: round_trip(5))
    assert fork.ledger == twin.ledger
