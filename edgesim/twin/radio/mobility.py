"""Where the users are: random waypoint, in its steady state from the first second."""

from bisect import bisect_right
from math import log

import numpy as np
from numpy.typing import NDArray

__all__ = ["RandomWaypoint"]

_MEAN_LEG = 0.5214054331647207  # mean distance of two uniform points in the unit square
_LEGS_AT_ONCE = 200_000


class RandomWaypoint:
    """Users on a square who walk to a uniform point at a uniform speed, pause, and go on.

    Started at uniform points, random waypoint takes thousands of seconds to slow down to its own
    mean speed (J. Yoon, M. Liu, B. Noble, "Random waypoint considered harmful", INFOCOM 2003). Here
    time 0 is drawn from the steady state (W. Navidi, T. Camp, "Stationary distributions for the
    random waypoint mobility model", IEEE Trans. Mobile Computing 3, 2004): a user walks or pauses
    in proportion to the mean times, a leg is met in proportion to its length, a speed v in
    proportion to 1/v, a pause in proportion to its length. Users therefore crowd in the middle of
    the square, equally at all times.

    The trajectories depend on ``rng`` and these arguments alone, not on what is asked about them or
    in which order. The legs up to ``horizon_s`` are drawn at once, those beyond when a later time
    is first asked for. At most two pieces of 200,000 legs or so are kept, however long the world
    lasts; a time before them is found by drawing again from the start.

    Args:
        rng: a generator that nothing else draws from.
        users: number of users.
        side_m: side of the square, m.
        speed_mps: [slowest, fastest] speed of a leg, m/s, slowest above 0.
        pause_s: [shortest, longest] pause between legs, s.
        horizon_s: time up to which positions will be asked for, s.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        users: int,
        side_m: float,
        speed_mps: list[float],
        pause_s: list[float],
        horizon_s: float,
    ) -> None:
        self._rng = rng
        self._users = users
        self._side_m = side_m
        self._slow, self._fast = map(float, speed_mps)
        self._short, self._long = map(float, pause_s)
        ratio = self._fast / self._slow
        per_metre_s = log(ratio) / (self._fast - self._slow) if ratio > 1 else 1 / self._slow
        self._mean_walk_s = _MEAN_LEG * side_m * per_metre_s
        self._mean_pause_s = (self._short + self._long) / 2
        self._mean_leg_s = self._mean_walk_s + self._mean_pause_s
        # A horizon of many legs (a day and more) is drawn piece by piece.
        self._piece_s = _LEGS_AT_ONCE / users * self._mean_leg_s
        self._first_until_s = min(horizon_s, self._piece_s)
        self._seeded = rng.bit_generator.state
        self._begin()

    def position(self, user: int, time_s: float) -> tuple[float, float]:
        """Where the user is at ``time_s``: (x, y) in m.

        Raises:
            ValueError: ``time_s`` lies before 0, or is not a finite number.
            IndexError: there is no such user.
        """
        if not self._since_s <= time_s <= self._until_s:
            self._go_to(time_s)
        first = self._first
        leg = bisect_right(self._start, time_s, first[user], first[user + 1]) - 1
        walked = time_s - self._start[leg]
        whole = self._walk[leg]
        walked = min(walked, whole)
        return self._x[leg] + self._vx[leg] * walked, self._y[leg] + self._vy[leg] * walked

    def _begin(self) -> None:
        """Draw the first piece."""
        self._rng.bit_generator.state = self._seeded
        self._rounds: list[tuple[NDArray[np.float64], ...]] = []
        self._whose: list[NDArray[np.int64]] = []
        self._draw_first_legs()
        self._draw_until(self._first_until_s)

    def _go_to(self, time_s: float) -> None:
        """Draw the pieces up to ``time_s``, from the start where it is no longer kept."""
        if not 0.0 <= time_s < np.inf:
            raise ValueError(f"time_s = {time_s}: must be finite and at least 0")
        if time_s < self._since_s:
            self._begin()
        # Always the same steps, so that a later time draws the same legs as two earlier ones.
        while self._until_s < time_s:
            further_s = min(self._until_s, self._piece_s)
            self._draw_until(max(self._until_s + further_s, self._mean_leg_s))

    def _draw_first_legs(self) -> None:
        """What each user is doing at time 0: the rest of a leg, or the rest of a pause."""
        rng, users = self._rng, self._users
        start, end = self._length_biased_legs()
        along = rng.random((users, 1))
        here = start + along * (end - start)
        # Density proportional to 1/v, by its inverse.
        speed = self._slow * (self._fast / self._slow) ** rng.random(users)
        # A pause met at random is met in proportion to its length, at a uniform point of it.
        met = np.sqrt(self._short**2 + rng.random(users) * (self._long**2 - self._short**2))
        rest = met * rng.random(users)
        pausing = rng.random(users) * self._mean_leg_s < self._mean_pause_s
        anywhere = rng.random((users, 2)) * self._side_m
        pause = rng.uniform(self._short, self._long, users)

        here[pausing] = anywhere[pausing]
        way = np.where(pausing[:, None], 0.0, end - here)
        walk = np.hypot(way[:, 0], way[:, 1]) / speed
        velocity = np.divide(way, walk[:, None], out=np.zeros_like(way), where=walk[:, None] > 0)
        self._rounds.append((np.zeros(users), here[:, 0], here[:, 1], *velocity.T, walk))
        self._whose.append(np.arange(users))
        self._point = here + way
        self._end_s = walk + np.where(pausing, rest, pause)

    def _length_biased_legs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of legs drawn in proportion to their length, by rejection."""
        start = np.empty((self._users, 2))
        end = np.empty((self._users, 2))
        lacking = np.arange(self._users)
        while lacking.size:
            draw = self._rng.random((lacking.size, 5))
            length = np.hypot(draw[:, 0] - draw[:, 2], draw[:, 1] - draw[:, 3])
            taken = draw[:, 4] * np.sqrt(2) < length
            start[lacking[taken]] = draw[taken, 0:2] * self._side_m
            end[lacking[taken]] = draw[taken, 2:4] * self._side_m
            lacking = lacking[~taken]
        return start, end

    def _draw_until(self, until_s: float) -> None:
        """Draw further legs, in rounds, until every user's last one ends after ``until_s``."""
        rng = self._rng
        while True:
            who = np.flatnonzero(self._end_s <= until_s)
            if not who.size:
                break
            lacking_s = until_s - float(self._end_s[who].mean())
            legs = int(lacking_s / self._mean_leg_s) + 2
            shape = (who.size, legs)
            goal = rng.random((*shape, 2)) * self._side_m
            speed = rng.uniform(self._slow, self._fast, shape)
            pause = rng.uniform(self._short, self._long, shape)
            here = np.concatenate((self._point[who, None], goal[:, :-1]), axis=1)
            way = goal - here
            length = np.hypot(way[..., 0], way[..., 1])
            walk = length / speed
            velocity = way / np.maximum(walk, 1e-300)[..., None]
            ends = self._end_s[who, None] + np.cumsum(walk + pause, axis=1)
            starts = np.concatenate((self._end_s[who, None], ends[:, :-1]), axis=1)
            columns = (starts, here[..., 0], here[..., 1], velocity[..., 0], velocity[..., 1], walk)
            self._rounds.append(tuple(column.ravel() for column in columns))
            self._whose.append(np.repeat(who, legs))
            self._point[who] = goal[:, -1]
            self._end_s[who] = ends[:, -1]
        self._until_s = until_s
        self._since_s = max(0.0, until_s - 2 * self._piece_s)
        self._store()

    def _store(self) -> None:
        """Put the legs user by user, by time, where a single one is read fast; forget old ones."""
        whose = np.concatenate(self._whose)
        order = np.argsort(whose, kind="stable")
        start = np.concatenate([legs[0] for legs in self._rounds])[order]
        whose = whose[order]
        # A leg is done with when its user has begun the next one before what is kept.
        kept = np.ones(len(whose), dtype=bool)
        kept[:-1] = (whose[1:] != whose[:-1]) | (start[1:] > self._since_s)
        order, whose = order[kept], whose[kept]
        legs = tuple(np.concatenate(column)[order] for column in zip(*self._rounds, strict=True))
        self._whose, self._rounds = [whose], [legs]
        # A memoryview hands out a Python float several times faster than an array does.
        views = [column.data.cast("B").cast("d") for column in legs]
        self._start, self._x, self._y, self._vx, self._vy, self._walk = views
        counts = np.bincount(whose, minlength=self._users)
        self._first: list[int] = [0, *np.cumsum(counts).tolist()]
