"""The faults of an episode: what fails by chance, told to the workload whose world it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from edgesim.scenarios.parts.faults import Fault
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.crowds import Crowd, Load
from edgesim.twin.core.drift import Drifts
from edgesim.twin.core.outages import Law, Outages
from edgesim.twin.core.streams import Streams

__all__ = ["Faults", "Hit", "with_fault_crowds"]


class Hit(NamedTuple):
    """Something begins to be out or worse, or is over it.

    Attributes:
        what: one of :data:`edgesim.scenarios.parts.faults.KINDS`.
        number: which of them.
        begins: whether it begins; else it ends.
        factor: what is left of a provider's quality or speed; 1 at the end.
    """

    what: str
    number: int
    begins: bool
    factor: float


class Faults:
    """Failures and repairs by chance, in an episode.

    Each thing has a stream of its own, ``faults/<row>/<number>``; outages with a common cause have
    one a row, from which also follows whom they hit. A thing that another fault holds down already
    is not hit again.

    Args:
        clock: the twin's clock.
        faults: of the scenario; crowds are left out, see :func:`with_fault_crowds`.
        counts: how many there are of each kind.
        streams: the episode's.
        hear: called at each begin and end. False: it cannot be; the thing goes on as it was.

    Attributes:
        began_s: when outages began, s.
        drifts: what changes little by little.
        out: how many things are out or worse now.
    """

    def __init__(
        self,
        clock: Clock,
        faults: Sequence[Fault],
        counts: Mapping[str, int],
        streams: Streams,
        hear: Callable[[Hit], bool],
    ) -> None:
        self._clock, self._hear = clock, hear
        self._outages = Outages(clock)
        self._down: set[tuple[str, int]] = set()
        self.began_s: list[float] = []
        self.drifts = Drifts(clock, faults, counts, streams)
        for row, fault in enumerate(faults):
            if fault.what == "load" or fault.drifts:
                continue
            work, repair = (
                Law(fault.mtbf_s, fault.shape),
                Law(fault.mttr_s, fault.repair_shape),
            )
            count = counts[fault.what]
            causes = _Causes(self, fault, count)
            causing = count if fault.together is None else 1
            self._outages.add_all(causing, f"faults/{row}/", streams, work, repair, causes.ends)

    @property
    def out(self) -> int:
        """See the class."""
        return len(self._down)

    def resample(self) -> None:
        """Draw the future anew, see :meth:`edgesim.twin.twin.Twin.fork`."""
        self._outages.resample()

    def begin(self, what: str, number: int, factor: float) -> bool:
        """Something begins to be out; False where it is already, or cannot be."""
        key = (what, number)
        if key in self._down or not self._hear(Hit(what, number, True, factor)):
            return False
        self._down.add(key)
        self.began_s.append(self._clock.now)
        return True

    def end(self, what: str, number: int) -> None:
        """It is over."""
        self._down.discard((what, number))
        self._hear(Hit(what, number, False, 1.0))


class _Causes:
    """What causes the outages of one row."""

    __slots__ = ("_count", "_fault", "_faults")

    def __init__(self, faults: Faults, fault: Fault, count: int) -> None:
        self._faults, self._fault, self._count = faults, fault, count

    def ends(
        self, number: int, rng: np.random.Generator
    ) -> tuple[Callable[[int], None], Callable[[int], None]]:
        """What one of them does when it begins, and when it is over."""
        cause = _Cause(self._faults, self._fault, self._count, rng)
        return cause.begins, cause.ends


class _Cause:
    """One cause of outages, and whom it holds down."""

    __slots__ = ("_count", "_fault", "_faults", "_held", "_rng")

    def __init__(self, faults: Faults, fault: Fault, count: int, rng: np.random.Generator) -> None:
        self._faults, self._fault, self._count, self._rng = faults, fault, count, rng
        self._held: list[int] = []

    def begins(self, number: int) -> None:
        fault, rng = self._fault, self._rng
        numbers = [number]
        if fault.together is not None:
            size = min(fault.together, self._count)
            numbers = sorted(rng.choice(self._count, size=size, replace=False).tolist())
        low, high = fault.factors
        for one in numbers:
            factor = low if low == high else float(rng.uniform(low, high))
            if self._faults.begin(fault.what, one, factor):
                self._held.append(one)

    def ends(self, number: int) -> None:
        for one in self._held:
            self._faults.end(self._fault.what, one)
        self._held = []


def with_fault_crowds(
    load: Load, faults: Iterable[Fault], usual_hz: float, horizon_s: float, streams: Streams
) -> Load:
    """The load of an episode with the crowds that come by chance.

    Crowds come after Weibull times and stay for Weibull times, drawn at the beginning from the
    stream ``faults/<row>/crowds``; another sampled future has the same crowds, of other requests.

    Args:
        load: what stated events do to it.
        faults: of the scenario.
        usual_hz: the usual rate of all requests, 1/s.
        horizon_s: length of an episode, s.
        streams: the episode's.
    """
    crowds = list(load.crowds)
    for row, fault in enumerate(faults):
        if fault.what != "load":
            continue
        rng = streams[f"faults/{row}/crowds"]
        gap, stay = Law(fault.mtbf_s, fault.shape), Law(fault.mttr_s, fault.repair_shape)
        more_hz = usual_hz * (fault.factors[1] - 1.0)
        begin_s = gap.draw_s(rng)
        while begin_s < horizon_s and more_hz > 0:
            end_s = min(begin_s + stay.draw_s(rng), horizon_s)
            name = f"faults/{row}/crowd/{len(crowds)}"
            crowds.append(Crowd(name, begin_s, end_s, more_hz, None, None, fault.place))
            begin_s = end_s + gap.draw_s(rng)
    return load._replace(crowds=tuple(crowds))
