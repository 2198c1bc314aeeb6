"""Training of large models, worked by hand: efficiency, a job, failures, many jobs, the traces."""

import gzip
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from edgesim.agents.training.llm_bound import clairvoyant_s
from edgesim.agents.training.schedulers import SCHEDULERS
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.training.fitting import fit_step_times, relative_errors
from edgesim.twin.training.goodput import StepTimes
from edgesim.twin.training.llm.cluster import Cluster, JobState, Plan, run_jobs
from edgesim.twin.training.llm.efficiency import Drift
from edgesim.twin.training.llm.measuring import NoiseMonitor
from edgesim.twin.training.llm.traces import Asked, gradients, steps, workload
from edgesim.twin.training.llm.workload import LLMJob, Request
from edgesim.twin.training.llm.world import LLMWorld, Setting

EXACT = {"accelerators.spread": 0.0}


def job(name: str = "llm_training", **keys: Any) -> LLMJob:
    return LLMJob.alone(resolve(name, {**EXACT, **keys}), np.random.SeedSequence(0))


def _always(setting: Setting, job: LLMJob, request: Request) -> Setting:
    return setting


def test_what_a_sequence_is_worth() -> None:
    """At a batch of twice the noise scale, half."""
    drift = Drift(8.0, 25.0)
    assert drift.efficiency(16, 0.0) == 0.5
    assert drift.noise_scale(0.5) == 40.0
    assert drift.efficiency(80, 0.5) == 0.5


@pytest.mark.parametrize("growth", [1.0, 25.0])
def test_the_closed_form_is_the_integral(growth: float) -> None:
    drift = Drift(8.0, growth)
    takes, _ = quad(lambda x: 1.0 / drift.efficiency(64, x), 0.2, 0.9)
    seconds = drift.seconds(64, 0.2, 0.9, 1000.0, 5.0)
    assert seconds == pytest.approx(200.0 * takes)
    assert drift.after(64, 0.2, seconds, 1000.0, 5.0) == pytest.approx(0.9)


def test_a_job_that_never_changes_takes_what_the_formula_says() -> None:
    run = job()
    first = run.setting
    speed = run.world.speeds(1)[first]
    ledger = run.run(lambda job, request: job.setting)
    takes = run.world.drift.seconds(first.batch, 0.0, 1.0, 1e6, speed)
    assert ledger.passed_s == pytest.approx(takes)
    assert (ledger.done, ledger.switches, ledger.overhead_s) == (True, 0, 0.0)
    assert ledger.closes


def test_changes_cost_their_time() -> None:
    """To another batch in the same layout and back, 2 s each; to another layout, 43 s."""
    run = job()
    first = run.setting
    same = next(one for one in run.world.speeds(1) if one.batch == 512 and one[1] == first[1])
    other = next(one for one in run.world.speeds(1) if one[1].layout != first[1].layout)
    plan = {0: same, 1: first, 2: other}
    ledger = run.run(lambda job, request: plan.get(request.number, job.setting))
    assert (ledger.switches, ledger.reshards) == (3, 1)
    assert ledger.overhead_s == pytest.approx(2.0 + 2.0 + 43.0)
    assert ledger.closes


def test_nodes_that_fail_cost_a_restart_and_what_was_not_saved() -> None:
    run = job("llm_13b", **{"accelerators.node_mtbf_s": 14400.0})
    nodes = []

    def choose(job: LLMJob, request: Request) -> Setting:
        nodes.append(request.nodes)
        speeds = job.world.speeds(job.nodes)
        return job.setting if job.setting in speeds else max(speeds, key=speeds.__getitem__)

    ledger = run.run(choose)
    assert ledger.failures > 0 and ledger.restarts >= ledger.failures
    assert 231.0 * ledger.restarts <= ledger.overhead_s <= 809.0 * ledger.restarts
    assert ledger.lost_s > 0.0
    assert set(nodes) == {1, 2}
    assert ledger.done and ledger.closes


def test_the_clairvoyant_is_below_whatever_is_done() -> None:
    scenario = resolve("llm_13b")
    world = LLMWorld(scenario)
    least = clairvoyant_s(world)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        settings = list(world.fastest(2).values())
        run = LLMJob.alone(scenario, np.random.SeedSequence(seed), world=world)
        chosen = settings[int(rng.integers(len(settings)))]
        ledger = run.run(partial(_always, chosen))
        assert ledger.passed_s >= least * (1 - 1e-3)


def test_the_noise_scale_is_estimated_from_norms() -> None:
    """Without noise exactly; with it, within some per cent where it is a few batches."""
    exact = NoiseMonitor(0.0, 0.0, 0.95)
    exact.observe(4, 64, 100.0, 50, np.random.default_rng(0))
    assert exact.estimate is not None
    assert exact.estimate.samples == pytest.approx(100.0)
    noisy = NoiseMonitor(0.05, 0.1, 0.95)
    noisy.observe(4, 64, 100.0, 400, np.random.default_rng(0))
    assert noisy.estimate is not None
    assert noisy.estimate.samples == pytest.approx(100.0, rel=0.3)
    blind = NoiseMonitor(0.0, 0.0, 0.95)
    blind.observe(64, 64, 100.0, 50, np.random.default_rng(0))
    assert blind.estimate is None


