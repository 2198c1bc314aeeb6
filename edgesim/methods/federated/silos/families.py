"""Model families of silos, by scikit-learn and torch, behind one face."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Family", "make"]

Floats = NDArray[np.float64]


class Family(ABC):
    """A classifier of C classes that takes weights of samples."""

    @abstractmethod
    def fit(self, x: Any, y: Any, weights: Any) -> "Family":
        """Learn anew.

        Args:
            x: images, samples x numbers.
            y: classes from 0.
            weights: of the samples.
        """

    @abstractmethod
    def probabilities(self, x: Any) -> Floats:
        """Chance of each class, samples x classes."""


class _ScikitLearn(Family):
    """A classifier of scikit-learn. Classes without a sample get the chance 0."""

    def __init__(self, estimator: Any, classes: int) -> None:
        self._estimator, self._classes = estimator, classes

    def fit(self, x: Any, y: Any, weights: Any) -> Family:
        """See :class:`Family`."""
        self._estimator.fit(x, y, sample_weight=weights)
        return self

    def probabilities(self, x: Any) -> Floats:
        """See :class:`Family`."""
        found = np.zeros((len(x), self._classes))
        found[:, self._estimator.classes_] = self._shares(x)
        return found

    def _shares(self, x: Any) -> Floats:
        return np.asarray(self._estimator.predict_proba(x), float)


class _Vectors(_ScikitLearn):
    """Support vectors, whose decision values make shares by softmax."""

    def _shares(self, x: Any) -> Floats:
        values = np.asarray(self._estimator.decision_function(x), float)
        if values.ndim == 1:
            values = np.stack([-values, values], axis=1)
        shares = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), float)


class _Network(Family):
    """A fully connected network in torch, one hidden layer, full-batch Adam."""

    _STEPS, _RATE, _HIDDEN = 200, 0.01, 64

    def __init__(self, inputs: int, classes: int, seed: int) -> None:
        import torch

        from edgesim.methods.federated.models import MLP

        self._model = MLP(inputs, classes, [self._HIDDEN])
        self._row = self._model.initial(torch.Generator().manual_seed(seed))

    def fit(self, x: Any, y: Any, weights: Any) -> Family:
        """See :class:`Family`."""
        import torch
        from torch.nn import functional

        row = self._row.clone().requires_grad_()
        optimiser = torch.optim.Adam([row], lr=self._RATE)
        images = torch.from_numpy(np.asarray(x, np.float32))[None]
        labels = torch.from_numpy(np.asarray(y, np.int64))
        shares = torch.from_numpy(np.asarray(weights / np.sum(weights), np.float32))
        for _ in range(self._STEPS):
            optimiser.zero_grad()
            logits = self._model.logits(row[None], images)[0]
            loss = shares @ functional.cross_entropy(logits, labels, reduction="none")
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        self._row = row.detach()
        return self

    def probabilities(self, x: Any) -> Floats:
        """See :class:`Family`."""
        import torch

        images = torch.from_numpy(np.asarray(x, np.float32))[None]
        with torch.no_grad():
            logits = self._model.logits(self._row[None], images)[0]
        return np.asarray(torch.softmax(logits, dim=1).numpy(), float)


def make(family: str, inputs: int, classes: int, seed: int) -> Family:
    """A classifier of a family (:data:`edgesim.scenarios.federated.silos_schema.FAMILIES`)."""
    if family == "mlp":
        return _Network(inputs, classes, seed)
    if family == "logistic":
        from sklearn.linear_model import LogisticRegression

        return _ScikitLearn(LogisticRegression(max_iter=300), classes)
    if family == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return _ScikitLearn(RandomForestClassifier(60, random_state=seed), classes)
    if family == "naive_bayes":
        from sklearn.naive_bayes import GaussianNB

        return _ScikitLearn(GaussianNB(var_smoothing=0.1), classes)
    from sklearn.svm import SVC

    return _Vectors(SVC(C=10.0, decision_function_shape="ovr"), classes)
