"""A box of observations that says what its entries are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

__all__ = ["ChoiceBox"]

if TYPE_CHECKING:
    _Float32Box = spaces.Box[np.float32]
else:
    _Float32Box = spaces.Box  # no generic class in Gymnasium 1.0


class ChoiceBox(_Float32Box):
    """A ``Box(float32)`` of one dimension that begins with what is told of each choice.

    The entries of a feature stand together, one a choice: the first ``features × choices`` entries
    are called ``"<feature> <choice>"``. A policy that looks at all choices with the same eyes
    learns from the space where it has to look.

    Args:
        low: least values of the entries, shape (entries,).
        high: largest values of the entries, shape (entries,).
        names: name of each entry.
        features: what is told of each choice, in order.
        choices: how many there are.
    """

    def __init__(
        self,
        low: npt.NDArray[np.float32],
        high: npt.NDArray[np.float32],
        names: Sequence[str],
        features: Sequence[str],
        choices: int,
    ) -> None:
        super().__init__(low, high, dtype=np.float32)
        assert len(names) == self.shape[0] and len(features) * choices <= len(names)
        self.names, self.features, self.choices = list(names), list(features), choices
