"""What fails in each family: Weibull times, and where they are stated."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, weibull_min

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.faults import OWN_KEYS
from edgesim.scenarios.training.wan import Churn
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.outages import Law
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.failures import FailureProcess
from edgesim.twin.ring.future import BACK, BUSY, FREE, GONE, _events
from edgesim.twin.training.llm.workload import LLMJob
from edgesim.twin.training.wan.churn import changes

PRESETS = {
    "aigc": "aigc_paper",
    "sfc": "sfc",
    "sfc_attack": "sfc_attack",
    "vne": "vne_wx100",
    "federated": "factories_small",
    "fl_parallel": "parallel",
    "fl_sync": "sync",
    "ring": "llm_ring_small",
    "llm_training": "llm_training",
    "wan_training": "wan_training",
}
OVER = {GONE: BACK, BUSY: FREE}


def weibull(times_s: Any, mean_s: float, shape: float) -> bool:
    """Whether times may be Weibull of that mean and shape, and may not be exponential."""
    law = Law(mean_s, shape)
    may_be = kstest(times_s, weibull_min(shape, scale=law.scale_s).cdf).pvalue > 0.01
    return bool(may_be and kstest(times_s, "expon", args=(0, mean_s)).pvalue < 0.01)


@pytest.mark.parametrize("shape", [0.5, 3.0])
def test_links_and_nodes_fail_after_weibull_times(shape: float) -> None:
    clock, worked, repaired = Clock(), list[float](), list[float]()
    since: dict[int, float] = {}

    def fails(number: int) -> None:
        worked.append(clock.now - since.get(number, 0.0))
        since[number] = clock.now

    def works(number: int) -> None:
        repaired.append(clock.now - since[number])
        since[number] = clock.now

    failures = Failures(node_mtbf_s=10.0, node_mttr_s=2.0, shape=shape, repair_shape=shape)
    streams = Streams(np.random.SeedSequence(4))
    FailureProcess(clock, failures, 0, 1, streams, fails, works, fails, works)
    clock.run(until=12_000.0)  # one node over many lives: none is cut off but the last
    assert len(worked) > 900
    assert weibull(worked, 10.0, shape)
    assert weibull(repaired, 2.0, shape)


@pytest.mark.parametrize("shape", [0.5, 3.0])
def test_institutions_leave_after_weibull_times(shape: float) -> None:
    churn = Churn(leaves_per_hour=60.0, shape=shape, link_down_shape=shape, links_per_hour=60.0)
    coming = changes(churn, 0.0, 60_000.0, np.random.default_rng(3))
    leaves = [it.time_s for it in coming if it.kind == "leave"]
    assert weibull(np.diff(leaves), 60.0, shape)
    assert weibull([it.lasts_s for it in coming if it.kind == "cut"], churn.link_down_s, shape)


@pytest.mark.parametrize("shape", [0.5, 3.0])
def test_devices_of_a_ring_leave_after_weibull_times(shape: float) -> None:
    keys = {"changes.away_shape": shape, "changes.memory_shape": shape, "horizon_s": 80_000.0}
    keys |= {"changes.away_after_s": 100.0, "changes.away_s": 50.0}
    streams = Streams(np.random.SeedSequence(5))
    events = _events(resolve("llm_ring_small", keys), streams, 1)
    for begins, mean_s in ((GONE, 50.0), (BUSY, 60.0)):
        times = [(at_s, kind) for at_s, _, kind, _ in events if kind in (begins, OVER[begins])]
        lasts = [end_s - at_s for (at_s, kind), (end_s, _) in pairwise(times) if kind == begins]
        assert len(lasts) > 500
        assert weibull(lasts, mean_s, shape)


@pytest.mark.parametrize("shape", [0.5, 1.0, 4.0])
def test_nodes_of_a_training_fail_as_often_as_stated_whatever_the_shape(shape: float) -> None:
    """Of a node that is always repaired at once, lives follow one another: their mean is known."""
    keys = {"accelerators.nodes": 4, "accelerators.node_mtbf_s": 20_000.0}
    keys |= {"accelerators.node_mttr_s": 1.0, "accelerators.node_shape": shape}
    keys |= {"horizon_s": 1e6, "job.useful_sequences": 1e10}
    counts = []
    scenario = resolve("llm_training", keys)
    world = LLMJob.alone(scenario, np.random.SeedSequence(0)).world
    for seed in range(4):
        job = LLMJob.alone(scenario, np.random.SeedSequence(seed), world=world)
        while job.next_decision() is not None:
            settings = job.world.speeds(job.nodes)
            job.decide(job.setting if job.setting in settings else next(iter(settings)))
        counts.append(job.ledger.failures)
    # 4 nodes for 1e6 s: 200 lives; a shape below 1 has more at the beginning.
    assert 150 < np.mean(counts) < 260
    spread = np.std(counts)
    assert spread < 60


@pytest.mark.parametrize("problem", PRESETS)
def test_each_family_says_where_its_failures_stand(problem: str) -> None:
    preset = PRESETS[problem]
    value = resolve(preset)
    assert hasattr(value, "faults") != (problem in OWN_KEYS)
    if problem in OWN_KEYS:
        with pytest.raises(InputError) as caught:
            resolve(preset, {"faults": [{"what": "node", "mtbf_s": 5, "mttr_s": 5}]})
        assert f"what fails here stands in {OWN_KEYS[problem]}" in str(caught.value)
        for key in OWN_KEYS[problem].split(" ")[0].rstrip(",").split("."):
            value = getattr(value, key)  # it is there
