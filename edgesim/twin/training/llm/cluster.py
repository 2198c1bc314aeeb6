"""Many jobs on one cluster: who gets how many devices, planned anew again and again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from edgesim.errors import InputError
from edgesim.twin.training.llm.applications import Application, application
from edgesim.twin.training.llm.traces import Asked

__all__ = ["Cluster", "Completed", "JobState", "Plan", "Scheduler", "run_jobs"]


@dataclass(frozen=True)
class Cluster:
    """The devices, and how they are handed out.

    Attributes:
        nodes: how many.
        per_node: devices of a node.
        interval_s: between plans, s.
        restart_s: that a job needs where its devices change, s.

    Raises:
        InputError: a figure is out of its range.
    """

    nodes: int = 16
    per_node: int = 4
    interval_s: float = 60.0
    restart_s: float = 30.0

    def __post_init__(self) -> None:
        for key in ("nodes", "per_node"):
            if getattr(self, key) < 1:
                raise InputError(key, getattr(self, key), "must be at least 1")
        if not 1.0 <= self.interval_s < inf:
            raise InputError("interval_s", self.interval_s, "must be at least 1 s")
        if not 0.0 <= self.restart_s < inf:
            raise InputError("restart_s", self.restart_s, "must be at least 0 s")

    @property
    def devices(self) -> int:
        """All devices."""
        return self.nodes * self.per_node

    def nodes_of(self, replicas: int) -> int:
        """Nodes that so many replicas take, put together as close as can be."""
        return -(-replicas // self.per_node)


@dataclass
class JobState:
    """A job that was submitted.

    Attributes:
        asked: the job as it was submitted.
        app: its application.
        progress: steps of the initial batch, of ``app.length``.
        replicas: that it has now; 0 while it waits.
        served_s: device-seconds that it has had.
        restarts: starts, but for the first.
        ready_s: when its last start is over.
        began: whether it ever ran.
        most: replicas that it has had at a time at most.
        rate: useful samples a second now; 0 while it waits.
    """

    asked: Asked
    app: Application
    progress: float = 0.0
    replicas: int = 0
    served_s: float = 0.0
    restarts: int = 0
    ready_s: float = 0.0
    began: bool = False
    most: int = 0
    rate: float = field(default=0.0, repr=False)


class Completed(NamedTuple):
    """A job that came to its end.

    Attributes:
        name: the job.
        time_s: when.
        took_s: since it was submitted.
        restarts: of it.
    """

    name: str
    time_s: float
    took_s: float
    restarts: int


class Plan(NamedTuple):
    """What a job is given.

    Attributes:
        replicas: devices.
        rate: useful samples a second, at the noise scale of now.
    """

    replicas: int
    rate: float


Scheduler = Callable[[Sequence[JobState], Cluster, float], Sequence[Plan]]
"""Plans for all jobs that are not done, in their order; the last argument is the time, s."""


def run_jobs(
    asked: Sequence[Asked], scheduler: Scheduler, cluster: Cluster, horizon_s: float = 1e7
) -> list[Completed]:
    """Play a workload to its end.

    Every ``interval_s`` the scheduler plans for all jobs that are there. A job whose devices change
    starts again, ``restart_s``. Between plans it goes on at its rate; its devices are free when it
    ends and handed out in the next plan.

    Raises:
        InputError: a plan takes more devices than there are, or the jobs do not end in time.
    """
    coming = sorted(asked, key=lambda one: one.time_s)
    jobs: list[JobState] = []
    done: list[Completed] = []
    now = 0.0
    place = 0
    while place < len(coming) or jobs:
        if now > horizon_s:
            raise InputError("horizon_s", horizon_s, f"{len(jobs)} jobs have not ended")
        if not jobs and coming[place].time_s > now:  # nothing happens before
            skipped = (coming[place].time_s - now) // cluster.interval_s
            now += skipped * cluster.interval_s
        while place < len(coming) and coming[place].time_s <= now:
            jobs.append(JobState(coming[place], application(coming[place].application)))
            place += 1
        plans = scheduler(jobs, cluster, now) if jobs else []
        _give(jobs, plans, cluster, now)
        until = now + cluster.interval_s
        for job in list(jobs):
            ended_s = _advance(job, now, until)
            if ended_s is not None:
                jobs.remove(job)
                took_s = ended_s - job.asked.time_s
                done.append(Completed(job.asked.name, ended_s, took_s, job.restarts))
        now = until
    return done


def _give(jobs: Sequence[JobState], plans: Sequence[Plan], cluster: Cluster, now: float) -> None:
    taken = sum(plan.replicas for plan in plans)
    if len(plans) != len(jobs) or taken > cluster.devices:
        accepted = f"must be one a job, {len(jobs)}, and at most {cluster.devices} devices"
        raise InputError("plans", (len(plans), taken), accepted)
    for job, plan in zip(jobs, plans, strict=True):
        if plan.replicas != job.replicas:
            job.restarts += job.began and plan.replicas > 0
            job.ready_s = now + (cluster.restart_s if plan.replicas else 0.0)
            job.replicas = plan.replicas
        job.began |= plan.replicas > 0
        job.most = max(job.most, plan.replicas)
        job.rate = plan.rate if plan.replicas else 0.0


def _advance(job: JobState, now: float, until: float) -> float | None:
    """Let a job run; when it ends, s, None where it does not."""
    if not job.replicas or job.rate <= 0.0:
        return None
    begins = max(now, job.ready_s)
    # A useful sample is one at the initial batch, of which a step has so many.
    pace = job.rate / job.app.rows.initial_batch
    left_s = (job.app.length - job.progress) / pace
    ended = begins + left_s
    if ended <= until:
        job.served_s += job.replicas * (ended - now)
        return ended
    job.served_s += job.replicas * (until - now)
    job.progress += max(until - begins, 0.0) * pace
    return None
