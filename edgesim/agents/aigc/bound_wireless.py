r"""The bound on an AIGC episode with a network: what the providers' machines can do at most.

Only what is delivered pays (penalties cost, and are left out), at most its quality times what
lateness leaves of it. For a delivered task this much is certain, whatever is decided:

- **Its upload.** All requests are uploaded, at their arrivals, wherever they go then: the upload's
  end and the site that it ends at do not depend on the decisions, and are simulated here. From that
  site to the provider, the message takes at least its time on an idle metro network.
- **Its download** leaves the provider for the site that serves its user when the run is over: one
  of those that serve the places where the user is between the upload's end and the moment at which
  the result loses its last worth. It takes at least the shortest of their times on an idle metro
  network, and then that of the whole band at the highest spectral efficiency.
- **Its run.** With ``n`` tasks together it takes at least ``c + o + e (n - 1)`` seconds and
  ``c / n + o`` seconds of the machine, with three figures of the task at the provider. Where tasks
  share a machine, each takes ``1 + s (n - 1)`` times as long as the ``w`` seconds alone and has a
  share ``1 / n``: ``c = (1 - s) w`` and ``o = e = s w``. The pair (run time, machine time) of a
  whole run is then a mean of such points over whole numbers ``n``. In a batch (formula in
  :class:`edgesim.twin.compute.batching.BatchTime`) what images of all steps share costs
  ``c = fixed_s + step_s t`` or more, of which it bears a part ``1 / n``, its own steps
  ``o = fixed_s_per_image + step_s_per_image t``, and each companion at least ``e``, what the
  smallest request costs; ``n`` is one whole number. All three are times the least of the measured
  scatter. ``n`` is never more than one and what the rest of the capacity holds of the smallest
  requests, nor than a batch may have. As its worth falls with latency in straight lines, bent at
  the deadline and where it reaches nought, the task does no better than a mixture of **modes**: one
  at each ``n``, one at the mean of two neighbours that meets the deadline exactly (in batches: the
  last ``n`` that meets it), and not being done. Modes faster than the second take more machine time
  for the same worth, and are left out.
- **Its variant**, where there are several: each is a provider with modes of its own, and those of
  one machine share its time. Loading takes none here.
- **Its steps**, where they are part of the action: each number of them has its own modes.
- **Its time.** It runs between the end of its upload and the last moment at which its result would
  still be worth something. Runs that lie within a window of time share the machine time of the
  window: the episode as a whole, its halves, quarters and eighths.

The linear programme chooses how much of each request is done where and in which mode. Reported is
the value of its prices: the sum of ``price x right-hand side`` and of every mode's positive reduced
worth (each is done at most once), a bound by weak duality for any prices.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from edgesim.agents.highs import maximise
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.core.clock import Clock
from edgesim.twin.radio.access import RadioAccess

__all__ = ["Machines", "machine_bound", "wireless_bounds"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_HALVINGS = 4  # whole episode, halves, quarters, eighths
_LOOKS = 2_000_000  # most positions of users looked up


@dataclass
class Machines:
    """Requests of an episode with a network, as the machines of its providers meet them.

    Attributes:
        worth: quality of each request at each provider, as it is paid, shape (n, providers).
        shared_s: seconds of its run that it shares with those that run with it, likewise.
        own_s: seconds of its run that it costs alone, likewise.
        other_s: what each that runs with it adds at least, likewise.
        mixes: whether the number of those that run together may change during a run.
        ready_s: earliest begin of its run, likewise.
        way_s: least time from arrival to result without the run, likewise.
        most: most tasks together while it runs, likewise; below 1 where it cannot start.
        arrival_s, deadline_s: of each request, shape (n,).
        lateness_s: time after the deadline at which nothing is left.
        end_s: when the episode ends, after which nothing is paid.
        sites: how many machines there are, where several providers are one that runs several
            variants: provider i runs on machine ``i % sites``. None: each has its own.
    """

    worth: FloatArray
    shared_s: FloatArray
    own_s: FloatArray
    other_s: FloatArray
    mixes: bool
    ready_s: FloatArray
    way_s: FloatArray
    most: FloatArray
    arrival_s: FloatArray
    deadline_s: FloatArray
    lateness_s: float
    end_s: float
    sites: int | None = None


def wireless_bounds(twin: AIGCWorkload, parts: Iterable[list[Task]]) -> list[float]:
    """A bound on what each of these pieces of the episode pays, for a twin just made.

    In a scenario that pays on assignment a task pays whether it ends or not, and the bound is the
    best quality of every request.
    """
    if twin.scenario.pay_on == "assignment":
        return [sum(_best(twin, task) for task in part) for part in parts]
    pieces = list(parts)
    uploads = _uploads(twin, [task for part in pieces for task in part])
    end_s = np.inf
    if not twin.scenario.decide_last:
        end_s = max((task.arrival_s for task in twin.tasks()), default=0.0)
    return [machine_bound(_machines(twin, part, uploads, end_s)) for part in pieces]


def _best(twin: AIGCWorkload, task: Task) -> float:
    """The most that a request can be paid, refusals apart."""
    paid = twin.world.curves.all_paid
    return max(0.0, *(float(paid(steps, task.picture).max()) for steps in twin.levels(task)))


def _uploads(twin: AIGCWorkload, tasks: Iterable[Task]) -> dict[int, tuple[float, int]]:
    """End of every upload, s, and the site that it ended at, by the request's number."""
    wireless = twin.scenario.wireless
    assert wireless is not None
    clock = Clock()
    radio = RadioAccess(clock, wireless.radio, twin.world.radio_map)
    ended: dict[int, tuple[float, int]] = {}

    def done(site: int, task: Task) -> None:
        ended[task.number] = (clock.now, site)

    def begin(moment: Any) -> None:
        task: Task = moment.value
        radio.upload(_position(twin, task), task.upload_bytes, task.fading_up, done, task)

    for task in tasks:
        clock.at(task.arrival_s, begin, task)
    clock.advance()
    return ended


