"""Slices over a topology: the twin of chains with a network behind it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.scenarios import preset, resolve
from edgesim.twin.network.topology_sources import GENERATORS
from edgesim.twin.sfc.outcomes import Accepted, Dropped, Released, Rerouted
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

SHORT = {"network.horizon_s": 60.0}


def first_that_fits(twin, request):
    """The first instance to which the way has room, as the controller's ledger says."""
    layers, choices = twin.fabric.layers(request), twin.chain.choices
    stage = len(choices)
    room = layers.residual[stage, choices[-1] if choices else 0] >= request.bandwidth
    return int(np.argmax(room))


def by_turns(twin, request):
    return request.number % twin.world.instances


def played(policy=first_that_fits, seed=0, **overrides):
    twin = SFCWorkload.alone(
        resolve("sfc", {**SHORT, **overrides}), np.random.SeedSequence(seed), record=True
    )
    twin.run(policy)
    return twin


def slices(**changes):
    return [{**part, **changes} for part in preset("sfc")["network"]["slices"]]


@settings(max_examples=15, deadline=None)
@given(
    source=st.sampled_from(["waxman", "gabriel", "barabasi_albert", "sndlib/polska"]),
    nodes=st.integers(5, 12),
    world_seed=st.integers(0, 50),
    seed=st.integers(0, 2**32),
    scale=st.floats(0.2, 8.0),
    mtbf_s=st.one_of(st.none(), st.floats(50.0, 2000.0)),
    choices=st.lists(st.integers(0, 2), min_size=1, max_size=10),
)
def test_the_ledger_closes_and_no_capacity_is_exceeded_at_any_instant(
    source, nodes, world_seed, seed, scale, mtbf_s, choices
):
    parts = slices(holding_s=10.0)
    for part in parts:
        part["bandwidth_bps"] = [scale * bound for bound in part["bandwidth_bps"]]
    scenario = resolve(
        "sfc",
        {
            "world_seed": world_seed,
            "network.topology": {"source": source, "nodes": nodes},
            "network.instances.per_type": 3,
            "network.instances.hosts": 4,
            "network.slices": parts,
            "network.horizon_s": 20.0,
            "network.failures.link_mtbf_s": mtbf_s,
            "network.failures.link_mttr_s": 5.0,
            "network.failures.node_mtbf_s": mtbf_s,
        },
    )
    twin = SFCWorkload.alone(scenario, np.random.SeedSequence(seed))
    fabric: Any = twin.fabric
    step = twin.clock.step
    capacity = np.array(fabric.world.wiring.capacity_bps) * (1 + 1e-9)

    def watched() -> None:
        step()
        assert twin.ledger.closes
        assert (np.array(fabric.links.load_bps) <= capacity).all()
        assert (np.array(fabric.links.reserved_bps) <= capacity).all()
        assert max(fabric.hosts.reserved_bps) <= 1.5e9 * (1 + 1e-9)

    clock: Any = twin.clock
    clock.step = watched
    twin.run(lambda twin, request: choices[request.number % len(choices)])
    assert twin.ledger.arrived == sum(1 for _ in twin.requests())
    for number in list(twin.running):
        fabric.release(twin.running.pop(number)[0])
    assert max(fabric.links.reserved_bps) == max(fabric.hosts.reserved_bps) == 0.0


ROOT = Path(__file__).parents[3]
GUIDES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
NAMED = {
    name
    for guide in GUIDES
    for line in guide.read_text(encoding="utf-8").splitlines()
    if "topology.source" in line
    for name in re.findall(r"`([\w-]+/[\w-]+|waxman|gabriel|barabasi_albert)`", line)
}


def test_the_guides_name_topologies() -> None:
    assert {"sndlib/nobel-eu", "topozoo/Abilene", *GENERATORS} <= NAMED


@pytest.mark.parametrize("source", sorted(NAMED))
def test_a_topology_that_the_guides_name_runs_without_further_keys(source) -> None:
    twin = played(**{"network.topology.source": source, "network.horizon_s": 10.0})
    assert twin.ledger.closes
    assert twin.ledger.accepted > 0


def test_two_policies_meet_the_same_requests_background_and_failures():
    often = {"network.failures.link_mtbf_s": 1000.0}
    one, other = (played(policy, **often) for policy in (first_that_fits, by_turns))
    stories = [
        [row for row in twin.log.rows if row[1] in ("arrive", "link fails", "link repaired")]
        for twin in (one, other)
    ]
    assert stories[0] == stories[1]
    assert any(row[1] == "link fails" for row in stories[0])
    assert one.log.fingerprint() != other.log.fingerprint()


def test_the_history_of_the_shipped_scenario_is_pinned():
    # A change of behaviour changes this on purpose, with a line in the CHANGELOG.
    twin = SFCWorkload.alone(resolve("sfc"), np.random.SeedSequence(0), record=True)
    twin.run(first_that_fits)
    assert twin.log is not None
    assert twin.log.fingerprint() == FINGERPRINT


