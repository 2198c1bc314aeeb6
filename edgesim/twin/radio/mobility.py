"""Where the users are: random waypoint, in its steady state from the first second."""

from bisect import bisect_right
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgesim.twin.core.forking import Rebuilt, Shared

__all__ = ["RandomWaypoint"]

_MEAN_LEG = 0.5214054331647207  # mean distance of two uniform points in the unit square
_LEGS_AT_ONCE = 200_000
_FEWEST_PIECES, _MOST_PIECES = 16, 64  # of 200,000 legs, that an age holds

_Drawn = tuple[NDArray[np.int64], tuple[NDArray[np.float64], ...]]
"""Whose legs, and their columns, as of :class:`_Legs`."""


class _Legs(Shared, Rebuilt):
    """Legs of all users, user by user and by time. Never changed: further legs make new ones.

    Attributes:
        whose: the user of each leg.
        columns: of each leg its start (s), its first point (m), its velocity (m/s) in x and y, and
            how long it is walked before the pause (s).
        first: place of each user's first leg, and the number of legs.
    """

    views = ("start", "x", "y", "vx", "vy", "walk")

    def __init__(
        self, whose: NDArray[np.int64], columns: tuple[NDArray[np.float64], ...], users: int
    ) -> None:
        self.whose, self.columns = whose, columns
        counts = np.bincount(whose, minlength=users)
        self.first: list[int] = [0, *np.cumsum(counts).tolist()]
        self.look()

    def look(self) -> None:
        """Have the columns at hand one number at a time."""
        # A memoryview hands out a Python float several times faster than an array does.
        views = [column.data.cast("B").cast("d") for column in self.columns]
        self.start, self.x, self.y, self.vx, self.vy, self.walk = views