def _position(twin: AIGCWorkload, task: Task) -> Callable[[float], tuple[float, float]]:
    """Where the task's user is, by the time."""
    delivery, place = twin.delivery, task.place_m
    assert delivery is not None
    if place is not None:
        return lambda _: place
    return lambda time_s: delivery.users.position(task.user, time_s)


def _metro_back_s(twin: AIGCWorkload, tasks: list[Task], uploaded_s: FloatArray) -> FloatArray:
    """Least time of each result on the metro network, from each provider, shape (n, providers).

    The user's way is looked at so often that between two looks it stays within a square of half a
    pixel around one of them; the corners of that square meet every pixel that the way can touch.
    """
    wireless, streets = twin.scenario.wireless, twin.world.radio_map
    routes, times_each = twin.world.network.message_routes, len(twin.available) // twin.world.sites
    assert wireless is not None
    pixel_m = streets.pixel_m
    apart_s = pixel_m / 2 / wireless.mobility.speed_mps[1]
    patience_s = wireless.deadline_s[1] + wireless.lateness_s
    entries = len(twin.available) if times_each > 1 else len(routes.fixed_s)
    least = np.zeros((len(tasks), entries))
    if len(tasks) * (patience_s / apart_s + 2) > _LOOKS:
        return least
    corners = np.array([(x, y) for x in (-1, 1) for y in (-1, 1)]) * pixel_m / 4
    for row, task in enumerate(tasks):
        until_s = max(task.arrival_s + task.deadline_s + wireless.lateness_s, uploaded_s[row])
        looks = int(np.ceil((until_s - uploaded_s[row]) / apart_s)) + 1
        position = _position(twin, task)
        way = np.array([position(t) for t in np.linspace(uploaded_s[row], until_s, looks).tolist()])
        cell = ((way[:, None] + corners) / pixel_m).astype(int).clip(0, streets.columns - 1)
        sites = np.unique(streets.strongest[cell[..., 1] * streets.columns + cell[..., 0]])
        times = routes.fixed_s[:, sites] + routes.seconds_per_byte[:, sites] * task.download_bytes
        way_s = times.min(axis=1)
        least[row] = np.tile(way_s[: twin.world.sites], times_each) if times_each > 1 else way_s
    return least