def test_a_chain_hit_by_a_failure_is_rerouted_or_dropped_and_counted():
    twin = played(**{"network.failures.link_mtbf_s": 300.0, "network.horizon_s": 120.0})
    kinds = [type(outcome) for outcome in twin.outcomes]
    assert kinds.count(Rerouted) == twin.ledger.rerouted > 0
    assert kinds.count(Dropped) == twin.ledger.dropped
    assert kinds.count(Released) == twin.ledger.released > 0
    dropped = played(
        **{
            "network.topology": {"source": "barabasi_albert", "nodes": 20},
            "network.failures.node_mtbf_s": 200.0,
            "network.horizon_s": 120.0,
        }
    )
    assert dropped.ledger.dropped > 0


def test_qoe_over_the_life_falls_short_of_that_at_admission_when_the_network_fills():
    """What is paid is what the network did, not what it promised."""
    twin = played(**{"network.horizon_s": 200.0, "network.arrival_rate_hz": 3.0})
    admitted = {o.chain.request.number: o.qoe for o in twin.outcomes if isinstance(o, Accepted)}
    over = [
        (admitted[o.chain.request.number], o.qoe) for o in twin.outcomes if isinstance(o, Released)
    ]
    assert any(life < start - 0.5 for start, life in over)
    # Scores of IQX: an interrupted chain goes to the floor of 1, none can pass 5.
    assert all(1.0 <= life <= 5.0 for _, life in over)


def test_the_agent_sees_what_the_collector_last_knew():
    """Two modes, one truth: the stale view differs from the links, the truth does not."""
    for mode in ("piggyback", "truth"):
        twin = played(**{"network.collector.mode": mode})
        fabric: Any = twin.fabric
        view, links = fabric.collector.view, fabric.links
        same = view.delay_s == links.delay_s
        assert same is (mode == "truth")
        assert (view.mean_age_s() == 0.0) is (mode == "truth")


def test_separate_probes_cost_messages_that_the_piggyback_saves():
    told = {
        mode: played(**{"network.collector.mode": mode}).fabric.southbound()
        for mode in ("piggyback", "separate")
    }
    assert told["separate"][0] > 1.3 * told["piggyback"][0]
    assert told["separate"][1] > 1.3 * told["piggyback"][1]


def test_a_trace_names_slices_and_nodes(tmp_path):
    path = tmp_path / "requests.csv"
    path.write_text(
        "arrival_s,slice,source,destination,bandwidth_bps,max_delay_s,holding_s\n"
        "0,embb,Berlin,Muenchen,20000000,0.1,50\n"
        "2.5,urllc,Hamburg,3,1000000,0.03,10\n"
    )
    twin = played(trace=str(path))
    one, two = twin.requests()
    world: Any = twin.world
    nodes = world.wiring.graph.nodes
    assert nodes[one.source]["name"] == "Berlin" and nodes[one.destination]["name"] == "Muenchen"
    assert (one.arrival_s, one.bandwidth, one.max_delay_ms, one.holding_s) == (0, 2e7, 100, 50)
    assert (two.kind, two.stages, two.destination) == (1, 3, 3)
    assert twin.ledger.arrived == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("0,embb,Berlin,Atlantis,1,1,1", ["Atlantis", "destination"]),
        ("0,embb,Berlin,Berlin,1,1,1", ["another node"]),
        ("0,embbb,Berlin,Ulm,1,1,1", ["embbb", "embb"]),
        ("0,embb,Berlin,Ulm,-1,1,1", ["bandwidth_bps", "-1"]),
        ("0,embb,Berlin,Ulm,1,nan,1", ["max_delay_s", "nan"]),
        ("0,embb,Berlin,Ulm,1,1,0", ["holding_s", "0"]),
        ("-1,embb,Berlin,Ulm,1,1,1", ["arrival_s", "-1"]),
    ],
)
def test_a_trace_that_cannot_be_used_is_refused(tmp_path, row, words):
    path = tmp_path / "requests.csv"
    columns = "arrival_s,slice,source,destination,bandwidth_bps,max_delay_s,holding_s"
    path.write_text(f"{columns}\n{row}\n")
    with pytest.raises(InputError) as caught:
        SliceWorld(resolve("sfc", {"trace": str(path)}))
    assert all(word in str(caught.value) for word in words)


def test_no_chain_beats_the_idle_network():
    twin = played(**{"network.links.background_share": [0.0, 0.0]})
    for outcome in twin.outcomes:
        if isinstance(outcome, Accepted):
            best = twin.world.best_qos(outcome.chain.request)
            assert best is not None
            assert outcome.qos.delay_ms >= best.delay_ms - 1e-9


FINGERPRINT = "40683b6251c970aa306f215810f2efe24a59657d8acaec44edcdf0c8f9a589e1"
