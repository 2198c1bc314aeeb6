"""When the collector's frames and echoes are where, whatever the data traffic does."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Crossings", "Draw", "Echoes", "Jitter", "NextEchoes", "NextFrames", "Timetable"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

Draw = Callable[[int], FloatArray]
"""So many random numbers."""


class Timetable:
    """Things that set out once a period each, and arrive after a delay that is drawn on their way.

    In the order in which they arrive, each draws the delay of its next turn. A block of arrivals is
    worked out at once, as far as their order is certain: up to where the soonest could come again.
    The order is that of a queue of events, of those that arrive together too: who was put on the
    way first comes first.

    Args:
        first_s: when each sets out for the first time, shape (things,).
        due_s: when each then arrives.
        period_s: time between setting out and setting out again.
        least_s: least that each needs to arrive.
    """

    def __init__(
        self, first_s: FloatArray, due_s: FloatArray, period_s: float, least_s: FloatArray
    ) -> None:
        self._period_s = period_s
        self._least_s = least_s
        self._out_s = np.array(first_s, dtype=float)
        self._due_s = np.array(due_s, dtype=float)
        self._queue: IntArray = np.arange(len(self._due_s))  # in the order of setting out

    def block(self) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
        """The next arrivals.

        Each must be put on its way again (:meth:`again`) before the next block.

        Returns:
            their numbers, when they set out, when they arrive, and when they set out again.
        """
        queue = self._queue
        by_time = np.argsort(self._due_s[queue], kind="stable")
        things = queue[by_time]
        due_s = self._due_s[things]
        again_s = self._out_s[things] + self._period_s
        soonest_s = np.maximum(again_s + self._least_s[things], due_s)
        late = due_s[1:] > np.minimum.accumulate(soonest_s)[:-1]
        count = 1 + int(late.argmax()) if late.any() else len(things)
        self._queue = np.delete(queue, by_time[:count])
        things = things[:count]
        return things, self._out_s[things], due_s[:count], again_s[:count]

    def shift(self, by_s: float) -> None:
        """Everything is so much later, s: a number of whole periods."""
        self._out_s += by_s
        self._due_s += by_s

    def again(self, things: IntArray, out_s: FloatArray, due_s: FloatArray) -> None:
        """What a block has named is on its way again, but arrives not before it did last time."""
        self._out_s[things] = out_s
        self._due_s[things] = np.maximum(due_s, self._due_s[things])
        self._queue = np.concatenate([self._queue, things])


class Jitter:
    """Exponential delays from a generator of their own; none where the mean is 0.

    Args:
        rng: a generator that nothing else draws from.
        mean_s: their mean, s.
    """

    def __init__(self, rng: np.random.Generator, mean_s: float) -> None:
        self._rng, self._mean_s = rng, mean_s

    def __call__(self, count: int) -> FloatArray:
        """So many delays, s."""
        return self._rng.exponential(self._mean_s, count) if self._mean_s else np.zeros(count)


class NextFrames(NamedTuple):
    """The next frames that cross a link, by time; all of shape (frames,).

    Attributes:
        crossed_s: when each leaves its port and crosses.
        lines: its line.
        sent_s: when the controller sent it.
        back_s: when it is back at the controller, but for the delay of the link.
        fates: a number from 0 to 1: it is lost where that is below the link's loss.
    """

    crossed_s: FloatArray
    lines: IntArray
    sent_s: FloatArray
    back_s: FloatArray
    fates: FloatArray


class NextEchoes(NamedTuple):
    """The next echo replies, by time; all of shape (replies,).

    Attributes:
        heard_s: when each reaches the controller.
        switches: its switch.
        halves_s: half of its round trip, s.
    """

    heard_s: FloatArray
    switches: IntArray
    halves_s: FloatArray


class Crossings:
    """Frames in the order in which they leave their ports and cross a link, an endless iterator.

    Args:
        sent_s: when the first frame of each line of frames leaves the controller, shape (lines,).
        period_s: time between a line's frames.
        near_s: delay between the controller and the switch that sends the frame, of each line.
        far_s: delay between the controller and the switch at the far end.
        jitter_s: draws what a message takes besides.
        uniform: draws numbers from 0 to 1.
    """

    def __init__(
        self,
        sent_s: FloatArray,
        period_s: float,
        near_s: FloatArray,
        far_s: FloatArray,
        jitter_s: Draw,
        uniform: Draw,
    ) -> None:
        self._near_s, self._far_s = near_s, far_s
        self._jitter_s, self._uniform = jitter_s, uniform
        first_s = sent_s + near_s + jitter_s(len(sent_s))
        self._table = Timetable(sent_s, first_s, period_s, near_s)

    def __iter__(self) -> "Crossings":
        """Itself."""
        return self

    def shift(self, by_s: float) -> None:
        """All to come is so much later, s: a number of whole periods."""
        self._table.shift(by_s)

    def __next__(self) -> NextFrames:
        """The next frames."""
        lines, left_s, crossed_s, again_s = self._table.block()
        jitter = self._jitter_s(2 * len(lines)).reshape(-1, 2)
        self._table.again(lines, again_s, again_s + self._near_s[lines] + jitter[:, 0])
        back_s = crossed_s + self._far_s[lines] + jitter[:, 1]
        return NextFrames(crossed_s, lines, left_s, back_s, self._uniform(len(lines)))


class Echoes:
    """Echo replies in the order in which they reach the controller, an endless iterator.

    Args:
        sent_s: when the first request leaves the controller for each switch, shape (switches,).
        period_s: time between requests to a switch.
        channel_s: delay between the controller and each switch.
        jitter_s: draws what a message takes besides.
    """

    def __init__(
        self, sent_s: FloatArray, period_s: float, channel_s: FloatArray, jitter_s: Draw
    ) -> None:
        self._channel_s, self._jitter_s = channel_s, jitter_s
        self._round_s = self._rounds(np.arange(len(sent_s)))
        self._table = Timetable(sent_s, sent_s + self._round_s, period_s, 2 * channel_s)

    def __iter__(self) -> "Echoes":
        """Itself."""
        return self

    def shift(self, by_s: float) -> None:
        """All to come is so much later, s: a number of whole periods."""
        self._table.shift(by_s)

    def __next__(self) -> NextEchoes:
        """The next replies."""
        round_s = self._round_s
        switches, _, due_s, again_s = self._table.block()
        half_s = round_s[switches] / 2
        round_s[switches] = self._rounds(switches)
        self._table.again(switches, again_s, again_s + round_s[switches])
        return NextEchoes(due_s, switches, half_s)

    def _rounds(self, switches: IntArray) -> FloatArray:
        """Round trips of the next requests to some switches, s."""
        jitter = self._jitter_s(2 * len(switches)).reshape(-1, 2)
        drawn: FloatArray = 2 * self._channel_s[switches] + jitter[:, 0] + jitter[:, 1]
        return drawn