def _machines(
    twin: AIGCWorkload, tasks: list[Task], uploads: dict[int, tuple[float, int]], end_s: float
) -> list[Machines]:
    """The requests with each number of steps that may be spent on them."""
    wireless, world = twin.scenario.wireless, twin.world
    assert wireless is not None
    radio, routes = wireless.radio, world.routes(world.network.message_routes)
    arrival_s = np.array([task.arrival_s for task in tasks])
    size = np.array([task.upload_bytes for task in tasks])[:, None]
    uploaded_s = np.array([uploads[task.number][0] for task in tasks])
    site = np.array([uploads[task.number][1] for task in tasks])
    ready_s = uploaded_s[:, None] + routes.fixed_s[site] + routes.seconds_per_byte[site] * size
    top_bps = radio.max_spectral_efficiency * radio.bandwidth_hz
    down_s = np.array([task.download_bytes for task in tasks])[:, None] * 8 / top_bps
    way_s = ready_s - arrival_s[:, None] + _metro_back_s(twin, tasks, uploaded_s) + down_s
    deadline_s = np.array([task.deadline_s for task in tasks])
    smallest = float(min(min(twin.levels(task)) for task in twin.tasks()))
    spent = np.array([twin.levels(task) for task in tasks])
    paid = world.curves.all_paid
    found = []
    for level in spent.T:
        steps = level.astype(float)[:, None]
        shared_s, own_s, other_s = _run_parts(twin, tasks, steps, smallest)
        most = 1.0 + np.floor((world.capacity - steps) / smallest)
        if twin.scenario.scheduler is not None:
            held = [machine.max_batch or 1 for machine in world.service]
            most = np.minimum(most, np.array(held, dtype=float))
        found.append(
            Machines(
                worth=np.array(
                    [paid(int(s), task.picture) for s, task in zip(level, tasks, strict=True)]
                ),
                shared_s=shared_s,
                own_s=own_s,
                other_s=other_s,
                mixes=twin.scenario.scheduler is None,
                ready_s=ready_s,
                way_s=way_s,
                most=most,
                arrival_s=arrival_s,
                deadline_s=deadline_s,
                lateness_s=wireless.lateness_s,
                end_s=end_s,
                sites=world.sites,
            )
        )
    return found


