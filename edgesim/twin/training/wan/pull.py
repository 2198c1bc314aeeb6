"""A pull: parts of a state from several sources at once, over the network's transfers."""

from collections.abc import Callable
from math import floor, inf
from operator import itemgetter
from typing import Any

from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.network.sharing import SharingTransfers
from edgesim.twin.training.wan.plans import Plan

__all__ = ["Pull"]


_time = itemgetter(0)


class _Part:
    """What one source sends.

    Attributes:
        other: the same from another source, while both send.
    """

    __slots__ = ("asked_bytes", "moment", "other", "over", "source", "transfer")

    def __init__(self, source: int, asked_bytes: float) -> None:
        self.source, self.asked_bytes = source, asked_bytes
        self.other: _Part | None = None
        self.moment: Moment | None = None
        self.transfer: int | None = None
        self.over = False


_Asked = tuple[float, _Part]
"""When a request reaches its source, s, and for what."""


class Pull:
    """So many bytes for one node, in parts.

    A source is asked by a message, sends its share as one stream at the rate that the network
    gives it, and takes ``shard_s`` more for each shard of it. A share that two sources are asked
    for is there when one of them has sent it; the other then stops.

    Args:
        clock: the clock.
        sharing: the network's transfers.
        target: the node of the network that pulls.
        first: the network's node of institution 0.
        size_bytes: what is pulled.
        shard_bytes: of a shard.
        shard_s: what a shard takes besides its sending, s.
        done: called when all is there.
        ended: called with the source whose share is there, while others still send.

    Attributes:
        left_bytes: what had not come when the shares were last planned.
    """

    def __init__(
        self,
        clock: Clock,
        sharing: SharingTransfers,
        target: int,
        first: int,
        size_bytes: float,
        shard_bytes: float,
        shard_s: float,
        done: Callable[[Any], None],
        ended: Callable[[Any, int], None],
        value: Any,
    ) -> None:
        self._clock, self._sharing, self._target, self._first = clock, sharing, target, first
        self.left_bytes, self._shard_bytes, self._shard_s = size_bytes, shard_bytes, shard_s
        self._done, self._ended, self._value = done, ended, value
        self._parts: list[_Part] = []

    @property
    def sources(self) -> list[int]:
        """Who still sends."""
        return [part.source for part in self._parts if not part.over]

    def lacking_by_source(self) -> dict[int, float]:
        """What each source that still sends has not sent, bytes."""
        found: dict[int, float] = {}
        for part in self._parts:
            if not part.over:
                found[part.source] = found.get(part.source, 0.0) + self._lacking(part)
        return found

    def lacking_bytes(self, most: float = inf) -> float:
        """What is not there now; of a share that two send, by the one that has sent more.

        Where that is more than ``most`` it is enough to know so: a part of it then.
        """
        total = 0.0
        for part in self._parts:
            if part.over:
                continue
            lacking, other = self._lacking(part), part.other
            if other is None:
                total += lacking
            else:  # half of it here, half at the other
                total += min(lacking, self._lacking(other)) / 2
            if total > most:
                break
        return total

    def plan(self, plan: Plan, one_way_s: dict[int, float]) -> None:
        """Ask sources for shares; what they were asked for before is asked for no more.

        Args:
            plan: the shares, which add up to what is lacking.
            one_way_s: what a request takes to each source that does not send yet, s.
        """
        sending = set(self.sources)
        self.stop()
        self.left_bytes = sum(plan.share_bytes)
        self._parts = [
            _Part(source, size) for source, size in zip(plan.sources, plan.share_bytes, strict=True)
        ]
        for part, second in zip(list(self._parts), plan.seconds, strict=False):
            part.other = again = _Part(second, part.asked_bytes)
            again.other = part
            self._parts.append(again)
        now, asked = self._clock.now, []
        for part in self._parts:
            if part.source in sending:  # it hears of the new share while it sends
                self._send(part)
            else:
                asked.append((now + one_way_s[part.source], part))
        if asked:
            asked.sort(key=_time)  # of equal times the first asked first
            self._clock.at(asked[0][0], self._asked, asked)

    def lose(self, source: int) -> float:
        """A source is gone: what it had not sent as whole shards is lacking again, bytes."""
        lacking = 0.0
        for part in self._parts:
            if part.source == source and not part.over:
                left, other = self._take_away(part), part.other
                if other is not None:  # who sends the same goes on alone
                    part.other = other.other = None
                    continue
                got = part.asked_bytes - left
                whole = floor(got / self._shard_bytes + 1e-9) * self._shard_bytes
                lacking += part.asked_bytes - whole
        return lacking

    def stop(self) -> None:
        """Let nobody send any more."""
        for part in self._parts:
            if not part.over:
                self._take_away(part)

    # ---- within

    def _lacking(self, part: _Part) -> float:
        if part.transfer is None:
            return part.asked_bytes
        return self._sharing.lacking_bytes(part.transfer)

    def _take_away(self, part: _Part) -> float:
        part.over = True
        if part.moment is not None:
            part.moment.cancel()
            part.moment = None
        if part.transfer is None:
            return part.asked_bytes
        return self._sharing.cancel(part.transfer)

    def _asked(self, moment: Moment) -> None:
        """Requests reach their sources, one after the other."""
        asked: list[_Asked] = moment.value
        while asked:
            time_s = asked[0][0]
            if time_s > self._clock.now and not self._clock.skip(time_s):
                self._clock.at(time_s, self._asked, asked)
                return
            place = 1
            while place < len(asked) and asked[place][0] == time_s:
                place += 1
            self._sharing.alone(self._send_all, asked[:place])
            asked = asked[place:]

    def _send_all(self, asked: list[_Asked]) -> None:
        for _, part in asked:
            if not part.over:
                self._send(part)

    def _send(self, part: _Part) -> None:
        part.transfer = self._sharing.send(
            part.asked_bytes, self._first + part.source, self._target, self._sent, part
        )

    def _sent(self, part: _Part) -> None:
        shards = part.asked_bytes / self._shard_bytes
        if self._shard_s:
            part.moment = self._clock.after(shards * self._shard_s, self._there, part)
        else:
            self._over(part)

    def _there(self, moment: Moment) -> None:
        self._over(moment.value)

    def _over(self, part: _Part) -> None:
        part.over, part.moment = True, None
        if part.other is not None and not part.other.over:
            self._take_away(part.other)
        if self.sources:
            self._ended(self._value, part.source)
        else:
            self._done(self._value)
