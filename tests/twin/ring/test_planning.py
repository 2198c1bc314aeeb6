"""Plans worked by hand, and laws that every planner keeps."""

from dataclasses import replace
from time import process_time

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring import worlds
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.scenarios.ring.reading import read_model
from edgesim.twin.ring.coefficients import sets_of, token_s
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.plan import RingPlan, rounds_of
from edgesim.twin.ring.planning.cycle import CycleDevice, cycle_plan
from edgesim.twin.ring.planning.fixed_sets import FixedSets, by_highs, by_programming
from edgesim.twin.ring.planning.halda import halda
from edgesim.twin.ring.planning.optimum import optimum, share_out
from edgesim.twin.ring.planning.planner import planned
from edgesim.twin.ring.planning.search import _all, search, with_gpus_full

# 4 layers of 100 bytes, no keys and values, no operations of the output
MODEL = RingModel(
    layers=4,
    layer_bytes=100.0,
    output_bytes=0.0,
    input_row_bytes=0.0,
    context_tokens=0,
    kv_elements=0.0,
    layer_flop=10.0,
    output_flop=0.0,
    embedding=1,
)
# A layer takes 1 s of operations and 1 s of reading memory; 10 s to read it from disk
DEVICE = Device(ram_bytes=200.0, disk_bytes_per_s=1e9, cpu_flops=10.0, cpu_bytes_per_s=100.0)


def plan(*windows: int, rounds: int = 1) -> RingPlan:
    return RingPlan(windows, (0,) * len(windows), rounds)


def random_cluster(seed: int, layers: int = 12) -> tuple[RingModel, list[Device]]:
    """A model and 2 to 4 devices of all kinds."""
    rng = np.random.default_rng(seed)
    devices = []
    for number in range(int(rng.integers(2, 5))):
        os, gpu = [
            ("linux", "cuda"),
            ("linux", "none"),
            ("macos", "metal"),
            ("macos", "none"),
            ("android", "none"),
        ][rng.integers(5)]
        devices.append(
            Device(
                name=f"d{number}",
                os=os,  # type: ignore[arg-type]
                gpu=gpu,  # type: ignore[arg-type]
                uma=os == "macos",
                ram_bytes=float(rng.uniform(0.8e9, 4e9)),
                swap_bytes=1e9 if os == "android" else 0.0,
                vram_bytes=float(rng.uniform(1.5e9, 4e9)) if gpu != "none" else 0.0,
                disk_bytes_per_s=float(rng.uniform(0.4e9, 3e9)),
                cpu_flops=float(rng.uniform(5e10, 3e11)),
                cpu_bytes_per_s=float(rng.uniform(1e10, 4e10)),
                gpu_flops=5e12 if gpu != "none" else 0.0,
                gpu_bytes_per_s=4e11 if gpu != "none" else 0.0,
                cpu_buffer_bytes=2e8,
                gpu_buffer_bytes=9e8 if gpu == "cuda" else 4e8 if gpu == "metal" else 0.0,
                hop_s=0.004,
            )
        )
    model = RingModel(
        layers=layers,
        layer_bytes=3e8,
        output_bytes=3e8,
        input_row_bytes=6e3,
        context_tokens=1024,
        kv_elements=1024,
        layer_flop=1e9,
        output_flop=2.6e8,
    )
    return model, devices


def test_the_stated_time_by_hand() -> None:
    devices = [replace(DEVICE, hop_s=0.5), replace(DEVICE, disk_bytes_per_s=0.2e9)]
    assert sets_of(MODEL, devices, plan(2, 2)) == ("M4", "M4")
    assert token_s(MODEL, devices, plan(2, 2)) == pytest.approx(4 * 2.0 + 0.5)
    # 300 bytes do not fit in 200: all three layers are read, less what RAM holds
    assert sets_of(MODEL, devices, plan(1, 3)) == ("M4", "M3")
    read_s = (3 * 100 - 200) / 0.2e9
    assert token_s(MODEL, devices, plan(1, 3)) == pytest.approx(4 * 2.0 + 0.5 + read_s)
    # more rounds, more hops
    assert token_s(MODEL, devices, plan(1, 1, rounds=2)) == pytest.approx(4 * 2.0 + 2 * 0.5)


def test_the_optimum_by_hand() -> None:
    fast = replace(DEVICE, cpu_flops=20.0, cpu_bytes_per_s=200.0, hop_s=0.25)
    slow = replace(DEVICE, hop_s=0.25)
    found = optimum(MODEL, [slow, fast])
    # The fast device's disk is fast: it takes all it may, the head must keep one
    assert found is not None
    assert found.plan.windows == (1, 3)
    assert found.token_s == pytest.approx(2.0 + 3 * 1.0 + 2 * 0.25 + 100 / 1e9)
    alone = optimum(MODEL, [fast, slow])
    assert alone is not None
    assert alone.plan.windows == (4, 0)
    both = optimum(MODEL, [fast, slow], selection=False)
    assert both is not None
    assert both.plan.windows == (3, 1)


