"""What each choice would mean, as a set: where a request goes, the plans, the drafts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.ring.choice_figures import ASKED, FEATURES, Known, fill
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import Future
from edgesim.twin.ring.serving_world import RingWorld

__all__ = ["ChoiceObserver"]

_HIGH = 5.0  # values beyond are cut


class ChoiceObserver:
    """What is told of each choice, then of the decision.

    Of the plans there are those that are fastest by what was measured, fastest as memories likely
    are, and fastest after one more change: others would be worse in all of it.

    All follows from what was measured last, with noise, and from what anybody knows who has the
    scenario: how often memories are taken, how far measurements are off.

    Args:
        world: the world.

    Attributes:
        features: what is told of each choice, in order.
        asked: what is told of the decision, in order.
        names: name of each entry.
        space: ``ChoiceBox(-5, 5)``, shape (entries,).
    """

    features, asked = FEATURES, ASKED

    def __init__(self, world: RingWorld) -> None:
        self._tables = tables = world.tables
        systems, states = tables.token_s.shape
        count = 4 + systems + len(tables.drafts)
        self.names = [f"{feature} {k}" for feature in self.features for k in range(count)]
        self.names += [f"decision {name}" for name in self.asked]
        high = np.full(len(self.names), _HIGH, dtype=np.float32)
        self.space: Any = ChoiceBox(-high, high, self.names, self.features, count)
        scenario = world.scenario
        changes, requests = scenario.changes, scenario.requests
        middle = sum(requests.acceptance) / 2.0
        self._known = Known(
            busy=changes.memory_busy_s / (changes.memory_busy_s + changes.memory_free_s),
            spread=max(changes.noise, 1e-3),
            prompt=requests.prompt_tokens,
            output=requests.output_tokens,
            a_cycle=np.array([serving.a_cycle(middle, draft) for draft in scenario.drafts]),
            times=np.zeros(systems),
            likely=np.zeros(states),
            rates=np.zeros((systems, states)),
            logs=np.zeros((systems, states)),
        )
        self._count = count

    def observe(
        self, future: Future, state: serving.State, mask: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]:
        """What is seen, shape (entries,).

        Args:
            future: of the episode; of it only the prompt at hand is looked at.
            state: how the episode stands.
            mask: which choices are meant.
        """
        seen = np.zeros(len(self.names))
        told = len(self.features) * self._count
        page = seen[:told].reshape(len(self.features), self._count)
        fill(self._tables, self._known, future, state, mask, page, seen[told:])
        return np.clip(seen, -_HIGH, _HIGH).astype(np.float32)
