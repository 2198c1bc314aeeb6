"""What is seen of devices when some of them are chosen for a round."""

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.federated.setting import Setting
from edgesim.twin.federated.workload import FederatedWorkload
from edgesim.twin.federated.world import CLOUD

__all__ = ["BLOCK", "REQUEST", "Observer", "Seen"]

Floats = npt.NDArray[np.float64]

BLOCK = (
    "chosen",
    "seconds",
    "more seconds",
    "same factory",
    "stale",
    "loss",
    "labels fit",
    "labels lacking",
)
"""Of each device: whether it is chosen for the round; the time of a round of it alone, and how much
longer than of those chosen so far, over the longest of all; chosen ones in its factory, over all to
choose; rounds since it trained, over 20; loss when it trained last, over 3; how much nearer the
labels of those chosen come to everybody's with it; how much its labels were lacking so far."""

REQUEST = (
    "time left",
    "accuracy",
    "round",
    "chosen",
    "seconds",
    "label distance",
    "loss",
    "down",
)
"""Of the round: share of the budget that is left; accuracy; rounds over 100; share of the devices
that are chosen; their time alone, the longest, over that of all; distance of their labels; mean
loss over 3; share of the devices that are down."""

_STALE, _LOSS, _ROUNDS = 20.0, 3.0, 100.0
_MEMORY = 0.8  # of what labels were trained on, a round


class Seen:
    """What a decision maker knows of devices; of one episode.

    Args:
        setting: nodes, links and data.

    Attributes:
        chosen: devices that are chosen for the round at hand.
        stale: rounds since each device trained.
        trained: label shares of what was trained on lately.
        alone_s: time of a round of each device alone, now, s.
        class_losses: loss that a class is expected to have, from the losses of those who trained.
    """

    def __init__(self, setting: Setting) -> None:
        devices = setting.scenario.total_devices
        self.chosen: list[int] = []
        self.stale = np.full(devices, _STALE)
        self.trained = np.zeros(setting.shares.images.classes)
        self.alone_s = np.zeros(devices)
        self.class_losses = np.ones(setting.shares.images.classes)

    def look(self, setting: Setting, twin: FederatedWorkload, model_bytes: float) -> None:
        """Before a round: how long each device would take alone, queues and chains included."""
        world, way_s = setting.network, twin.network.messages.way_s
        nodes = [world.node(device) for device in range(len(self.stale))]
        ways = np.array([[*way_s(CLOUD, node), *way_s(node, CLOUD)] for node in nodes])
        seconds = model_bytes * (ways[:, 0] + ways[:, 2]) + ways[:, 1] + ways[:, 3]
        trained = setting.scenario.trained
        batches_s = trained.steps * setting.scenario.compute.batch_s
        # A link of which nothing is left makes it endless: as long as the budget, then.
        found = seconds + batches_s + setting.flops / world.flops
        self.alone_s = np.minimum(found, setting.scenario.budget_s)

    def close(self, setting: Setting, devices: list[int], losses: Floats) -> None:
        """After a round in which some devices trained.

        Args:
            setting: nodes, links and data.
            devices: who trained.
            losses: of each device's last batch before it trained.
        """
        self.stale = np.minimum(self.stale + 1, _STALE)
        self.stale[devices] = 0
        self.chosen = []
        if devices:
            labels = setting.shares.prior[devices].mean(axis=0)
            self.trained = _MEMORY * self.trained + (1 - _MEMORY) * labels
            prior = setting.shares.prior[devices]
            told = np.minimum(prior.sum(axis=0), 1.0)
            mean = losses[devices] @ prior / np.maximum(prior.sum(axis=0), 1e-9)
            self.class_losses += told * (mean - self.class_losses)


class Observer:
    """Writes observations.

    Args:
        setting: nodes, links and data.
        labels: whether each device's label shares stand behind its other entries.

    Attributes:
        space: of the observations.
        block: entries of a device.
    """

    def __init__(self, setting: Setting, labels: bool) -> None:
        self._setting, self._labels = setting, labels
        self.devices = setting.scenario.total_devices
        classes = setting.shares.images.classes
        self.block = len(BLOCK) + (classes if labels else 0)
        size = self.devices * self.block + len(REQUEST)
        self.space = spaces.Box(-1.0, 1.0, (size,), np.float32)

    def column(self, name: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One entry of :data:`BLOCK` for all devices, shape (…, devices)."""
        blocks = observation[..., : self.devices * self.block]
        return blocks.reshape(*observation.shape[:-1], self.devices, self.block)[
            ..., BLOCK.index(name)
        ]

    def observe(
        self, twin: FederatedWorkload, seen: Seen, accuracy: float, losses: Floats
    ) -> npt.NDArray[np.float32]:
        """What is seen now."""
        setting, scenario = self._setting, self._setting.scenario
        prior, everybody = setting.shares.prior, setting.shares.everybody
        longest = max(float(seen.alone_s.max()), 1e-9)
        slowest = max((float(seen.alone_s[k]) for k in seen.chosen), default=0.0)
        found = np.zeros((self.devices, self.block))
        found[seen.chosen, 0] = 1.0
        found[:, 1] = seen.alone_s / longest
        found[:, 2] = np.maximum(seen.alone_s - slowest, 0.0) / longest
        factory = setting.network.factory
        there = np.bincount(factory[seen.chosen], minlength=scenario.factories)
        found[:, 3] = there[factory] / scenario.selected
        found[:, 4] = seen.stale / _STALE
        known = np.where(np.isnan(losses), _LOSS, losses)
        found[:, 5] = np.minimum(known / _LOSS, 1.0)
        so_far, count = prior[seen.chosen].sum(axis=0), len(seen.chosen)
        now = np.linalg.norm(so_far / count - everybody) if count else 1.0
        then = np.linalg.norm((so_far + prior) / (count + 1) - everybody, axis=1)
        found[:, 6] = np.clip(now - then, -1, 1)
        found[:, 7] = np.clip(prior @ (everybody - seen.trained) / everybody.max(), -1, 1)
        if self._labels:
            found[:, len(BLOCK) :] = prior
        up = np.array(twin.network.links.node_up, bool)[-self.devices :]
        request = (
            max(0.0, 1 - twin.clock.now / scenario.budget_s),
            accuracy,
            min(1.0, twin.ledger.over / _ROUNDS),
            count / scenario.selected,
            slowest / longest,
            min(1.0, float(now)),
            float(np.minimum(known / _LOSS, 1.0).mean()),
            float(1 - up.mean()),
        )
        return np.concatenate([found.ravel(), request]).astype(np.float32)
