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
- **Its run.** While ``n`` tasks run together each takes ``1 + s (n - 1)`` times as long as alone,
  and has a share ``1 / n`` of the machine. For a task that is ``w`` seconds alone, each second of
  work at ``n`` takes ``1 + s (n - 1)`` seconds and ``(1 + s (n - 1)) / n`` machine seconds: the
  pair (run time, machine time) of a whole run is a mean of such points over whole numbers ``n``,
  and ``n`` is never more than one and what the rest of the capacity holds of the smallest requests.
  As its worth falls with latency in straight lines, bent at the deadline and where it reaches
  nought, the task does no better than a mixture of **modes**: one at each ``n``, one at the mean of
  two neighbours that meets the deadline exactly, and not being done. Modes faster than the second
  take more machine time for the same worth, and are left out.
- **Its time.** It runs between the end of its upload and the last moment at which its result would
  still be worth something. Runs that lie within a window of time share the machine time of the
  window: the episode as a whole, its halves, quarters and eighths.

The linear programme chooses how much of each request is done where and in which mode. Reported is
the value of its prices: the sum of ``price x right-hand side`` and of every mode's positive reduced
worth (each is done at most once), a bound by weak duality for any prices.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from edgesim.agents.highs import maximise
from edgesim.twin.aigc import AIGCTwin
from edgesim.twin.clock import Clock
from edgesim.twin.radio import RadioAccess
from edgesim.twin.task import Task

