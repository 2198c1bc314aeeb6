"""The tasks of an episode, one after the other."""

from collections.abc import Iterator, Sequence
from itertools import count, repeat
from typing import Any

import numpy as np

from edgesim.twin.aigc.arrivals import Arrivals, TaskBlock
from edgesim.twin.aigc.task import Task
from edgesim.twin.core.crowds import Crowd, Load, Merged
from edgesim.twin.core.streams import Streams

__all__ = ["CROWD_M", "TaskStream", "tasks_of"]

CROWD_M = 50.0
"""How far from its site a crowd stands at most, m: a square, a station [chosen]."""


def tasks_of(
    arrivals: Arrivals,
    streams: Streams,
    *,
    scatters: bool,
    load: Load,
    sites_m: Sequence[tuple[float, float]] = (),
) -> "TaskStream | Merged[Task]":
    """All tasks of an episode, with what events do to the load.

    Args:
        arrivals: where the tasks come from.
        streams: the episode's random streams.
        scatters: as of :class:`TaskStream`.
        load: what changes of the load; the node of a crowd is the number of its site.
        sites_m: places of the sites, m.
    """
    usual = TaskStream(arrivals, streams, scatters=scatters)
    if not load:
        return usual
    beside = [
        TaskStream(
            arrivals,
            streams.of(crowd.name),
            scatters=scatters,
            crowd=crowd,
            at_m=None if crowd.node is None else sites_m[crowd.node],
        )
        for crowd in load.crowds
    ]
    kept = [(from_s, to_s, None, share) for from_s, to_s, _, share in load.kept]
    return Merged(usual, beside, kept, streams["events/kept"])


class TaskStream:
    """All tasks of an episode, as fresh objects: an iteration goes on where the last one stopped.

    It can be pickled on its way; an iterator over it cannot.

    Args:
        arrivals: where the tasks come from.
        streams: the episode's random streams.
        scatters: whether results scatter: each task then draws which of the measured images its
            result is like, from the stream ``pictures``.
        crowd: whose tasks alone these are; None: the usual ones.
        at_m: the site around which its people stand, (x, y) in m; None: they move as all do.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        streams: Streams,
        *,
        scatters: bool,
        crowd: Crowd | None = None,
        at_m: tuple[float, float] | None = None,
    ) -> None:
        self._blocks = arrivals.blocks(streams, crowd=crowd)
        self._at_m = at_m
        self._places = None if at_m is None else streams["places"]
        self._pictures: np.random.Generator | None = streams["pictures"] if scatters else None
        self._first = 0  # number of the first task of the block
        self._given = 0  # tasks of the block that were handed out
        self._block: TaskBlock | None = None

    def __iter__(self) -> Iterator[Task]:
        """The tasks that have not been handed out yet."""
        while True:
            block = self._block
            if block is not None:
                for task in self._left(block):
                    self._given += 1
                    yield task
                self._first, self._given, self._block = self._first + len(block), 0, None
            self._block = next(self._blocks, None)
            if self._block is None:
                return
            if self._places is not None:
                self._stand(self._block)
            if self._pictures is not None:
                self._block.picture = self._pictures.random(len(self._block)).tolist()

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw the tasks anew that have not arrived, see :meth:`Blocks.resample`.

        Iterators from before are not to be used again.

        Args:
            now_s: time now, s.
            arrived: how many tasks have arrived.
        """
        self._blocks.resample(now_s, arrived)
        self._first, self._given, self._block = arrived, 0, None

    def _stand(self, block: TaskBlock) -> None:
        """Draw where the people of a crowd stand: uniform over a disc around their site."""
        assert self._places is not None and self._at_m is not None
        far_m = CROWD_M * np.sqrt(self._places.random(len(block)))
        angle = 2 * np.pi * self._places.random(len(block))
        block.user_x_m = (self._at_m[0] + far_m * np.cos(angle)).tolist()
        block.user_y_m = (self._at_m[1] + far_m * np.sin(angle)).tolist()

    def _left(self, block: TaskBlock) -> Iterator[Task]:
        """The tasks of a block that were not handed out."""
        given = self._given

        def left(column: list[Any]) -> list[Any]:
            return column[given:] if given else column

        numbers = count(self._first + given)
        tasks: Iterator[Task] = map(
            Task, numbers, left(block.arrival_s), left(block.steps), left(block.user)
        )
        if block.deadline_s is not None:
            tasks = _with_network(tasks, block, given)
        if block.picture is not None:
            tasks = _with_picture(tasks, left(block.picture))
        return tasks


def _with_network(tasks: Iterator[Task], block: TaskBlock, given: int) -> Iterator[Task]:
    """The tasks of a block with what a network asks for: sizes, deadline, fading, place."""
    assert block.upload_bytes is not None and block.download_bytes is not None
    assert block.fading_up is not None and block.fading_down is not None
    assert block.deadline_s is not None
    places: Iterator[tuple[float, float] | None] = repeat(None)
    if block.user_x_m is not None and block.user_y_m is not None:
        places = zip(block.user_x_m[given:], block.user_y_m[given:], strict=True)
    for task, deadline_s, upload_bytes, download_bytes, fading_up, fading_down, place_m in zip(
        tasks,
        block.deadline_s[given:],
        block.upload_bytes[given:],
        block.download_bytes[given:],
        block.fading_up[given:],
        block.fading_down[given:],
        places,
        strict=False,
    ):
        task.deadline_s = deadline_s
        task.upload_bytes = upload_bytes
        task.download_bytes = download_bytes
        task.fading_up = fading_up
        task.fading_down = fading_down
        task.place_m = place_m
        yield task


def _with_picture(tasks: Iterator[Task], places: list[float]) -> Iterator[Task]:
    """The tasks with which of the measured images each result is like."""
    for task, place in zip(tasks, places, strict=True):
        task.picture = place
        yield task
