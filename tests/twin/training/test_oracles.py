"""Cases worked out elsewhere: shards, Pollux's goodput, noise scales, 3D parallelism.

``EDGESIM_ORACLES`` names their folder; without it they are looked for beside the repository. Where
there are none, the tests are skipped; hand-worked truths stand in the files beside this one.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edgesim.twin.training import goodput, noise_scale, parallel, shards

_BESIDE = Path(__file__).parents[3].parent / "shared" / "oracles"
FOLDER = Path(os.environ.get("EDGESIM_ORACLES", _BESIDE)) / "systems"


def cases(name: str) -> list[Any]:
    """The cases of a file, or one that is skipped."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"{name}.json is not there"))]
    found = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=f"{name}-{case['id']}") for case in found]


def near(expected: float, relative: float) -> Any:
    return pytest.approx(expected, rel=relative, abs=1e-300)


@pytest.mark.parametrize("case", cases("chaos_shards"))
def test_shards(case: dict[str, Any]) -> None:
    state = case["state_B"]
    neighbours = [shards.Neighbour(n["B_Bps"], n["tau_s"], n["o_s"]) for n in case["neighbours"]]
    for row in case["chain"]:
        found = shards.greedy(state, neighbours, row["K"])
        assert list(found.counts) == row["greedy_x"]
        assert found.seconds == near(row["greedy_s"], 1e-6)
        assert found.seconds == near(row["milp_s"], 1e-6)
        assert state / row["K"] == near(row["shard_B"], 1e-6)
    chain = [row["K"] for row in case["chain"]]
    count, best = shards.best_chain(state, neighbours, chain)
    assert (count, best.seconds) == (case["best_K"], near(case["best_s"], 1e-6))
    single = shards.best_single_s(state, neighbours)
    assert single == near(case["best_single_neighbour_s"], 1e-6)
    assert shards.fluid_bound_s(state, neighbours) == near(case["fluid_bound_s"], 1e-6)
    assert shards.equal_split_s(state, neighbours, count) == near(case["equal_split_s"], 1e-6)
    assert single / best.seconds == near(case["speedup_vs_single"], 1e-6)


@pytest.mark.parametrize("case", cases("chaos_shards")[::4])
def test_the_milp_of_shards(case: dict[str, Any]) -> None:
    neighbours = [shards.Neighbour(n["B_Bps"], n["tau_s"], n["o_s"]) for n in case["neighbours"]]
    for row in case["chain"][::3]:
        found = shards.milp(case["state_B"], neighbours, row["K"])
        assert found.seconds == near(row["milp_s"], 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("case", cases("chaos_shards"))
def test_the_milp_of_all_shards(case: dict[str, Any]) -> None:
    neighbours = [shards.Neighbour(n["B_Bps"], n["tau_s"], n["o_s"]) for n in case["neighbours"]]
    for row in case["chain"]:
        found = shards.milp(case["state_B"], neighbours, row["K"])
        assert found.seconds == near(row["milp_s"], 1e-6)


@pytest.mark.parametrize("case", cases("goodput_pollux"))
def test_goodput(case: dict[str, Any]) -> None:
    times = goodput.StepTimes(**case["perf_params"])
    stats = goodput.GradientStats(case["grad_sqr"], case["grad_var"], case["init_batch"])
    assert stats.noise_scale == near(case["pgns"], 1e-9)
    for row in case["table"]:
        at = (row["nodes"], row["replicas"], row["atomic_bsz"], row["accum_steps"])
        assert times.throughput(*at) == near(row["throughput"], 1e-9)
        assert goodput.efficiency(stats, row["batch"]) == near(row["efficiency"], 1e-9)
        assert goodput.goodput(times, stats, *at) == near(row["goodput"], 1e-9)
    for row in case["optimize"]:
        limits = (row["max_batch"], row["max_atomic"])
        found = goodput.optimise(times, stats, row["nodes"], row["replicas"], *limits)
        assert found.goodput == near(row["goodput"], 1e-9)
        assert (found.atomic, found.accumulation) == (row["atomic_bsz"], row["accum_steps"])


@pytest.mark.parametrize("case", cases("gns"))
def test_noise_scales(case: dict[str, Any]) -> None:
    batches = (case["B_small"], case["B_big"])
    small = [step["small"] for step in case["samples"]]
    big = [step["big"] for step in case["samples"]]
    for found, expected in (
        (noise_scale.averaged(small, big, *batches), case["expect"]),
        (noise_scale.smoothed(small, big, *batches, case["ema_beta"]), case["expect_ema_last"]),
    ):
        assert found.gradient == near(expected["G2"], 1e-6)
        assert found.trace == near(expected["trS"], 1e-6)
        assert found.samples == near(expected["gns"], 1e-6)
    sqr, var = noise_scale.by_replicas(case["mean_small"], case["mean_big"], case["replicas"])
    assert sqr == near(case["adaptdl_form"]["sqr"], 1e-6)
    assert var == near(case["adaptdl_form"]["var"], 1e-6)


@pytest.mark.parametrize("case", cases("parallel3d"))
def test_parallelism(case: dict[str, Any]) -> None:
    hw, md, overlap = case["hw"], case["md"], case["dp_overlap"]
    hardware = parallel.Hardware(
        devices=hw["n"],
        per_node=hw["g"],
        flops=hw["F"],
        utilisation=hw["eta"],
        intra_bytes_per_s=hw["bw_intra"],
        inter_bytes_per_s=hw["bw_inter"],
        memory_bytes=hw["hbm"],
    )
    model = parallel.Model(md["P"], md["L"], md["h"], md["s"])

    def alike(found: parallel.Step, row: dict[str, Any]) -> None:
        assert tuple(found.strategy) == (row["t"], row["p"], row["d"], row["micro"])
        assert found.micro_batches == row["micro_batches"]
        assert found.micro_s == near(row["t_micro_s"], 1e-9)
        assert found.reduce_s == near(row["t_dp_s"], 1e-9)
        assert found.step_s == near(row["step_s"], 1e-9)
        assert found.memory_bytes == near(row["mem_B"], 1e-9)
        assert found.samples_per_s == near(row["samples_per_s"], 1e-9)
        assert (found.memory_bytes <= parallel.HBM_SHARE * hardware.memory_bytes) == row["fits"]

    best: dict[int, float] = {}
    for text, row in case["per_batch"].items():
        batch = int(text)
        assert len(parallel.feasible(hardware, model, batch, overlap)) == row["n_feasible"]
        if row["n_feasible"]:
            found = parallel.best_step(hardware, model, batch, overlap)
            alike(found, row["best"])
            best[batch] = found.samples_per_s / (1 + batch / case["b_crit"])
            assert best[batch] == near(row["goodput"], 1e-9)
    best_batch = max(best, key=best.__getitem__)
    assert best_batch == case["best_batch"]
    assert best[best_batch] == near(case["best_goodput"], 1e-9)
    for row in case["sample"]:
        strategy = parallel.Strategy(row["t"], row["p"], row["d"], row["micro"])
        alike(parallel.step_of(hardware, model, strategy, case["sample_batch"], overlap), row)
