"""Detectors as services that ``edgesim calibrate`` measures: flows in, kinds of traffic out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.profiles.profile import Detection, Model
from edgesim.services.detectors.detectors import Trained, confusions
from edgesim.services.detectors.flows import Flows
from edgesim.services.detectors.generator import generate
from edgesim.services.detectors.readers import read_flows
from edgesim.services.extras import needs_extra
from edgesim.services.service import Outputs, Plan

__all__ = ["KINDS", "THRESHOLDS", "DetectorService", "detector"]

Floats = npt.NDArray[np.float64]

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)
"""At which a confusion matrix is kept."""

KINDS = {"ids_network": "network", "ids_boosting": "boosting", "ids_forest": "forest"}
"""The embedded detectors, and the kind of each."""

TRAINED_ON = 20_000
"""Flows that an embedded detector learns from."""

_PLAN = Plan(items=25, work=(2000,), batches=(1,), timed=(1, 16, 256, 4096), chunk=1, repeats=9)


class DetectorService:
    """A detector, trained when it is loaded.

    An item is a stream of flows: item ``k`` at work ``w`` are the ``w`` held-out flows from number
    ``k w`` on, from the first again after the last.

    Args:
        name: of the service.
        kind: one of :data:`edgesim.services.detectors.detectors.DETECTORS`.
        seed: of flows and training.
        data: a file of flows to learn from and to be measured on, half each; None: the generator.

    Raises:
        InputError: the file cannot be used.
    """

    task = "intrusion_detection"
    unit = "flow"
    loading_is_timed = False  # what is timed is training, which a server does not repeat

    def __init__(self, name: str, kind: str, seed: int, data: str | None = None) -> None:
        self.name, self._kind, self._seed = name, kind, seed
        self.plan = _PLAN
        if data is None:
            self._training = generate(TRAINED_ON, seed)
            self._test = generate(_PLAN.items * int(_PLAN.work[0]), seed + 1)
            of = "drawn flows (edgesim.services.detectors.generator)"
        else:
            self._training, self._test = _halves(read_flows(data), seed)
            of = "half of a file of flows"
        self.title = f"a {kind} that finds attacks among flows"
        self.note = f"trained on {len(self._training)} and measured on other {of}"
        self.load()
        self.model = Model(
            f"edgesim/{name}", self._detector.parameters, "MIT", weights_bytes=self.weights_bytes
        )

    @property
    def weights_bytes(self) -> int:
        """What the detector takes in memory."""
        return self._detector.size_bytes

    @property
    def classes(self) -> tuple[str, ...]:
        """Kinds of traffic, benign first."""
        return self._training.classes

    def load(self) -> None:
        """Train it."""
        self._detector = Trained(self._kind, self._training, self._seed)

    def run(self, items: Sequence[int], work: Sequence[float]) -> Outputs:
        """How likely each flow of each stream is of each class.

        Returns:
            shape (items, flows, classes); where streams differ in length, an array of each.
        """
        found = [
            self._detector.scores(self._test.values[self._rows(item, int(flows))])
            for item, flows in zip(items, work, strict=True)
        ]
        if len(set(work)) == 1:
            return np.stack(found)
        return found

    def score(self, work: Sequence[float], outputs: Sequence[Any]) -> Detection:
        """The confusion matrix at each threshold, of the flows of the largest work."""
        found, flows = outputs[-1], int(work[-1])
        rows = np.concatenate([self._rows(item, flows) for item in range(len(found))])
        scores = np.concatenate([np.asarray(it, dtype=np.float64) for it in found])
        counts = confusions(scores, self._test.kinds[rows], THRESHOLDS)
        matrices = tuple(tuple(tuple(map(int, row)) for row in of) for of in counts)
        return Detection(self.classes, THRESHOLDS, matrices)

    def scores(self, values: Floats) -> Floats:
        """How likely each of some flows is of each class."""
        return self._detector.scores(values)

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that it looks at."""
        return self._training.features

    def _rows(self, item: int, flows: int) -> npt.NDArray[np.int64]:
        return (item * flows + np.arange(flows)) % len(self._test)


def detector(config: Any) -> DetectorService:
    """The detector that a configuration names.

    Raises:
        InputError: the extra is missing, or the file of flows cannot be used.
    """
    needs_extra("services", "service", config.service)
    data = getattr(config, "data", None)
    return DetectorService(config.service, KINDS[config.service], config.seed, data)


def _halves(flows: Flows, seed: int) -> tuple[Flows, Flows]:
    """Half of each class to learn from, half to be measured on.

    Raises:
        InputError: a class has one flow only.
    """
    rng = np.random.default_rng(seed)
    halves: tuple[list[Any], list[Any]] = ([], [])
    for number, name in enumerate(flows.classes):
        rows = rng.permutation(np.flatnonzero(flows.kinds == number))
        if len(rows) < 2:
            raise InputError("data", name, "has one flow only: leave it out, or give more")
        halves[0].append(rows[: len(rows) // 2])
        halves[1].append(rows[len(rows) // 2 :])
    return tuple(flows.of(rng.permutation(np.concatenate(it))) for it in halves)  # type: ignore[return-value]