def _run_parts(
    twin: AIGCWorkload, tasks: Sequence[Task], steps: FloatArray, smallest: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Seconds of a run: shared, own, and each other's at least; shapes (n, providers)."""
    machines = twin.world.service
    work, more_s = _asked(twin, tasks, steps)
    least = np.array([machine.time.least_ratio for machine in machines])
    if twin.scenario.scheduler is None:
        fixed_s = np.array([machine.fixed_s for machine in machines])
        step_s = np.array([machine.seconds_per_step for machine in machines])
        slope = np.array([machine.batch_slope for machine in machines])
        work_s = (fixed_s + step_s * work + more_s) * least
        return work_s * (1.0 - slope), work_s * slope, work_s * slope
    times = [machine.time for machine in machines]
    fixed_s, image_s, step_s, image_step_s = (
        least * np.array(values)
        for values in zip(
            *((t.fixed_s, t.fixed_s_per_image, t.step_s, t.step_s_per_image) for t in times),
            strict=True,
        )
    )
    own_s = image_s + image_step_s * work + least * more_s
    other_s = image_s + image_step_s * smallest
    if any(machine.asks is not None for machine in machines):
        everyone = list(twin.tasks())
        fewest = np.full((len(everyone), 1), smallest)
        all_work, all_more_s = _asked(twin, everyone, fewest)
        other_s = (image_s + image_step_s * all_work + least * all_more_s).min(axis=0)
    return fixed_s + step_s * work, own_s, np.broadcast_to(other_s, own_s.shape)


def _asked(
    twin: AIGCWorkload, tasks: Sequence[Task], steps: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Steps of each task as a provider's mean input has them, and the seconds on top; (n, p)."""
    machines = twin.world.service
    work = np.repeat(steps, len(machines), axis=1)
    more_s = np.zeros_like(work)
    for number, machine in enumerate(machines):
        if machine.asks is None:
            continue
        for row, task in enumerate(tasks):
            one, more_s[row, number] = machine.asks(task)
            work[row, number] *= one / task.steps  # what is spent may be less than is asked for
    return work, more_s


def machine_bound(levels: Sequence[Machines]) -> float:
    """The bound for these requests, as the module's docstring derives it.

    Args:
        levels: the same requests with every number of steps that may be spent on them.
    """
    modes = [_modes(machines) for machines in levels]
    request, provider, worth, machine_s = (
        np.concatenate(column) for column in zip(*modes, strict=True)
    )
    if not len(worth):
        return 0.0
    machines = levels[0]
    begin_s = machines.ready_s[request, provider]
    way_back_s = machines.way_s - (machines.ready_s - machines.arrival_s[:, None])
    over_s = (
        np.minimum(
            (machines.arrival_s + machines.deadline_s + machines.lateness_s)[request],
            machines.end_s,
        )
        - way_back_s[request, provider]
    )
    sites = machines.sites or machines.worth.shape[1]
    lines, columns, lengths = _windows(begin_s, over_s, provider % sites, sites)
    count = len(machines.arrival_s)
    number = np.arange(len(worth))
    matrix = sparse.coo_array(
        (
            np.concatenate([np.ones(len(worth)), machine_s[columns]]),
            (np.concatenate([request, count + lines]), np.concatenate([number, columns])),
        ),
        shape=(count + len(lengths), len(worth)),
    ).tocsr()
    right = np.concatenate([np.ones(count), lengths])
    prices = maximise(worth, (matrix, right))
    best = np.max([found.worth.max(axis=1) for found in levels], axis=0)
    price = np.concatenate([np.maximum(best, 0.0), np.zeros(len(lengths))])
    if prices is not None:
        price = prices.at_most
    reduced = worth - matrix.T @ price
    return float(price @ right + np.maximum(reduced, 0.0).sum())


def _modes(machines: Machines) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """The modes worth anything: request, provider, worth and machine seconds of each."""
    alone_s = machines.shared_s + machines.own_s
    soonest_s = machines.arrival_s[:, None] + machines.way_s + alone_s
    can_end = (machines.most >= 1) & (soonest_s <= machines.end_s)
    spare_s = machines.deadline_s[:, None] - machines.way_s - alone_s
    # How many can run together, on average, for the result to come just in time.
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.where(spare_s >= 0, np.inf, 0.0)
        in_time = 1.0 + np.where(machines.other_s > 0, spare_s / machines.other_s, others)
    in_time = np.clip(in_time, 1.0, np.maximum(machines.most, 1.0))
    if not machines.mixes:
        in_time = np.floor(in_time)
    found = [_mode(machines, in_time, can_end)]
    for together in range(2, int(machines.most.max(initial=0.0)) + 1):
        chosen = can_end & (together > in_time) & (together <= machines.most)
        found.append(_mode(machines, np.full_like(in_time, together), chosen))
    request, provider, worth, machine_s = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    return request, provider, worth, machine_s


def _mode(
    machines: Machines, together: FloatArray, chosen: npt.NDArray[np.bool_]
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """The mode of ``together`` tasks, or of a mean of two neighbouring numbers, if ``chosen``."""
    fewer, more = np.floor(together), np.ceil(together)
    part = together - fewer
    share = (1 - part) / fewer + part / more
    run_s = machines.shared_s + machines.own_s + machines.other_s * (together - 1)
    late_s = machines.way_s + run_s - machines.deadline_s[:, None]
    worth = machines.worth * np.clip(1.0 - late_s / machines.lateness_s, 0.0, 1.0)
    request, provider = np.nonzero(chosen & (worth > 0))
    machine_s = machines.own_s + machines.shared_s * share
    return request, provider, worth[request, provider], machine_s[request, provider]


def _windows(
    begin_s: FloatArray, over_s: FloatArray, provider: IntArray, providers: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Which runs lie within which windows: lines, their columns, and the length of each line."""
    first, last = float(begin_s.min()), float(over_s.max())
    lines, columns, lengths = [], [], []
    windows = 0
    for halvings in range(_HALVINGS):
        edges = np.linspace(first, last, 2**halvings + 1)
        for start, stop in pairwise(edges):
            within = np.flatnonzero((begin_s >= start) & (over_s <= stop))
            lines.append(windows * providers + provider[within])
            columns.append(within)
            lengths.append(np.full(providers, stop - start))
            windows += 1
    return np.concatenate(lines), np.concatenate(columns), np.concatenate(lengths)
