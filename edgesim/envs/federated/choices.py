"""Devices as a set of choices: what is told of each fits any number of them, in any world."""

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.federated.observation import Seen
from edgesim.envs.federated.setting import Setting
from edgesim.twin.federated.workload import FederatedWorkload

__all__ = ["FEATURES", "REQUEST", "ChoiceObserver"]

Floats = npt.NDArray[np.float64]

FEATURES = (
    "there",  # 1 where it can be chosen
    "seconds",  # of a round of it alone, t / (t + the median)
    "more",  # seconds that it lengthens the round by, likewise
    "queue",  # share of the devices to choose that are chosen in its factory
    "stale",  # rounds since it trained, over 20
    "never",  # 1 where it has never trained
    "loss",  # its loss when it trained last, l / (l + the mean); 0.5 where it never did
    "expected",  # the loss that its labels let expect now, likewise
    "fit",  # how much nearer the labels of those chosen come to everybody's with it
    "balance",  # likewise, of those chosen and what was trained on lately
    "lacking",  # how much its labels were lacking lately
    "more later",  # more, times accuracy
    "stale later",  # stale, times accuracy
    "expected later",  # expected, times accuracy
    "fit later",  # fit, times accuracy
    "balance later",  # balance, times accuracy
)
"""What is told of each device."""

REQUEST = ("time left", "accuracy", "chosen")
"""What is told of the round: share of the budget that is left, accuracy, share of those to choose
that are chosen."""

_LATER = ("more", "stale", "expected", "fit", "balance")
_PLACE = {name: place for place, name in enumerate(FEATURES)}
_STALE = 20.0


class ChoiceObserver:
    """Writes observations that are a set of choices, see :data:`FEATURES`.

    Args:
        setting: nodes, links and data.

    Attributes:
        space: of the observations.
        devices: how many there are.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.devices = devices = setting.scenario.total_devices
        names = [f"{feature} {device}" for feature in FEATURES for device in range(devices)]
        names += [f"request {name}" for name in REQUEST]
        high = np.ones(len(names), np.float32)
        self.space = ChoiceBox(-high, high, names, FEATURES, devices)

    def column(self, name: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One of :data:`FEATURES` for all devices, shape (…, devices)."""
        first = _PLACE[name] * self.devices
        return observation[..., first : first + self.devices]

    def observe(
        self, twin: FederatedWorkload, seen: Seen, accuracy: float, losses: Floats
    ) -> npt.NDArray[np.float32]:
        """What is seen now."""
        setting, scenario = self._setting, self._setting.scenario
        shares, chosen, wanted = setting.shares, seen.chosen, scenario.selected
        prior, everybody = shares.prior, shares.everybody
        found = np.zeros((len(FEATURES), self.devices))
        there = np.array(twin.network.links.node_up[-self.devices :], bool)
        there[chosen] = False
        usual = max(float(np.median(seen.alone_s)), 1e-9)
        slowest = max((float(seen.alone_s[k]) for k in chosen), default=0.0)
        more = np.maximum(seen.alone_s - slowest, 0.0)
        factory = setting.network.factory
        known = losses[~np.isnan(losses)]
        mean = max(float(known.mean()) if len(known) else 1.0, 1e-9)
        latest = np.where(np.isnan(losses), mean, losses)
        expected = prior @ seen.class_losses
        so_far = prior[chosen].sum(axis=0)
        found[0] = there
        found[1] = seen.alone_s / (seen.alone_s + usual)
        found[2] = more / (more + usual)
        found[3] = np.bincount(factory[chosen], minlength=scenario.factories)[factory] / wanted
        found[4] = seen.stale / _STALE
        found[5] = np.isnan(losses)
        found[6] = latest / (latest + mean)
        found[7] = expected / (expected + float(seen.class_losses.mean()) + 1e-9)
        found[8] = _nearer(so_far, len(chosen), prior, everybody)
        found[9] = _nearer(so_far + wanted * seen.trained, len(chosen) + wanted, prior, everybody)
        found[10] = prior @ (everybody - seen.trained) / everybody.max()
        for place, name in enumerate(_LATER, start=11):
            found[place] = accuracy * found[_PLACE[name]]
        left = max(0.0, 1.0 - twin.clock.now / scenario.budget_s)
        request = (left, accuracy, len(chosen) / wanted)
        seen_now = np.concatenate([found.ravel(), request])
        return np.asarray(np.clip(seen_now, -1.0, 1.0), np.float32)


def _nearer(there: Floats, count: int, prior: Floats, everybody: Floats) -> Floats:
    """How much nearer labels come to everybody's with each device, times the size that they have.

    Args:
        there: sum of the label shares of what there is, (classes,).
        count: of how many.
        prior: label shares of each device, (devices, classes).
        everybody: label shares of all, (classes,).
    """
    off = there - count * everybody
    then = np.linalg.norm(off + prior - everybody, axis=1)
    return np.asarray(np.linalg.norm(off) - then, float)
