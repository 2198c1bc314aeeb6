"""Detectors: what turns the figures of a flow into how likely it is each kind of traffic."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError, did_you_mean
from edgesim.services.detectors.flows import Flows, Scaler
from edgesim.services.detectors.metrics import confusion
from edgesim.services.detectors.scarcity import class_weights

__all__ = [
    "DETECTORS",
    "Boosting",
    "Detector",
    "Forest",
    "Network",
    "Trained",
    "confusions",
    "found_kinds",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HIDDEN = (128, 64, 32, 16)
"""Hidden layers of the network of arXiv 2306.03707."""


class Detector(Protocol):
    """A detector that has been trained.

    Attributes:
        parameters: numbers that it has learned: weights, or nodes of trees times what each holds.
        size_bytes: what they take.
    """

    parameters: int
    size_bytes: int

    def scores(self, values: Floats) -> Floats:
        """How likely each flow is of each class, shape (flows, classes)."""


class Network:
    """The dense network of arXiv 2306.03707: 128-64-32-16, ReLU, softmax; Adam, batches of 128.

    It is trained by torch and runs in numpy, where one flow takes a third of the time.

    Args:
        flows: to train with.
        seed: of weights and order.
        weights: of the classes in the loss; None: all alike.
        steps: gradient steps; the same for every training that is compared.
    """

    def __init__(
        self, flows: Flows, seed: int, weights: Floats | None = None, steps: int = 3400
    ) -> None:
        import torch
        from torch import nn

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            widths = (len(flows.features), *HIDDEN)
            layers: list[nn.Module] = []
            for before, after in pairwise(widths):
                layers += [nn.Linear(before, after), nn.ReLU()]
            layers.append(nn.Linear(HIDDEN[-1], len(flows.classes)))
            network = nn.Sequential(*layers)
            optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
            loss_of = nn.CrossEntropyLoss(
                None if weights is None else torch.tensor(weights, dtype=torch.float32)
            )
            inputs = torch.tensor(flows.values, dtype=torch.float32)
            kinds = torch.tensor(flows.kinds)
            rng = np.random.default_rng(seed)
            order, at = rng.permutation(len(flows)), 0
            for _ in range(steps):
                if at + 128 > len(order):
                    order, at = rng.permutation(len(flows)), 0
                rows = torch.from_numpy(order[at : at + 128])
                at += 128
                optimiser.zero_grad()
                loss_of(network(inputs[rows]), kinds[rows]).backward()
                optimiser.step()
        linear = [layer for layer in network if isinstance(layer, nn.Linear)]
        self._layers = [
            (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
            for layer in linear
        ]
        self.parameters = sum(weight.size + bias.size for weight, bias in self._layers)
        self.size_bytes = 4 * self.parameters

    def scores(self, values: Floats) -> Floats:
        """See :class:`Detector`."""
        seen = values.astype(np.float32)
        *hidden, (weight, bias) = self._layers
        for inner, shift in hidden:
            seen = np.maximum(seen @ inner + shift, 0.0)
        out = (seen @ weight + bias).astype(np.float64)
        out = np.exp(out - out.max(axis=1, keepdims=True))
        likely: Floats = out / out.sum(axis=1, keepdims=True)
        return likely


class _Trees:
    """A classifier of scikit-learn, with a column for every class."""

    def __init__(self, model: Any, flows: Flows, weights: Floats | None) -> None:
        self._classes, self._model = len(flows.classes), model
        sample = None if weights is None else weights[flows.kinds]
        model.fit(flows.values, flows.kinds, sample_weight=sample)

    def scores(self, values: Floats) -> Floats:
        """See :class:`Detector`."""
        likely: Floats = self._model.predict_proba(values)
        if likely.shape[1] == self._classes:
            return likely
        every = np.zeros((len(values), self._classes))
        every[:, self._model.classes_] = likely
        return every


class Forest(_Trees):
    """A random forest of 100 trees (Breiman 2001), as scikit-learn has it by default.

    Args:
        flows: to train with.
        seed: of samples and features.
        weights: of the classes; None: all alike.
        trees: how many.
    """

    def __init__(
        self, flows: Flows, seed: int, weights: Floats | None = None, trees: int = 100
    ) -> None:
        from sklearn.ensemble import RandomForestClassifier

        super().__init__(RandomForestClassifier(trees, random_state=seed), flows, weights)
        nodes = [tree.tree_ for tree in self._model.estimators_]
        self.size_bytes = sum(int(it.value.nbytes + it.node_count * _NODE_BYTES) for it in nodes)
        self.parameters = sum(int(it.node_count) for it in nodes)


_NODE_BYTES = 64  # of a node of scikit-learn's trees: its fields in C


class Boosting(_Trees):
    """Gradient boosting on histograms (Ke and others, LightGBM, 2017), by scikit-learn.

    Args:
        flows: to train with.
        seed: of what is drawn where it bins.
        weights: of the classes; None: all alike.
        rounds: trees of each class.
    """

    def __init__(
        self, flows: Flows, seed: int, weights: Floats | None = None, rounds: int = 40
    ) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        # As it is by default it diverges on classes of ten flows: macro-F1 .46 to .64 on the
        # protocol's first three splits, with these .89 to .93.
        model = HistGradientBoostingClassifier(
            max_iter=rounds,
            max_leaf_nodes=15,
            min_samples_leaf=5,
            l2_regularization=1.0,
            random_state=seed,
            early_stopping=False,
        )
        super().__init__(model, flows, weights)
        trees = [tree.nodes for per_class in model._predictors for tree in per_class]
        self.size_bytes = sum(int(nodes.nbytes) for nodes in trees)
        self.parameters = sum(len(nodes) for nodes in trees)


DETECTORS: Mapping[str, Callable[..., Detector]] = {
    "network": Network,
    "boosting": Boosting,
    "forest": Forest,
}
"""What trains each kind of detector, called with flows, seed and class weights."""


class Trained:
    """A detector of any kind with the scaling of its features, trained on treated flows.

    Args:
        kind: one of :data:`DETECTORS`.
        flows: to train with, as they are.
        seed: of all that is drawn.
        treatment: what is done about rare classes, see
            :data:`edgesim.services.detectors.balancing.TREATMENTS`.
        treated: the scaled and treated flows, where they are at hand already.

    Attributes:
        detector: what was trained.

    Raises:
        InputError: there is no such kind or treatment, or nothing to learn.
    """

    def __init__(
        self,
        kind: str,
        flows: Flows,
        seed: int,
        treatment: str = "none",
        treated: Flows | None = None,
    ) -> None:
        from edgesim.services.detectors.balancing import balanced

        if kind not in DETECTORS:
            raise InputError("detector", kind, did_you_mean(kind, DETECTORS))
        flows.check_learnable()
        self.kind, self.classes, self.features = kind, flows.classes, flows.features
        self.scaler = Scaler(flows)
        if treated is None:
            treated = balanced(self.scaler.flows(flows), treatment, seed)
        weights = class_weights(treated) if treatment == "weights" else None
        self.detector = DETECTORS[kind](treated, seed, weights)

    @property
    def parameters(self) -> int:
        """See :class:`Detector`."""
        return self.detector.parameters

    @property
    def size_bytes(self) -> int:
        """See :class:`Detector`."""
        return self.detector.size_bytes

    def scores(self, values: Floats) -> Floats:
        """See :class:`Detector`; of flows as they are."""
        return self.detector.scores(self.scaler(values))


def found_kinds(scores: Floats, threshold: float | None = None) -> Ints:
    """What each flow is called.

    Args:
        scores: shape (flows, classes), benign first.
        threshold: a flow is an attack where it is at least this likely no benign one, and then of
            the likeliest kind of attack; None: the likeliest class.

    Returns:
        shape (flows,).
    """
    if threshold is None:
        likeliest: Ints = np.argmax(scores, axis=1).astype(np.int64)
        return likeliest
    kind: Ints = 1 + np.argmax(scores[:, 1:], axis=1).astype(np.int64)
    found: Ints = np.where(1.0 - scores[:, 0] >= threshold, kind, 0).astype(np.int64)
    return found


def confusions(scores: Floats, kinds: Ints, thresholds: tuple[float, ...]) -> Ints:
    """The confusion matrix at each threshold, shape (thresholds, classes, classes)."""
    classes = scores.shape[1]
    return np.stack([confusion(kinds, found_kinds(scores, at), classes) for at in thresholds])