def test_settings_that_cannot_be_run_are_refused() -> None:
    with pytest.raises(InputError, match=r"job.model = '32B'.*8 devices of 80 GB"):
        job(**{"job.model": "32B"})
    run = job()
    run.next_decision()
    with pytest.raises(InputError, match="cannot be run by 8 devices"):
        run.decide(Setting(7, run.setting.strategy))
    with pytest.raises(InputError, match=r"accelerators\.nodes = 3: must be a power of two"):
        resolve("llm_training", {"accelerators.nodes": 3})
    with pytest.raises(InputError, match="must ascend"):
        resolve("llm_training", {"job.batches": [32, 16]})


# ---- many jobs


def test_two_jobs_by_hand() -> None:
    """Each alone on its devices at a rate of ten: it ends when its samples are done.

    The second job comes 90 s later, is planned for at 120 s, and both start for 30 s.
    """
    asked = [Asked("a", 0.0, "ncf", 1, 256), Asked("b", 90.0, "ncf", 1, 256)]
    need = gradients("ncf").progress[-1] * gradients("ncf").initial_batch
    rate = need / 600.0

    def each(jobs: Any, cluster: Cluster, now: float) -> list[Plan]:
        return [Plan(1, rate) for _ in jobs]

    done = run_jobs(asked, each, Cluster())
    assert [one.name for one in done] == ["a", "b"]
    assert [one.took_s for one in done] == pytest.approx([630.0, 660.0])


def test_a_plan_of_more_devices_than_there_are_is_refused() -> None:
    with pytest.raises(InputError, match="at most 64 devices"):
        run_jobs(workload(6)[:1], lambda jobs, *_: [Plan(65, 1.0)], Cluster())
    with pytest.raises(InputError, match="nodes = 0"):
        Cluster(nodes=0)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers_hand_out_what_there_is(name: str) -> None:
    from edgesim.twin.training.llm.applications import application

    jobs = [JobState(one, application(one.application)) for one in workload(6)[:12]]
    cluster = Cluster(nodes=4)
    plans = SCHEDULERS[name](jobs, cluster, 60.0)
    assert len(plans) == 12
    assert 0 < sum(plan.replicas for plan in plans) <= 16
    assert all((plan.replicas > 0) == (plan.rate > 0.0) for plan in plans)


@pytest.mark.slow
def test_pollux_is_ahead_in_its_own_workload() -> None:
    means = {
        name: np.mean([one.took_s for one in run_jobs(workload(6), SCHEDULERS[name], Cluster())])
        for name in ("pollux", "tiresias", "optimus")
    }
    assert means["pollux"] < means["tiresias"] < means["optimus"]


# ---- the traces and the fit


def test_a_fit_finds_what_made_its_steps() -> None:
    """Steps measured within 3 %: what the model tells of them is nearer to the truth than that."""
    times = StepTimes(0.1, 0.01, 0.5, 0.02, 0.1, 0.005, 1.5)
    rng = np.random.default_rng(0)
    replicas = rng.choice([1, 2, 4, 8, 16], 400)
    nodes = np.where(replicas > 4, -(-replicas // 4), 1)
    atomic = rng.choice([4, 8, 16, 32], 400)
    noise = np.exp(rng.normal(0.0, 0.03, (2, 400)))
    true = times.step_s(nodes, replicas, atomic)
    fitted = fit_step_times(
        nodes, replicas, atomic, times.pass_s(atomic) * noise[0], true * noise[1]
    )
    assert relative_errors(fitted, nodes, replicas, atomic, true).mean() < 0.03


@pytest.mark.parametrize("name", ["bert", "ncf"])
def test_a_fit_on_half_of_the_trace_holds_for_the_rest(name: str) -> None:
    rows = steps(name)
    half = np.arange(len(rows.nodes)) % 2 == 0
    n, k, m, t, sync = rows
    fitted = fit_step_times(n[half], k[half], m[half], (t - sync)[half], t[half])
    assert relative_errors(fitted, n[~half], k[~half], m[~half], t[~half]).mean() < 0.10


def test_the_shipped_traces_are_whole() -> None:
    assert sum(len(steps(name).nodes) for name in ("bert", "cifar10", "deepspeech2")) == 3184
    assert [len(workload(number)) for number in (1, 8)] == [160, 160]
    assert gradients("imagenet").initial_batch == 200


def test_traces_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="application = 'gpt'"):
        steps("gpt")
    with pytest.raises(InputError, match="workload = 9"):
        workload(9)
    with pytest.raises(InputError, match="cannot be read"):
        steps("bert", str(tmp_path))
    header = "app,batch,epoch,progress,iteration,metric,grad_sqr,grad_var\n"
    gap = header + "x,8,0,10,1,0,1,1\nx,8,1,5,2,0,1,1\n"
    (tmp_path / "gradient_stats.csv.gz").write_bytes(gzip.compress(gap.encode()))
    with pytest.raises(InputError, match=r"progress = 5\.0: must rise"):
        gradients("x", str(tmp_path))
    bad = "app,num_nodes,num_replicas,local_bsz,step_time,sync_time\nx,1,1,,0.5,0.1\n"
    (tmp_path / "step_time.csv.gz").write_bytes(gzip.compress(bad.encode()))
    with pytest.raises(InputError, match="row 1: local_bsz"):
        steps("x", str(tmp_path))
