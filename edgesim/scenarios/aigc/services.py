"""Schema of the services that AIGC providers run: measured or typed in, and how they batch."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgesim.errors import InputError
from edgesim.profiles.profile import PiecewiseFit, embedded, load_profile
from edgesim.profiles.profile import ServiceProfile as Measured
from edgesim.scenarios.checks import at_least, between, integer_from, interval, positive
from edgesim.scenarios.settings import setting

__all__ = ["Scheduler", "ServiceProfile", "fit_of", "loading_s", "measured"]


@dataclass
class Scheduler:
    """How a provider makes batches, see :class:`edgesim.twin.compute.batching.BatchServer`."""

    window_s: float = setting(0.1, "s; longest wait of a first request for others to join it")
    max_batch: int = setting(4, "images of a batch, where memory allows")

    def check(self) -> None:
        at_least("scheduler.window_s", self.window_s, 0)
        integer_from("scheduler.max_batch", self.max_batch, 1)


@dataclass
class ServiceProfile:
    """How long a provider's service takes and, where it was measured, how good its results are.

    Either ``service``, a measured profile by name or file (see
    :mod:`edgesim.profiles.profile`), on a device that is declared to be ``speed`` times as fast as
    the measured one; ``memory_bytes`` of that device limit the images of a batch, as measured. Or
    typed in: ``fixed_s + seconds_per_step * steps`` alone, and ``1 + batch_slope * (n - 1)`` times
    as long while ``n`` tasks run together.
    """

    name: str = setting("reference", "what providers call it")
    service: str | None = setting(
        None, "measured profile, by name or file; null: typed in by the last three keys"
    )
    speed: float = setting(1.0, "times as fast as the device that was measured")
    memory_bytes: float | None = setting(
        None, "bytes that the device leaves to a batch; null: no limit"
    )
    fixed_s: float | None = setting(None, "s; run time of no steps")
    seconds_per_step: float | None = setting(None, "s; run time of a step")
    batch_slope: float | None = setting(
        None, "part of a task's time alone by which each task beside it prolongs it"
    )

    def check(
        self,
        steps_range: list[int],
        scheduler: Scheduler | None,
        least_share: float = 1.0,
        *,
        rises: bool = True,
    ) -> None:
        """Raise an InputError for values out of range, or a measurement that does not reach.

        Args:
            steps_range: what requests ask for.
            scheduler: how providers make batches.
            least_share: smallest share of these that a choice may spend.
            rises: whether its quality must rise with the steps.
        """
        at = f"profiles.{self.name}"
        positive(f"{at}.speed", self.speed)
        typed = ("fixed_s", "seconds_per_step", "batch_slope")
        if self.service is None:
            for key in typed:
                if getattr(self, key) is None:
                    raise InputError(f"{at}.{key}", None, f"give service, or {', '.join(typed)}")
            if self.memory_bytes is not None:
                raise InputError(
                    f"{at}.memory_bytes", self.memory_bytes, "only a measured service takes memory"
                )
            at_least(f"{at}.fixed_s", self.fixed_s, 0)
            positive(f"{at}.seconds_per_step", self.seconds_per_step)
            between(f"{at}.batch_slope", self.batch_slope, 0, 1)
            return
        for key in typed:
            if getattr(self, key) is not None:
                raise InputError(f"{at}.{key}", getattr(self, key), "is measured with a service")
        profile = measured(self.service)
        if rises:
            fit_of(profile)
        first, last = profile.scored.work[0], profile.scored.work[-1]
        # A range that is no range is refused elsewhere.
        interval("steps_range", steps_range, low=1)
        if steps_range[1] > last:
            raise InputError(
                "steps_range",
                steps_range,
                f"{profile.name} was measured up to {last:g} {profile.unit}s",
            )
        if steps_range[0] < first:
            raise InputError(
                "steps_range",
                steps_range,
                f"{profile.name} was measured from {first:g} {profile.unit}s on",
            )
        if round(least_share * steps_range[0]) < first:
            raise InputError(
                "step_shares",
                least_share,
                f"of {steps_range[0]} steps are too few: {profile.name} was measured from"
                f" {first:g} {profile.unit}s on",
            )
        self._check_batches(profile, scheduler)

    def _check_batches(self, profile: Measured, scheduler: Scheduler | None) -> None:
        at = f"profiles.{self.name}.memory_bytes"
        if scheduler is None:
            if self.memory_bytes is not None:
                raise InputError(at, self.memory_bytes, "needs a scheduler, so that tasks can wait")
            return
        if scheduler.max_batch > profile.latency.max_batch:
            raise InputError(
                "scheduler.max_batch",
                scheduler.max_batch,
                f"{profile.name} was measured up to batches of {profile.latency.max_batch}",
            )
        if self.memory_bytes is not None:
            positive(at, self.memory_bytes)
            if self.memory_bytes < profile.memory.bytes_of(1):
                item = "image" if profile.unit == "step" else "item"
                raise InputError(
                    at,
                    self.memory_bytes,
                    f"one {item} of {profile.name} takes {profile.memory.bytes_of(1):.0f} bytes",
                )

    def max_batch(self, scheduler: Scheduler) -> int:
        """Most images of a batch: what the scheduler allows and the memory holds."""
        if self.service is None or self.memory_bytes is None:
            return scheduler.max_batch
        memory = measured(self.service).memory
        held = int((self.memory_bytes - memory.fixed_bytes) / memory.bytes_per_item + 1e-9)
        return min(scheduler.max_batch, held)


def measured(service: str) -> Measured:
    """The measured profile of a name or file; one of the package is read once in a process.

    Raises:
        InputError: there is none, or the file is none.
    """
    return _embedded(service) if service in embedded() else load_profile(Path(service))


@cache
def _embedded(service: str) -> Measured:
    return load_profile(service)


def loading_s(service: str, speed: float, rate_bps: float | None) -> float:
    """Seconds until a measured service that is not there can run.

    Args:
        service: its name or file.
        speed: of the device, which takes so many times less than the median that was measured.
        rate_bps: at which its bytes are read before that; None: they were read as fast as that.

    Raises:
        InputError: its loading was not measured.
    """
    loading = measured(service).loading
    if loading is None:
        raise InputError(f"profile {service}: loading", None, "a variant needs a measured loading")
    reading_s = 0.0 if rate_bps is None else 8.0 * loading.bytes / rate_bps
    return reading_s + sorted(loading.seconds)[len(loading.seconds) // 2] / speed


def fit_of(profile: Measured) -> PiecewiseFit:
    """The four parameters of its quality score (arXiv 2301.03220).

    Raises:
        InputError: it has none, or its quality does not rise.
    """
    fit = profile.scored.score.fits.piecewise
    if fit is None:
        raise InputError(
            f"profile {profile.name}: quality.score.fits.piecewise",
            None,
            "a scenario needs the four-parameter fit of the score",
        )
    if not fit.by > fit.ay:
        raise InputError(
            f"profile {profile.name}: quality.score.fits.piecewise.by",
            fit.by,
            f"must be above ay = {fit.ay:g}: more steps must pay",
        )
    return fit