__all__ = ["Machines", "machine_bound", "wireless_bounds"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_HALVINGS = 4  # whole episode, halves, quarters, eighths
_LOOKS = 2_000_000  # most positions of users looked up


@dataclass
class Machines:
    """Requests of an episode with a network, as the machines of its providers meet them.

    Attributes:
        worth: quality of each request at each provider, shape (n, providers).
        work_s: seconds of its run alone, likewise.
        ready_s: earliest begin of its run, likewise.
        way_s: least time from arrival to result without the run, likewise.
        most: most tasks together while it runs, likewise; below 1 where it cannot start.
        arrival_s, deadline_s: of each request, shape (n,).
        lateness_s: time after the deadline at which nothing is left.
        end_s: when the episode ends, after which nothing is paid.
        slope: slow-down by each further task of a batch, shape (providers,).
    """

    worth: FloatArray
    work_s: FloatArray
    ready_s: FloatArray
    way_s: FloatArray
    most: FloatArray
    arrival_s: FloatArray
    deadline_s: FloatArray
    lateness_s: float
    end_s: float
    slope: FloatArray


def wireless_bounds(twin: AIGCTwin, parts: Iterable[list[Task]]) -> list[float]:
    """A bound on what each of these pieces of the episode pays, for a twin just made.

    In a scenario that pays on assignment a task pays whether it ends or not, and the bound is the
    best quality of every request.
    """
    if twin.scenario.pay_on == "assignment":
        gains = twin.world.curves.gains
        return [sum(float(gains(task.steps).max()) for task in part) for part in parts]
    pieces = list(parts)
    uploads = _uploads(twin, [task for part in pieces for task in part])
    end_s = np.inf
    if not twin.scenario.decide_last:
        end_s = max((task.arrival_s for task in twin.tasks()), default=0.0)
    return [machine_bound(_machines(twin, part, uploads, end_s)) for part in pieces]


def _uploads(twin: AIGCTwin, tasks: Iterable[Task]) -> dict[int, tuple[float, int]]:
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


def _position(twin: AIGCTwin, task: Task) -> Callable[[float], tuple[float, float]]:
    """Where the task's user is, by the time."""
    delivery, place = twin.delivery, task.place_m
    assert delivery is not None
    if place is not None:
        return lambda _: place
    return lambda time_s: delivery.users.position(task.user, time_s)


def _metro_back_s(twin: AIGCTwin, tasks: list[Task], uploaded_s: FloatArray) -> FloatArray:
    """Least time of each result on the metro network, from each provider, shape (n, providers).

    The user's way is looked at so often that between two looks it stays within a square of half a
    pixel around one of them; the corners of that square meet every pixel that the way can touch.
    """
    wireless, routes, streets = twin.scenario.wireless, twin.world.routes, twin.world.radio_map
    assert wireless is not None
    pixel_m = wireless.radio.pixel_m
    apart_s = pixel_m / 2 / wireless.mobility.speed_mps[1]
    patience_s = wireless.deadline_s[1] + wireless.lateness_s
    least = np.zeros((len(tasks), len(routes.fixed_s)))
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
        least[row] = times.min(axis=1)
    return least


def _machines(
    twin: AIGCTwin, tasks: list[Task], uploads: dict[int, tuple[float, int]], end_s: float
) -> Machines:
    wireless, world = twin.scenario.wireless, twin.world
    assert wireless is not None
    radio, routes = wireless.radio, world.routes
    arrival_s = np.array([task.arrival_s for task in tasks])
    steps = np.array([task.steps for task in tasks], dtype=float)[:, None]
    size = np.array([task.upload_bytes for task in tasks])[:, None]
    uploaded_s = np.array([uploads[task.number][0] for task in tasks])
    site = np.array([uploads[task.number][1] for task in tasks])
    ready_s = uploaded_s[:, None] + routes.fixed_s[site] + routes.seconds_per_byte[site] * size
    top_bps = radio.max_spectral_efficiency * radio.bandwidth_hz
    down_s = np.array([task.download_bytes for task in tasks])[:, None] * 8 / top_bps
    fixed_s = np.array([profile.fixed_s for profile in world.service])
    step_s = np.array([profile.seconds_per_step for profile in world.service])
    return Machines(
        worth=np.array([world.curves.gains(task.steps) for task in tasks]),
        work_s=fixed_s + step_s * steps,
        ready_s=ready_s,
        way_s=ready_s - arrival_s[:, None] + _metro_back_s(twin, tasks, uploaded_s) + down_s,
        most=1.0 + np.floor((world.capacity - steps) / _smallest(twin)),
        arrival_s=arrival_s,
        deadline_s=np.array([task.deadline_s for task in tasks]),
        lateness_s=wireless.lateness_s,
        end_s=end_s,
        slope=np.array([profile.batch_slope for profile in world.service]),
    )


def _smallest(twin: AIGCTwin) -> float:
    """Steps of the smallest request of the whole episode."""
    return float(min(task.steps for task in twin.tasks()))


def machine_bound(machines: Machines) -> float:
    """The bound for these requests, as the module's docstring derives it."""
    request, provider, worth, machine_s = _modes(machines)
    if not len(worth):
        return 0.0
    begin_s = machines.ready_s[request, provider]
    way_back_s = machines.way_s - (machines.ready_s - machines.arrival_s[:, None])
    over_s = (
        np.minimum(
            (machines.arrival_s + machines.deadline_s + machines.lateness_s)[request],
            machines.end_s,
        )
        - way_back_s[request, provider]
    )
    lines, columns, lengths = _windows(begin_s, over_s, provider, machines.worth.shape[1])
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
    price = np.concatenate([machines.worth.max(axis=1), np.zeros(len(lengths))])
    if prices is not None:
        price = prices.at_most
    reduced = worth - matrix.T @ price
    return float(price @ right + np.maximum(reduced, 0.0).sum())


def _modes(machines: Machines) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """The modes worth anything: request, provider, worth and machine seconds of each."""
    soonest_s = machines.arrival_s[:, None] + machines.way_s + machines.work_s
    can_end = (machines.most >= 1) & (soonest_s <= machines.end_s)
    slope = np.broadcast_to(machines.slope, machines.work_s.shape)
    spare = (machines.deadline_s[:, None] - machines.way_s) / machines.work_s - 1.0
    # How many can run together, on average, for the result to come just in time.
    with np.errstate(divide="ignore", invalid="ignore"):
        in_time = np.where(slope > 0, 1.0 + spare / slope, np.where(spare >= 0, np.inf, 1.0))
    in_time = np.clip(in_time, 1.0, np.maximum(machines.most, 1.0))
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
    slope = machines.slope
    fewer, more = np.floor(together), np.ceil(together)
    part = together - fewer
    share = (1 - part) * (1 + slope * (fewer - 1)) / fewer + part * (1 + slope * (more - 1)) / more
    latency_s = machines.way_s + machines.work_s * (1 + slope * (together - 1))
    late_s = latency_s - machines.deadline_s[:, None]
    worth = machines.worth * np.clip(1.0 - late_s / machines.lateness_s, 0.0, 1.0)
    request, provider = np.nonzero(chosen & (worth > 0))
    machine_s = machines.work_s * share
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
