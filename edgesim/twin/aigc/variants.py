"""Providers that can run several variants of a service, one at a time.

A provider with variants is listed once for each of them: the entries share its device, capacity,
queue and place, and differ in quality, in the time of a batch, in the memory that is left to it,
and in whether the variant is loaded. Entry ``i`` is site ``i % sites`` with variant ``i // sites``.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from edgesim.scenarios.aigc.schema import AIGCScenario, ProviderSpec, ServiceProfile
from edgesim.scenarios.aigc.services import measured
from edgesim.twin.aigc.providers import Machine
from edgesim.twin.compute.batching import BatchServer, Seat
from edgesim.twin.core.clock import Clock

__all__ = ["VariantServer", "with_variants"]

_AT_ONCE = 1e-9  # work from which a quality that does not rise with the work is there


def with_variants(
    scenario: AIGCScenario, specs: Sequence[ProviderSpec], profiles: Sequence[ServiceProfile]
) -> tuple[list[ProviderSpec], list[ServiceProfile]]:
    """Every provider once for each variant, and what each entry runs.

    Its quality is the mean score of all that was measured of the variant: the score of a text does
    not rise with its length.
    """
    entries, runs = [], []
    for name in scenario.variants or ():
        score = measured(name).scored.score
        mean = sum(score.mean) / len(score.mean)
        for spec, profile in zip(specs, profiles, strict=True):
            entries.append(replace(spec, ax=0.0, ay=0.0, bx=_AT_ONCE, by=mean))
            runs.append(replace(profile, name=f"{profile.name} {name}", service=name))
    return entries, runs


class VariantServer(BatchServer):
    """A device that holds one variant at a time and makes batches of tasks of one variant.

    First come first served: a batch is of the variant of the task that has waited longest, and
    takes others of that variant that wait, up to as many as its memory leaves room for. Where it is
    not the variant that is loaded, loading comes first.

    Args:
        clock: the world's clock.
        machines: of every variant on this device.
        loading: seconds until each can run, where another is loaded.
        variant_of: the variant of a task.
        loaded: the one that is there at first.
        seconds: of a batch, from its variant and the work of its members.
        window_s: longest wait of a first task for others to join it.

    Attributes:
        loaded: the variant that is there.
        loads: how often another was loaded.
    """

    def __init__(
        self,
        clock: Clock,
        machines: Sequence[Machine],
        loading: Sequence[float],
        variant_of: Callable[[Any], int],
        loaded: int,
        seconds: Callable[[int, Sequence[Any]], float],
        window_s: float,
    ) -> None:
        super().__init__(clock, self._of_batch, window_s, 1)
        self.loaded, self.loads = loaded, 0
        self._most = [machine.max_batch or 1 for machine in machines]
        self._loading, self._variant_of = list(loading), variant_of
        self._seconds_of = seconds
        self._asked: list[Callable[[Any], Any] | None] = [machine.asks for machine in machines]

    def wait_s(self, variant: int) -> float:
        """Seconds of loading that a task of a variant would meet now."""
        return 0.0 if variant == self.loaded else self._loading[variant]

    def _next(self) -> list[Seat]:
        """Those that wait for the variant of the first, at most a batch of them."""
        variant = self._variant_of(self._waiting[0].value)
        same = [seat for seat in self._waiting if self._variant_of(seat.value) == variant]
        return same[: self._most[variant]]

    def _consider(self) -> None:
        waiting = self._waiting
        if self._batch or not waiting:
            return
        due_s = waiting[0].came_s + self._window_s
        variant = self._variant_of(waiting[0].value)
        if len(self._next()) >= self._most[variant] or due_s <= self._clock._now:
            self._begin()
        else:
            self._wake(due_s)

    def _begin(self) -> None:
        now, batch = self._clock._now, self._next()
        taken = set(map(id, batch))
        self._waiting = deque(seat for seat in self._waiting if id(seat) not in taken)
        for seat in batch:
            seat.began_s = now
        self._batch = batch
        variant = self._variant_of(batch[0].value)
        took_s = self.wait_s(variant)
        self.loads += variant != self.loaded
        self.loaded = variant
        asks = self._asked[variant]
        asked = [seat.value.steps if asks is None else asks(seat.value) for seat in batch]
        took_s += self._seconds_of(variant, asked)
        self._end_s = now + took_s
        self._end = self._clock.at(self._end_s, self._ended)

    def _of_batch(self, work: Sequence[float]) -> float:
        raise NotImplementedError("a batch is of a variant")  # _begin asks seconds itself
