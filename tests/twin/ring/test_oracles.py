"""Cases worked out elsewhere: prima.cpp's planner, tokens around a ring, distilp's objective.

``EDGESIM_ORACLES`` names their folder, beside which that of the data lies; without it they are
looked for beside the repository. Where there are none, the tests are skipped; hand-worked truths
stand in the files beside this one.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.compute.page_cache import cyclic_reads
from edgesim.twin.ring.coefficients import head_output_s, layered
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.distilp import distilp_cycle, distilp_devices, loaded_bytes
from edgesim.twin.ring.planning.fixed_sets import by_highs
from edgesim.twin.ring.planning.halda import halda
from edgesim.twin.ring.planning.optimum import optimum
from edgesim.twin.ring.planning.search import search
from edgesim.twin.ring.tokens import ALL, Station, simulate

_BESIDE = Path(__file__).parents[3].parent / "shared" / "oracles"
ORACLES = Path(os.environ.get("EDGESIM_ORACLES", _BESIDE)) / "systems"
DATA = ORACLES.parents[1] / "data"

PROFILES = {
    "hermes_70b/m3_air.json": "hermes_m3_air.json",
    "llama_3_70b/4bit/m3_air.json": "llama70_m3_air.json",
    "llama_3_70b/online/m1.json": "llama70_online_m1.json",
    "llama_3_70b/online/m2.json": "llama70_online_m2.json",
    "qwen3_32b/bf16/m3_air.json": "qwen32_m3_air.json",
}


def missing(name: str) -> list[Any]:
    return [pytest.param({}, marks=pytest.mark.skip(reason=f"{name} is not there"))]


def cases(name: str) -> list[Any]:
    """The cases of a file, or one that is skipped."""
    path = ORACLES / f"{name}.json"
    if not path.is_file():
        return missing(path.name)
    found = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [
        pytest.param(case, id=f"{name}-{case.get('id', number)}")
        for number, case in enumerate(found)
    ]


def near(expected: float, relative: float) -> Any:
    return pytest.approx(expected, rel=relative, abs=1e-12)


def model_of(case: dict[str, Any]) -> RingModel:
    return RingModel(
        name=case["name"],
        layers=case["L"],
        layer_bytes=case["b"],
        output_bytes=case["bo"],
        input_row_bytes=case["bi_over_V"],
        context_tokens=case["n_ctx"],
        kv_elements=case["kv_elems"],
        layer_flop=case["F_layer"],
        output_flop=case["F_out"],
        embedding=case["embd"],
    )


def device_of(case: dict[str, Any]) -> Device:
    return Device(
        name=case["kind"],
        os=case["os"],
        gpu=case["gpu"],
        uma=case["uma"],
        ram_bytes=case["ram_B"],
        swap_bytes=case["swap_B"],
        vram_bytes=case["vram_B"],
        disk_bytes_per_s=case["disk_Bps"],
        cpu_flops=case["S_cpu"],
        cpu_bytes_per_s=case["T_cpu"],
        gpu_flops=case.get("S_gpu", 0.0),
        gpu_bytes_per_s=case.get("T_gpu", 0.0),
        kv_cpu_s=case["t_kv_cpu"],
        kv_gpu_s=case.get("t_kv_gpu", 0.0),
        cpu_buffer_bytes=case["c_cpu_B"],
        gpu_buffer_bytes=case["c_gpu_B"],
        hop_s=case["t_comm"],
        ram_vram_s=case["t_ram_vram"],
    )


@pytest.mark.parametrize("case", cases("halda"))
def test_coefficients(case: dict[str, Any]) -> None:
    model = model_of(case["model"])
    devices = [device_of(device) for device in case["devices"]]
    assert model.loaded_bytes == near(case["model"]["b_prime"], 1e-6)
    assert head_output_s(model, devices[0]) == near(case["model"]["head_out_s"], 1e-6)
    for device, expected in zip(devices, case["devices"], strict=True):
        alpha_s, beta_s, xi_s = layered(model, device)
        assert alpha_s == near(expected["alpha_s"], 1e-6)
        assert beta_s == near(expected["beta_s"], 1e-6)
        assert xi_s == near(expected["xi_s"], 1e-6)


@pytest.mark.parametrize("case", cases("halda"))
@pytest.mark.parametrize("selection", [True, False])
def test_the_optimum(case: dict[str, Any], selection: bool) -> None:
    model = model_of(case["model"])
    devices = [device_of(device) for device in case["devices"]]
    expected = case["optimum_with_selection" if selection else "optimum_all_devices"]
    found = optimum(model, devices, selection=selection)
    if expected.get("T_s") is None:
        assert found is None
        return
    assert found is not None
    found.plan.check(model, devices)
    assert found.token_s == near(expected["T_s"], 1e-6)


def check_halda(case: dict[str, Any], start: Any, **solver: Any) -> None:
    model = model_of(case["model"])
    devices = [device_of(device) for device in case["devices"]]
    expected = case[f"halda_{start}_start"]
    found = halda(model, devices, start=start, **solver)
    if expected.get("w") is None:
        assert found.plan is None
        return
    assert found.plan is not None
    if list(found.plan.windows) == expected["w"]:
        assert list(found.plan.on_gpu) == expected["n"]
        assert found.plan.rounds == expected["k"]
    # Where w differ it is a tie: the same time, believed and true
    assert found.believed_s == near(expected["believed_T_s"], 1e-6)
    assert found.token_s == near(expected["T_s"], 1e-6)


@pytest.mark.parametrize("case", cases("halda"))
@pytest.mark.parametrize("start", ["code", "paper"])
def test_the_published_loop(case: dict[str, Any], start: str) -> None:
    check_halda(case, start)


@pytest.mark.parametrize("case", cases("halda")[::3])
def test_the_published_loop_with_the_published_solver(case: dict[str, Any]) -> None:
    check_halda(case, "code", solver=by_highs)


@pytest.mark.parametrize("case", cases("ring"))
def test_tokens_around_a_ring(case: dict[str, Any]) -> None:
    model, expected = case["model"], case["expect"]
    prefetch = {"none": 0.0, "all": ALL}.get(case["prefetch"], case["prefetch"])
    stations = [
        Station(
            window=device["w"],
            on_gpu=device["n"],
            cache_bytes=device["cache_B"],
            disk_bytes_per_s=device["disk_Bps"],
            cpu_s=device["t_cpu_s"],
            gpu_s=device["t_gpu_s"],
            hop_s=device["lat_s"] + model["act_B"] / device["rate_Bps"],
        )
        for device in case["devices"]
    ]
    found = simulate(
        stations,
        rounds=case["k"],
        layer_bytes=model["b"],
        output_bytes=model["bo"],
        output_s=model["t_out_s"],
        prefetch=prefetch,
        chunks=case["chunks_per_layer"],
        tokens=12,
        measured=7,
    )
    assert found.token_s == near(expected["tpot_s"], 1e-6)
    # Loads begun in one token and ended in the next may be counted to either
    assert list(found.read_bytes) == [
        pytest.approx(read, rel=0.03, abs=1.0) for read in expected["read_B"]
    ]
    assert list(found.stall_s) == [near(stall, 1e-6) for stall in expected["stall_s"]]


@pytest.mark.parametrize("case", cases("halda_vs_ring"))
def test_a_search_on_the_ring(case: dict[str, Any]) -> None:
    model = model_of(case["model"])
    devices = tuple(device_of(device) for device in case["devices"])
    # 50 MB/s; a GPU's layers leave the page cache as it is in these cases
    cluster = Cluster(devices, link_bps=400e6, gpu_shares_cache=False)
    for name in ("halda_code", "halda_paper", "stated_optimum"):
        planned = case[name]
        if planned and planned.get("w"):
            plan = RingPlan(tuple(planned["w"]), tuple(planned["n"]), planned["k"])
            assert decode(model, cluster, plan).token_s == near(planned["sim_tpot_s"], 1e-6)
    found = search(model, cluster)
    best_s = case["sim_optimum"]["tpot_s"]
    assert found.token_s <= 1.03 * best_s
    assert decode(model, cluster, found.plan).token_s == found.token_s
    for rounds, best in case["best_per_k"].items():
        assert found.by_rounds[int(rounds)][1] <= 1.03 * best["tpot_s"]


@pytest.mark.parametrize("case", cases("distilp_cycle"))
def test_the_objective_of_cycles(case: dict[str, Any]) -> None:
    folder = DATA / "distilp_profiles"
    if not folder.is_dir():
        pytest.skip("the profiles are not there")
    devices = [
        json.loads((folder / PROFILES[name]).read_text(encoding="utf-8"))
        for name in case["devices"]
    ]
    model, kv_bits = case["model_scalars"], case["kv_bits"]
    assert loaded_bytes(model, kv_bits) == case["b_prime"]
    found, kappa_s = distilp_devices(devices, model, kv_bits)
    assert [device.layer_s for device in found] == [near(a, 1e-6) for a in case["alpha_s"]]
    assert [device.gpu_s for device in found] == [near(b, 1e-6) for b in case["beta_s"]]
    assert kappa_s == near(case["kappa_s"], 1e-6)
    plan = distilp_cycle(devices, model, kv_bits)
    assert plan is not None
    assert plan.token_s == near(case["objective_s"], 1e-6)
    assert plan.plan.rounds == case["k"]
    assert sorted(plan.plan.windows) == sorted(case["w"])


def measured() -> list[Any]:
    """What a kernel read of a file in cycles; without rows whose note says that they are no rule.

    46 MiB lies at the edge of the cache, 40 MiB comes to rest in the third cycle alone, and
    advice in pieces was not waited for.
    """
    path = DATA / "measured_here.json"
    if not path.is_file():
        return missing(path.name)
    content = json.loads(path.read_text(encoding="utf-8"))
    cache_bytes = 1024 * sum(content["free_for_cache_kB"]) / 2
    found = []
    for size, rounds, prefetch, cycle, read, _, _ in content["rows"]:
        edge = size == 46 or (size == 40 and cycle < 3) or "pieces" in prefetch
        if not edge:
            name = {"one advise call": "advise"}.get(prefetch, prefetch)
            row = (size * 2**20, cache_bytes, rounds, name, cycle, read)
            found.append(pytest.param(row, id=f"{size}MiB-{rounds}-{name}-{cycle}"))
    return found


@pytest.mark.parametrize("row", measured())
def test_a_page_cache_as_it_was_measured(row: Any) -> None:
    file_bytes, cache_bytes, rounds, prefetch, cycle, read = row
    cycles = cyclic_reads(file_bytes, cache_bytes, rounds=rounds, prefetch=prefetch, cycles=3)
    assert cycles[cycle - 1].read == pytest.approx(read, abs=0.05)
