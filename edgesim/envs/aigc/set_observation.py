"""An AIGC world as a set of providers: the same figures of each, in units that fit any world."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.aigc.observation import Observer
from edgesim.envs.aigc.underway import Underway
from edgesim.envs.choice_box import ChoiceBox
from edgesim.twin.aigc.workload import AIGCWorkload

__all__ = ["CAPACITY_UNIT", "LATER_S", "STEPS_UNIT", "SetObserver"]

Observation = npt.NDArray[np.float32]

# What a figure is divided by, so that it is about 1; the same in all worlds, unlike the scales of
# the plain observation. Values beyond _HIGH are cut.
CAPACITY_UNIT, STEPS_UNIT = 1500.0, 250.0
_STEP_S, _ASSIGNED, _METRO_S, _LATENCY_S = 0.1, 10.0, 5.0, 10.0
_DEADLINE_S, _UPLOAD, _DOWNLOAD, _EFFICIENCY = 10.0, 5e6, 1e7, 7.4
_HIGH = 3.0
LATER_S = 1.0  # by which a result is taken to come later than expected
_FIRST_GUESS = 0.6  # quality that counts as one result before the first


class SetObserver:
    """Writes the observation of a twin as a set, for policies of any number of providers.

    The entries of a feature stand together, one a provider. ``quality`` is the mean of what came
    back, with 0.6 as one result more; ``timely`` what lateness is expected to leave of a result
    now, ``later`` if it took a second longer, and ``worth`` quality times that. ``others_lose`` is
    what the tasks that run there are expected to lose by one more, likewise in quality. Without a
    network all results are timely and nobody loses.

    Args:
        observer: of the same world, which sees results.

    Attributes:
        space: ``ChoiceBox(0, 3)``, shape (entries,).
        features: what is shown of each provider, in order.
        request: what is shown of the request, in order, after all providers.
    """

    features = (
        "there",  # 1; 0 for one that is down or has no room, where another is up and has
        "capacity",
        "available",
        "up",
        "step_time",
        "batch_slope",
        "assigned",
        "metro_time",
        "expected_latency",
        "timely",
        "later",
        "doubt",
        "quality",
        "spread",
        "since_result",
        "failures",
        "worth",
        "others_lose",
    )
    request = (
        "steps",
        "deadline",
        "upload_bytes",
        "download_bytes",
        "efficiency_up",
        "efficiency_down",
        "transfers_up",
        "transfers_down",
    )

    def __init__(self, observer: Observer, scenario: Any, world: Any) -> None:
        self._of, self._scenario = observer, scenario
        count = len(world.providers)
        names = [f"{feature} {p}" for feature in self.features for p in range(count)]
        names += [f"request {name}" for name in self.request]
        low = np.zeros(len(names), dtype=np.float32)
        self.space = ChoiceBox(low, low + _HIGH, names, self.features, count)
        self._radio = 0  # where the figures of the user's site begin in the plain observation
        self._template = low.copy()
        page = self._page(self._template)
        page[1] = world.capacity / CAPACITY_UNIT
        page[3] = 1.0
        page[9] = page[10] = 1.0
        if scenario.wireless is None:
            return
        self._radio = observer.names.index("request efficiency_up")
        page[4] = [machine.seconds_per_step / _STEP_S for machine in world.service]
        page[5] = [machine.batch_slope for machine in world.service]
        self._most_tasks = np.maximum(world.capacity / scenario.steps_range[0], 1.0)
        self._most_metro_s = scenario.wireless.deadline_s[1] + scenario.wireless.lateness_s

    def _page(self, seen: Observation) -> Observation:
        size = len(self.features) * self.space.choices
        return seen[:size].reshape(len(self.features), -1)

    def observe(self, twin: AIGCWorkload, underway: Underway | None) -> Observation:
        """The observation of the request at hand (or shown last), shape (entries,).

        Args:
            twin: the episode.
            underway: the tasks at its providers; None without a network.
        """
        plain = self._of.observe(twin)
        fits = twin.fits()
        column = self._of.column
        seen = self._template.copy()
        page = self._page(seen)
        page[0] = fits if fits.any() else (twin.up if twin.up.any() else 1.0)
        page[2] = column("available", plain)
        wireless = self._scenario.wireless
        asked = seen[-len(self.request) :]
        if wireless is None:
            asked[0] = twin.last.steps / STEPS_UNIT
        else:
            task = twin.last
            page[3] = column("up", plain)
            page[6] = column("assigned", plain) * (self._most_tasks / _ASSIGNED)
            page[7] = column("metro_time", plain) * (self._most_metro_s / _METRO_S)
            patience_s = task.deadline_s + wireless.lateness_s
            latency_s = column("expected_latency", plain) * patience_s
            page[8] = latency_s / _LATENCY_S
            left = (patience_s - latency_s) / wireless.lateness_s
            page[9] = np.clip(left, 0.0, 1.0)
            page[10] = np.clip(left - LATER_S / wireless.lateness_s, 0.0, 1.0)
            asked[:4] = (
                task.steps / STEPS_UNIT,
                task.deadline_s / _DEADLINE_S,
                task.upload_bytes / _UPLOAD,
                task.download_bytes / _DOWNLOAD,
            )
            asked[4:] = plain[self._radio :][:4]
            asked[4:6] *= wireless.radio.max_spectral_efficiency / _EFFICIENCY
        experience = twin.experience
        assert experience is not None
        page[11] = column("doubt", plain)
        page[12] = (experience.quality * experience.results + _FIRST_GUESS) / (
            experience.results + 1.0
        )
        page[13] = column("spread", plain)
        page[14] = column("since_result", plain)
        page[15] = column("failures", plain)
        page[16] = page[12] * page[10]
        if underway is not None:
            page[17] = page[12] * underway.loses(twin, LATER_S)
        np.clip(seen, 0.0, _HIGH, out=seen)
        return seen