def test_what_fits_nowhere_has_no_plan() -> None:
    """Disks of less than 0.1 GB/s are not read while tokens are computed."""
    devices = [replace(DEVICE, disk_bytes_per_s=1e7), replace(DEVICE, disk_bytes_per_s=1e7)]
    assert optimum(MODEL, devices) is not None
    assert optimum(replace(MODEL, layers=5), devices) is None


@pytest.mark.parametrize("seed", range(12))
def test_no_plan_beats_the_optimum(seed: int) -> None:
    model, devices = random_cluster(seed)
    best = optimum(model, devices)
    assert best is not None
    assert token_s(model, devices, best.plan) == pytest.approx(best.token_s, rel=1e-9)
    for start in ("code", "paper"):
        published = halda(model, devices, start=start)
        if published.plan is not None:
            assert published.token_s >= best.token_s * (1 - 1e-9)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        cuts = np.sort(rng.integers(1, model.layers + 1, len(devices) - 1))
        windows = tuple(int(w) for w in np.diff([0, *cuts, model.layers]))
        assert token_s(model, devices, plan(*windows)) >= best.token_s * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_programming_and_highs_agree_at_fixed_sets(seed: int) -> None:
    model, devices = random_cluster(seed)
    rng = np.random.default_rng(seed)
    for rounds in (1, 2, 3):
        sets = [
            "M4"
            if rng.random() < 0.5
            else ("M3" if d.os != "macos" else "M2" if d.gpu == "metal" else "M1")
            for d in devices
        ]
        fixed = FixedSets(model, devices, sets)
        one, other = by_programming(fixed, rounds), by_highs(fixed, rounds)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one[1] == pytest.approx(other[1], rel=1e-7)


def test_layers_are_shared_out_at_the_least_sum() -> None:
    tables = [np.array([0.0, 3.0, 9.0]), np.array([np.inf, 1.0, 5.0])]
    assert share_out(tables, 2) == ((1, 1), 4.0)
    assert share_out([np.array([0.0, np.inf])], 1) is None


def test_the_cycle_by_hand() -> None:
    device = CycleDevice(
        layer_s=1.0,
        gpu_s=0.0,
        hop_s=0.5,
        overflow_s=10.0,
        fetch_s=2.0,
        ram_layers=1.0,
        vram_layers=None,
        mapped_beside_gpu=True,
    )
    # One round: 2 layers each, of which one overflows. Two: one each, which fits; then the
    # second cycle takes 1 + .5 + 2 / 2
    found = cycle_plan([device, device], 4, kappa_s=0.25)
    assert found is not None
    assert found.plan == plan(1, 1, rounds=2)
    assert found.cycle_s == pytest.approx(2.5)
    assert found.token_s == pytest.approx(2 * 1.0 + 2 * 0.5 + 0.25 + 2.5)
    one = cycle_plan([device, device], 4, rounds=[1])
    assert one is not None
    assert one.token_s == pytest.approx(4 * 1.0 + 2 * 10.0 + 2 * 0.5)


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_what_trying_all_plans_finds(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, devices = random_cluster(seed, layers=8)
    cluster = Cluster(tuple(devices[:3]))
    best = search(model, cluster)
    for windows in _all(model.layers, len(cluster.devices)):
        tried = with_gpus_full(model, cluster.devices, windows, 1)
        assert best.token_s <= decode(model, cluster, tried).token_s
    # As where plans are too many to try them all
    monkeypatch.setattr("edgesim.twin.ring.planning.search.FEW", 1)
    assert search(model, cluster).token_s <= 1.03 * best.token_s


def test_rounds_are_divisors_up_to_half() -> None:
    assert rounds_of(12) == [1, 2, 3, 4, 6]
    assert rounds_of(12, devices=4) == [1, 2, 3]
    assert rounds_of(1) == [1]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (plan(2, 1), "adds up to 3"),
        (plan(0, 4), "the head must have a layer"),
        (plan(5, -1), "must not be negative"),
        (plan(4), "a number for each of the 2 devices"),
        (RingPlan((2, 2), (1, 0)), "must be at most 0"),
    ],
)
def test_plans_that_do_not_add_up_are_refused(bad: RingPlan, said: str) -> None:
    with pytest.raises(InputError, match=said):
        bad.check(MODEL, [DEVICE, DEVICE])


def test_devices_with_impossible_numbers_are_refused() -> None:
    for changed in ({"ram_bytes": -1.0}, {"disk_bytes_per_s": 0.0}, {"gpu": "metal"}, {"os": "x"}):
        with pytest.raises(InputError, match="device"):
            replace(DEVICE, **changed)


def test_eight_devices_and_eighty_layers_take_two_seconds() -> None:
    """All planners, for the devices of several random homes; 0.2 CPU-s without other work."""
    homes = [worlds.random_cluster(seed)[1] for seed in range(8)]
    devices = tuple(device for home in homes for device in home.devices)[:8]
    model = read_model("llama3-70b")
    assert (len(devices), model.layers) == (8, 80)
    start_s = process_time()
    plan = planned(model, replace(homes[0], devices=devices)).plan
    assert process_time() - start_s < 2.0
    assert plan.rounds * sum(plan.windows) == 80
