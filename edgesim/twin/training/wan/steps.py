"""Data-parallel steps: everybody computes, the ring reduces the gradients, and again."""

from collections.abc import Callable
from typing import Any

from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.network.sharing import SharingTransfers
from edgesim.twin.training.wan.ring import Path, share_of

__all__ = ["Steps"]

_OFF, _HELD, _COMPUTE, _REDUCE, _ARRIVE, _STALLED, _STEADY = range(7)


class Steps:
    """The training of those in the ring, step by step.

    A step is the computing of the slowest node, the ring all-reduce over the network's links, and
    what its rounds take to arrive. Where a step has passed without any change of the network, those
    after it are as long: they are counted when something is about to change
    (:meth:`wake`), and nothing stands on the clock until then. Links do not show the load of steps
    that are counted so.

    Args:
        clock: the clock.
        sharing: the transfers of the network.
        gradient_bytes: that are reduced a step.
        samples: of a node in a step.
        compute_s: time that each institution takes for them, s.
        boundary: called at the end of each step, before the next begins.
        reduction: one of :data:`edgesim.twin.training.wan.ring.REDUCTIONS`.

    Attributes:
        ring: who trains, each before the one that it sends to.
        count: steps done.
        samples_done: samples of all steps done.
        idle_s: node-seconds of the ring that neither computed nor sent gradients.
        lost_s: node-seconds whose work was thrown away.
        last_s: length of the last whole step, s; 0 before there is one.
        eager: whether steps are not skipped, as somebody waits for the boundary.
    """

    def __init__(
        self,
        clock: Clock,
        sharing: SharingTransfers,
        gradient_bytes: float,
        samples: int,
        compute_s: list[float],
        boundary: Callable[[], None],
        reduction: str = "ring",
    ) -> None:
        self._clock, self._sharing = clock, sharing
        self._gradient_bytes, self._samples, self._each_s = gradient_bytes, samples, compute_s
        self._boundary, self._reduction = boundary, reduction
        self.ring: list[int] = []
        self._layers: list[Path] = []
        self._rounds_s = 0.0  # what the rounds take to arrive
        self._compute_s = self._uneven_s = 0.0
        self.count = 0
        self.samples_done = self.idle_s = self.lost_s = self.last_s = 0.0
        self.eager = False
        self._state = _OFF
        self._holds: set[Any] = set()
        self._began_s = self._computed_s = self._since_s = 0.0
        self._disturbed = True
        self._blocked = False  # somebody is out of reach
        self._moment: Moment | None = None
        self._flows: dict[int, int] = {}  # transfers by layer
        self._left_bytes = 0.0  # of a stalled all-reduce

    # ---- who trains

    def set_ring(self, ring: list[int], layers: list[Path] | None, rounds_s: float) -> None:
        """Let others train, or in another order, from now on; a step under way goes on.

        An all-reduce that was under way begins again. Where it cannot go on (``layers`` is None:
        somebody is out of reach) it waits for another ring.

        Args:
            ring: who trains.
            layers: what the all-reduce crosses, see :func:`edgesim.twin.training.wan.ring.layers`.
            rounds_s: what its rounds take to arrive, s.
        """
        self.wake()
        now, before = self._clock.now, len(self.ring)
        reducing = self._state in (_REDUCE, _ARRIVE, _STALLED)
        if reducing:
            self._stop_flows()
            if self._state == _STALLED:
                self.idle_s += (now - self._since_s) * before
            else:
                self.lost_s += (now - self._computed_s) * before
        elif self._state == _HELD:
            self.idle_s += (now - self._since_s) * before
            self._since_s = now
        self.ring = ring
        each = [self._each_s[node] for node in ring]
        self._compute_s = max(each, default=0.0)
        self._uneven_s = self._compute_s * len(each) - sum(each)
        self._layers = [] if layers is None else layers
        self._blocked = layers is None
        self._rounds_s = rounds_s
        self._disturbed = True
        if not ring:
            self._cancel()
            self._state = _OFF
        elif self._state == _OFF:
            self._begin()
        elif reducing:
            self._computed_s = now
            self._reduce(self._round_bytes())

    def reroute(self, layers: list[Path] | None, rounds_s: float) -> None:
        """The same ring over other links; an all-reduce under way goes on with what it lacks."""
        self.wake()
        self._layers, self._blocked = ([], True) if layers is None else (layers, False)
        self._rounds_s = rounds_s
        self._disturbed = True
        if self._state == _STALLED:
            self.idle_s += (self._clock.now - self._since_s) * len(self.ring)
            self._reduce(self._left_bytes)
        elif self._state == _REDUCE and self._flows:
            left = max(self._sharing.lacking_bytes(flow) for flow in self._flows.values())
            self._stop_flows()
            self._reduce(left)

    def restart(self) -> None:
        """Begin the step under way anew; the work in it is lost."""
        self.wake()
        self._abort()
        if self.ring:
            self._begin()

    def stop(self) -> None:
        """Stop the step under way, whose work is lost, until a ring is set."""
        self.wake()
        self._abort()

    # ---- pauses

    def hold(self, reason: Any) -> None:
        """Begin no further step while a reason holds."""
        self.wake()
        self._holds.add(reason)
        self.eager = True

    def release(self, reason: Any) -> None:
        """A reason is gone; with the last the next step begins."""
        if reason not in self._holds:
            return
        self._holds.discard(reason)
        if not self._holds and self._state == _HELD:
            self.idle_s += (self._clock.now - self._since_s) * len(self.ring)
            self._begin()

    def holds(self, reason: Any) -> bool:
        """Whether a reason holds the training."""
        return reason in self._holds

    @property
    def held(self) -> bool:
        """Whether everybody waits between two steps."""
        return self._state in (_HELD, _OFF)

    def elapsed(self) -> float:
        """What has passed of the step under way, s."""
        self.wake()
        return 0.0 if self.held else self._clock.now - self._began_s

    # ---- what is counted

    def wake(self) -> None:
        """Count the steps that have passed, and put the one under way on the clock.

        To be called before anything changes that steps depend on.
        """
        if self._state != _STEADY:
            return
        now, period = self._clock._now, self.last_s
        passed = now - self._since_s
        whole = int(passed / period)
        phase = passed - whole * period
        self.count += whole
        self.samples_done += whole * self._samples * len(self.ring)
        self.idle_s += whole * self._uneven_s
        self._began_s, self._disturbed = now - phase, True
        if phase < self._compute_s:
            self._state = _COMPUTE
            self._moment = self._clock.after(self._compute_s - phase, self._computed)
            return
        self.idle_s += self._uneven_s
        self._computed_s = self._began_s + self._compute_s
        sending_s = period - self._compute_s - self._rounds_s
        sent_s = phase - self._compute_s
        if sent_s < sending_s:
            self._reduce(self._round_bytes() * (1.0 - sent_s / sending_s))
        else:
            self._arrive(max(period - phase, 0.0))

    def settle(self) -> None:
        """Count all up to now: at the end of an episode."""
        self.wake()
        now, count = self._clock.now, len(self.ring)
        if self._state in (_HELD, _STALLED):
            self.idle_s += (now - self._since_s) * count
            self._since_s = now

    # ---- a step

    def _begin(self) -> None:
        now = self._clock._now
        if self._holds:
            self._state, self._since_s, self._moment = _HELD, now, None
            return
        self._state, self._began_s, self._disturbed = _COMPUTE, now, False
        self._moment = self._clock.after(self._compute_s, self._computed)

    def _computed(self, _: Moment) -> None:
        self.idle_s += self._uneven_s
        self._computed_s = self._clock._now
        self._reduce(self._round_bytes())

    def _round_bytes(self) -> float:
        return share_of(self._reduction, len(self.ring)) * self._gradient_bytes

    def _reduce(self, left_bytes: float) -> None:
        if self._blocked:
            self._stall(left_bytes)
            return
        self._state = _REDUCE
        if not self._layers:
            self._arrive(self._rounds_s)
            return
        along = self._sharing.along
        self._flows = {
            layer: along(left_bytes, links, self._reduced, layer, self._stopped)
            for layer, links in enumerate(self._layers)
        }

    def _reduced(self, layer: int) -> None:
        del self._flows[layer]
        if not self._flows:
            self._arrive(self._rounds_s)

    def _arrive(self, after_s: float) -> None:
        self._state = _ARRIVE
        self._moment = self._clock.after(after_s, self._done)

    def _done(self, _: Moment) -> None:
        self._moment = None
        self.count += 1
        self.samples_done += self._samples * len(self.ring)
        self.last_s = self._clock._now - self._began_s
        alike = not self._disturbed
        self.eager = bool(self._holds)
        self._state = _HELD  # for those who act at the boundary
        self._since_s = self._clock._now
        self._boundary()
        if self._state == _HELD and self.ring:
            if alike and not self._disturbed and not self.eager and not self._holds:
                self._state, self._since_s = _STEADY, self._clock._now
            else:
                self._begin()

    # ---- what comes between

    def disturbed(self) -> None:
        """Something has changed: the step under way tells nothing of the next."""
        self.wake()
        self._disturbed = True

    def _stopped(self, _: int) -> None:
        """A link of the ring is down: wait for another ring or another way."""
        if self._state == _REDUCE:
            left = max(self._sharing.lacking_bytes(flow) for flow in self._flows.values())
            self._stop_flows()
            self._stall(left)

    def _stall(self, left_bytes: float) -> None:
        self._state, self._left_bytes, self._since_s = _STALLED, left_bytes, self._clock.now

    def _stop_flows(self) -> None:
        for flow in self._flows.values():
            self._sharing.cancel(flow)
        self._flows.clear()
        self._cancel()

    def _cancel(self) -> None:
        if self._moment is not None:
            self._moment.cancel()
            self._moment = None

    def _abort(self) -> None:
        now, count = self._clock.now, len(self.ring)
        if self._state in (_COMPUTE, _REDUCE, _ARRIVE):
            self.lost_s += (now - self._began_s) * count
        elif self._state in (_HELD, _STALLED):
            self.idle_s += (now - self._since_s) * count
        self._stop_flows()
        self._state = _OFF
