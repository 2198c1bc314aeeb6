"""Searches for allocations, and what schedulers believe of jobs that have not run yet."""

from itertools import product

import numpy as np
import pytest

from edgesim.agents.training.genetic import search
from edgesim.agents.training.schedulers import pollux, pollux_genetic, pollux_prior
from edgesim.twin.training.llm.applications import application
from edgesim.twin.training.llm.cluster import Cluster, JobState, run_jobs
from edgesim.twin.training.llm.traces import workload


def test_the_genetic_search_finds_the_best_of_all_allocations() -> None:
    rng = np.random.default_rng(4)
    for seed in range(5):
        speeds = [[0.0, *np.cumsum(rng.uniform(0.05, 1.0, size=6))] for _ in range(3)]
        best = max(
            (one for one in product(range(7), repeat=3) if sum(one) <= 9),
            key=lambda one: sum(-1 / max(speeds[k][n], 1e-3) for k, n in enumerate(one)),
        )
        found = search(speeds, [0, 0, 0], 9, seed)
        assert sum(found) <= 9
        assert sum(-1 / max(speeds[k][n], 1e-3) for k, n in enumerate(found)) == pytest.approx(
            sum(-1 / max(speeds[k][n], 1e-3) for k, n in enumerate(best)), rel=0.02
        )


def test_what_was_not_tried_is_believed_to_cost_nothing() -> None:
    app = application("cifar10")
    fresh = app.believed(0, 0)
    assert float(fresh.times.sync_s(4, 16)) < 1e-6 < float(app.times.sync_s(4, 16))
    inside = app.believed(2, 1)
    assert float(inside.times.sync_s(1, 2)) == pytest.approx(float(app.times.sync_s(1, 2)))
    assert float(inside.times.sync_s(4, 16)) < float(app.times.sync_s(4, 16))
    assert app.believed(8, 2) is app
    stats = app.stats(0.0)
    hoped = fresh.best(4, 16, stats)
    assert app.goodput(4, 16, hoped, stats) <= app.best(4, 16, stats).goodput < hoped.goodput


def test_a_job_gets_at_most_twice_what_it_has_had() -> None:
    asked = workload(6)[:3]
    jobs = [JobState(one, application(one.application)) for one in asked]
    cluster = Cluster()
    assert [plan.replicas for plan in pollux_prior(jobs, cluster, 0.0)] == [1, 1, 1]
    for job in jobs:
        job.most = 1
    assert max(plan.replicas for plan in pollux_prior(jobs, cluster, 0.0)) == 2
    assert max(plan.replicas for plan in pollux(jobs, cluster, 0.0)) > 2


def test_the_searches_end_a_workload_in_about_the_same_time() -> None:
    took = {}
    for scheduler in (pollux, pollux_genetic):
        done = run_jobs(workload(6)[:4], scheduler, Cluster())
        took[scheduler.__name__] = np.mean([one.took_s for one in done])
    assert took["pollux_genetic"] == pytest.approx(took["pollux"], rel=0.15)
