"""Schedulers of many jobs on one cluster, after Pollux, Optimus and Tiresias.

Ours, from what the papers say: Pollux (OSDI 2021) maximises a generalised mean of speed-ups,
Optimus (EuroSys 2018) gives each device where it takes the most off a remaining time, Tiresias
(NSDI 2019) runs those first that have had the least service. Pollux's search is a genetic
algorithm (:func:`pollux_genetic`); ``pollux`` is a greedy over the same fitness: devices are given
where it gains the most. Both know how fast a job is on any devices; ``pollux_prior`` knows what was
tried, believes the rest to cost nothing, and gives at most twice what a job has had. Replicas of a
job are put on as few nodes as they fit on.
"""

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush

import numpy as np

from edgesim.agents.training.genetic import search
from edgesim.twin.training.llm.applications import Application
from edgesim.twin.training.llm.cluster import Cluster, JobState, Plan, Scheduler

__all__ = [
    "SCHEDULERS",
    "equal_share",
    "first_come",
    "optimus",
    "pollux",
    "pollux_genetic",
    "pollux_prior",
    "tiresias",
]

_FRESH_S = 8 * 3600.0  # device-seconds below which a job is in Tiresias' first queue [chosen]
_NOTHING = Plan(0, 0.0)


def pollux(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """Devices where they add the most to the harmonic mean of speed-ups; batches by goodput.

    A speed-up is the goodput over that of a fair share of the devices. Those of a job that would
    be moved are worth ``max(age - restarts · delay, 0)/(age + delay)`` of it.
    """
    tables = [_goodputs(job, cluster) for job in jobs]
    counts = _shared_out(_speed_ups(jobs, tables, cluster, now), cluster.devices)
    return _plans(counts, tables)


def pollux_genetic(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """The same speed-ups, devices by a genetic search as in Pollux."""
    tables = [_goodputs(job, cluster) for job in jobs]
    speeds = _speed_ups(jobs, tables, cluster, now)
    counts = search(speeds, [job.replicas for job in jobs], cluster.devices, int(now))
    return _plans(counts, tables)


def pollux_prior(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """As ``pollux`` for who knows how fast a job is where it was tried, and hopes elsewhere."""
    apps = [job.app.believed(job.most, cluster.nodes_of(job.most)) for job in jobs]
    tables = [
        _goodputs(job, cluster, app)[: max(2 * job.most, 1) + 1]
        for job, app in zip(jobs, apps, strict=True)
    ]
    counts = _shared_out(_speed_ups(jobs, tables, cluster, now), cluster.devices)
    plans = []
    for job, app, count in zip(jobs, apps, counts, strict=True):
        if not count:
            plans.append(_NOTHING)
            continue
        nodes, stats = cluster.nodes_of(count), job.app.stats(job.progress)
        choice = app.best(nodes, count, stats)
        plans.append(Plan(count, job.app.goodput(nodes, count, choice, stats)))
    return plans


def _speed_ups(
    jobs: Sequence[JobState], tables: list[list[float]], cluster: Cluster, now: float
) -> list[list[float]]:
    """Of each job the speed-up by replicas, less where it would have to start again."""
    fair = max(cluster.devices // len(jobs), 1)
    found = []
    for job, table in zip(jobs, tables, strict=True):
        base, moved = max(table[min(fair, len(table) - 1)], 1e-12), _moved(job, cluster, now)
        found.append(
            [
                value / base * (1.0 if replicas == job.replicas and replicas else moved)
                for replicas, value in enumerate(table)
            ]
        )
    return found


def _shared_out(speeds: list[list[float]], devices: int) -> list[int]:
    """Replicas by the greedy: devices where they add the most to the harmonic mean."""
    counts = [0] * len(speeds)

    def gain(place: int) -> tuple[float, int]:
        """Of the harmonic mean a device, and how many devices bring it."""
        now_at, own = counts[place], speeds[place]
        before = -1.0 / max(own[now_at], 1e-3)
        best = (0.0, 0)
        for more in _STEPS:
            if now_at + more < len(own):
                after = -1.0 / max(own[now_at + more], 1e-3)
                best = max(best, ((after - before) / more, more))
        return best

    _hand_out(counts, devices, gain)
    return counts


_STEPS = (1, 2, 3, 4, 8)
"""Devices that are given at a time: one more may take another node, and pay only with three."""


def optimus(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """Devices where they take the most off a remaining time; the batch as it was asked for."""
    tables = [_fixed(job, cluster) for job in jobs]
    counts = [0] * len(jobs)
    order = sorted(range(len(jobs)), key=lambda place: jobs[place].asked.time_s)
    left = cluster.devices
    for place in order:  # a first one for each, those who came first before the others
        if left:
            counts[place] = 1
            left -= 1

    def remaining_s(place: int, replicas: int) -> float:
        job = jobs[place]
        pace = tables[place][replicas] / job.app.rows.initial_batch
        return (job.app.length - job.progress) / max(pace, 1e-12)

    def gain(place: int) -> tuple[float, int]:
        if not counts[place]:
            return 0.0, 0
        best = (0.0, 0)
        for more in _STEPS:
            if counts[place] + more < len(tables[place]):
                less = remaining_s(place, counts[place]) - remaining_s(place, counts[place] + more)
                best = max(best, (less / more, more))
        return best

    _hand_out(counts, left, gain)
    return _plans(counts, tables)


def tiresias(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """As many devices and as large a batch as asked for: the least service first, in two queues."""
    return _in_order(jobs, cluster, lambda job: (job.served_s >= _FRESH_S, job.asked.time_s))


def first_come(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """Likewise, those who came first."""
    return _in_order(jobs, cluster, lambda job: (False, job.asked.time_s))


def equal_share(jobs: Sequence[JobState], cluster: Cluster, now: float) -> list[Plan]:
    """The same for all, those who came first where that is less than one; batches by goodput."""
    order = sorted(range(len(jobs)), key=lambda place: jobs[place].asked.time_s)
    counts = [0] * len(jobs)
    served = order[: cluster.devices]
    for rank, place in enumerate(served):
        each, more = divmod(cluster.devices, len(served))
        counts[place] = each + (rank < more)
    tables = [_goodputs(job, cluster) for job in jobs]
    counts = [min(count, len(table) - 1) for count, table in zip(counts, tables, strict=True)]
    return _plans(counts, tables)


SCHEDULERS: dict[str, Scheduler] = {
    "pollux": pollux,
    "pollux_genetic": pollux_genetic,
    "pollux_prior": pollux_prior,
    "optimus": optimus,
    "tiresias": tiresias,
    "first_come": first_come,
    "equal_share": equal_share,
}
"""By name."""


def _goodputs(job: JobState, cluster: Cluster, app: Application | None = None) -> list[float]:
    """Goodput with 0, 1, 2, … replicas: as many as the largest batch feeds.

    ``app``: the application as it is believed to be; None: as it is.
    """
    app = job.app if app is None else app
    stats = job.app.stats(job.progress)
    most = min(cluster.devices, job.app.max_batch // job.app.min_atomic)
    return [0.0] + [
        app.best(cluster.nodes_of(replicas), replicas, stats).goodput
        for replicas in range(1, most + 1)
    ]


def _fixed(job: JobState, cluster: Cluster) -> list[float]:
    """Goodput of the batch that was asked for, likewise."""
    stats = job.app.stats(job.progress)
    most = min(cluster.devices, max(job.asked.batch // job.app.min_atomic, 1))
    return [0.0] + [
        job.app.fixed(cluster.nodes_of(replicas), replicas, job.asked.batch, stats)
        for replicas in range(1, most + 1)
    ]


def _moved(job: JobState, cluster: Cluster, now: float) -> float:
    """What a speed-up is worth where the job would have to start again for it."""
    if not job.began:
        return 1.0
    age = now - job.asked.time_s
    delay = cluster.restart_s
    return max(age - job.restarts * delay, 0.0) / (age + delay)


def _hand_out(counts: list[int], devices: int, ask: Callable[[int], tuple[float, int]]) -> None:
    """Give devices one after another to whoever gains the most, while somebody does."""
    heap = [(-ask(place)[0], place) for place in range(len(counts))]
    heapify(heap)
    while devices and heap:
        _, place = heappop(heap)
        worth, more = ask(place)
        if worth <= 0.0:
            continue
        if more > devices:  # no longer room for so many at a time
            continue
        counts[place] += more
        devices -= more
        heappush(heap, (-ask(place)[0], place))


def _in_order(
    jobs: Sequence[JobState], cluster: Cluster, key: Callable[[JobState], tuple[bool, float]]
) -> list[Plan]:
    """What was asked for, to those that come first by ``key``, while there is room."""
    left = cluster.devices
    plans = [_NOTHING] * len(jobs)
    for place in sorted(range(len(jobs)), key=lambda one: key(jobs[one])):
        job = jobs[place]
        asked = min(job.asked.replicas, cluster.devices)
        if asked <= left:
            left -= asked
            stats = job.app.stats(job.progress)
            nodes = cluster.nodes_of(asked)
            plans[place] = Plan(asked, job.app.fixed(nodes, asked, job.asked.batch, stats))
    return plans


def _plans(counts: list[int], tables: list[list[float]]) -> list[Plan]:
    return [
        Plan(count, float(np.asarray(table[count]))) if count else _NOTHING
        for count, table in zip(counts, tables, strict=True)
    ]