class RandomWaypoint(Rebuilt):
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

    So that years without a request take no hours of drawing legs that nobody asks about, time has
    ages, each of which begins in the steady state, with legs of its own: 16 pieces, or up to 64
    where the horizon is longer (two weeks, up to two months, with 1000 users at the speeds and
    pauses of the preset). From one age to the next a user may stand elsewhere.

    Args:
        rng: a generator that nothing else draws from.
        users: number of users.
        side_m: side of the square, m.
        speed_mps: [slowest, fastest] speed of a leg, m/s, slowest above 0.
        pause_s: [shortest, longest] pause between legs, s.
        horizon_s: time up to which positions will be asked for, s.
    """

    views = ("_first", "_start", "_vx", "_vy", "_walk", "_x", "_y")
    _legs: _Legs
    _drawn: list[_Drawn]  # legs that are not among those yet
    _point: NDArray[np.float64]  # where each user's last leg ends, m
    _end_s: NDArray[np.float64]  # when the next one begins
    _since_s: float  # what is kept, from ...
    _until_s: float  # ... to
    _age: int  # which one that is

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
        most_s = min(horizon_s, _MOST_PIECES * self._piece_s)
        self._age_s = max(_FEWEST_PIECES * self._piece_s, most_s)
        self._from_s = 0.0  # a time before that can no longer be asked
        self._seeded: Any = rng.bit_generator.state
        self._begin(0)

    def look(self) -> None:
        """Have the legs at hand."""
        legs = self._legs
        self._start, self._x, self._y = legs.start, legs.x, legs.y
        self._vx, self._vy, self._walk, self._first = legs.vx, legs.vy, legs.walk, legs.first

    def resample(self, now_s: float) -> None:
        """Draw all legs anew that have not begun, from the generator as it is now.

        Where somebody was before ``now_s`` can then no longer be asked.
        """
        anew, age = self._rng.bit_generator.state, self._age
        self.position(0, now_s)  # see that the legs of now are drawn
        if self._age != age:  # by the seed of their age
            self._rng.bit_generator.state = anew
        self._from_s, self._seeded = now_s, self._rng.bit_generator.state
        first, start = self._first, self._start
        users = range(self._users)
        now = [bisect_right(start, now_s, first[user], first[user + 1]) - 1 for user in users]
        for user, leg in enumerate(now):
            if leg + 1 < first[user + 1]:
                self._end_s[user] = start[leg + 1]
        columns = tuple(column[now] for column in self._legs.columns)
        _, x, y, vx, vy, walk = columns
        self._point = np.stack((x + vx * walk, y + vy * walk), axis=1)
        self._drawn = [(np.arange(self._users), columns)]
        self._draw_until(max(self._until_s, now_s + self._mean_leg_s))
        self._since_s = max(self._since_s, now_s)

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

    def _begin(self, age: int) -> None:
        """Draw the first piece of an age."""
        if age == 0:
            self._rng.bit_generator.state = self._seeded
        else:
            words = self._seeded["state"]
            seed = np.random.SeedSequence([words["state"], words["inc"], age])
            self._rng.bit_generator.state = np.random.PCG64(seed).state
        self._age = age
        self._drawn = []
        begin_s = age * self._age_s
        self._draw_first_legs(begin_s)
        self._draw_until(begin_s + self._first_until_s)

    def _go_to(self, time_s: float) -> None:
        """Draw the pieces up to ``time_s``, from the start where it is no longer kept."""
        if not 0.0 <= time_s < np.inf:
            raise ValueError(f"time_s = {time_s}: must be finite and at least 0")
        if time_s < self._from_s:
            raise ValueError(f"time_s = {time_s}: lies before the legs were drawn anew")
        age = int(time_s // self._age_s)
        if age != self._age or time_s < self._since_s:
            if age == int(self._from_s // self._age_s) and self._from_s > 0:
                raise ValueError(f"time_s = {time_s}: lies before the legs that are kept")
            self._begin(age)
        # Always the same steps, so that a later time draws the same legs as two earlier ones.
        while self._until_s < time_s:
            drawn_s = self._until_s - age * self._age_s
            further_s = min(drawn_s, self._piece_s)
            self._draw_until(age * self._age_s + max(drawn_s + further_s, self._mean_leg_s))

    def _draw_first_legs(self, begin_s: float) -> None:
        """What each user is doing at a time: the rest of a leg, or the rest of a pause."""
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
        columns = (np.full(users, begin_s), here[:, 0], here[:, 1], *velocity.T, walk)
        self._drawn.append((np.arange(users), columns))
        self._point = here + way
        self._end_s = begin_s + walk + np.where(pausing, rest, pause)

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
        age_ends_s = (self._age + 1) * self._age_s
        until_s = min(until_s, float(np.nextafter(age_ends_s, 0.0)))
        if not self._drawn:
            self._drawn = [(self._legs.whose, self._legs.columns)]
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
            self._drawn.append((np.repeat(who, legs), tuple(column.ravel() for column in columns)))
            self._point[who] = goal[:, -1]
            self._end_s[who] = ends[:, -1]
        self._until_s = until_s
        self._since_s = max(self._age * self._age_s, until_s - 2 * self._piece_s)
        self._store()

    def _store(self) -> None:
        """Put the legs user by user, by time, where a single one is read fast; forget old ones."""
        whose = np.concatenate([who for who, _ in self._drawn])
        order = np.argsort(whose, kind="stable")
        start = np.concatenate([columns[0] for _, columns in self._drawn])[order]
        whose = whose[order]
        # A leg is done with when its user has begun the next one before what is kept.
        kept = np.ones(len(whose), dtype=bool)
        kept[:-1] = (whose[1:] != whose[:-1]) | (start[1:] > self._since_s)
        order, whose = order[kept], whose[kept]
        together = zip(*(columns for _, columns in self._drawn), strict=True)
        legs = tuple(np.concatenate(column)[order] for column in together)
        self._drawn = []
        self._legs = _Legs(whose, legs, self._users)
        self.look()
