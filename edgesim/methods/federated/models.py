"""Models as rows of numbers: all models of a round are one tensor ``[N, P]``, trained at once.

A model is a function of a row of P parameters. ``N`` rows and ``N`` batches go through it as
batched matrix products (or, for the CNN, grouped convolutions), so that a hundred devices train in
the time that one matrix product of their size takes.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod, sqrt
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from edgesim.errors import InputError, did_you_mean

__all__ = ["CNN", "MLP", "NAMES", "Model", "make"]


class Model(Protocol):
    """A model of P parameters, the last ``head`` of which are its last layer.

    Attributes:
        params: P.
        head: parameters of the last layer, which stand at the end of a row.
        inputs: numbers of a sample.
        classes: how many classes its logits tell apart.
        flops: multiplications and additions of a sample's forward pass.
    """

    params: int
    head: int
    inputs: int
    classes: int
    flops: int

    def initial(self, rng: torch.Generator) -> Tensor:
        """A row of P first parameters."""

    def features(self, rows: Tensor, x: Tensor) -> Tensor:
        """What the last layer sees, ``[N, B, H]``, of rows ``[N, P]`` and samples ``[N, B, D]``."""

    def read(self, heads: Tensor, features: Tensor) -> Tensor:
        """Logits ``[N, B, C]`` of last layers ``[N, head]`` and features ``[N, B, H]``."""

    def logits(self, rows: Tensor, x: Tensor) -> Tensor:
        """Logits ``[N, B, C]`` of rows ``[N, P]`` and samples ``[N, B, D]``."""


def _layer(flat: Tensor, inputs: int, outputs: int, x: Tensor) -> Tensor:
    """``x W + b`` for rows that hold W (inputs x outputs), then b."""
    w, b = flat.split_with_sizes([inputs * outputs, outputs], dim=1)
    return torch.baddbmm(b.unsqueeze(1), x, w.reshape(-1, inputs, outputs))


def _initial(shapes: Sequence[tuple[int, ...]], rng: torch.Generator) -> Tensor:
    """Layer by layer as torch does: weights and biases uniform within 1 / sqrt(fan in)."""
    parts = []
    for shape, outputs in ((shape[:-1], shape[-1]) for shape in shapes):
        bound = 1 / sqrt(prod(shape))
        size = prod(shape) * outputs + outputs
        parts.append((torch.rand(size, generator=rng) * 2 - 1) * bound)
    return torch.cat(parts)


class MLP:
    """Fully connected layers with ReLU; without hidden layers it is softmax regression.

    Args:
        inputs: numbers of a sample.
        classes: classes.
        hidden: units of each hidden layer.
    """

    def __init__(self, inputs: int, classes: int, hidden: Sequence[int] = ()) -> None:
        self.inputs, self.classes = inputs, classes
        widths = [inputs, *hidden, classes]
        self.shapes = list(pairwise(widths))
        self.sizes = [(i + 1) * o for i, o in self.shapes]
        self.params, self.head = sum(self.sizes), self.sizes[-1]
        self.flops = 2 * sum(i * o for i, o in self.shapes)

    def initial(self, rng: torch.Generator) -> Tensor:
        """A row of P first parameters."""
        return _initial(self.shapes, rng)

    def features(self, rows: Tensor, x: Tensor) -> Tensor:
        """What the last layer sees; the samples themselves where there is no other layer."""
        return self._body(rows.split_with_sizes(self.sizes, dim=1)[:-1], x)

    def _body(self, layers: Sequence[Tensor], x: Tensor) -> Tensor:
        for flat, (inputs, outputs) in zip(layers, self.shapes[:-1], strict=True):
            x = functional.relu(_layer(flat, inputs, outputs, x))
        return x

    def read(self, heads: Tensor, features: Tensor) -> Tensor:
        """Logits of last layers and features."""
        return _layer(heads, *self.shapes[-1], features)

    def logits(self, rows: Tensor, x: Tensor) -> Tensor:
        """Logits of rows and samples."""
        *layers, heads = rows.split_with_sizes(self.sizes, dim=1)
        return self.read(heads, self._body(layers, x))


class CNN:
    """Two convolutions of 5 x 5 with ReLU and 2 x 2 pooling, then fully connected layers.

    With ``channels=(32, 64)`` and ``hidden=(2048,)`` on 28 x 28 pixels it is the network of LEAF
    and FedGS (6,603,710 parameters for 62 classes); ``hidden=(2048, 100)`` is that of HFedMS.

    Args:
        inputs: pixels of a square image.
        classes: classes.
        channels: of the two convolutions.
        hidden: units of each hidden layer after them.

    Raises:
        InputError: the samples are no square images.
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        channels: tuple[int, int] = (8, 16),
        hidden: Sequence[int] = (64,),
    ) -> None:
        side = round(sqrt(inputs))
        if side * side != inputs or side < 4:
            raise InputError("model", "cnn", f"needs square images; samples have {inputs} numbers")
        self.inputs, self.classes, self.side = inputs, classes, side
        self.channels, self.small = channels, side // 2 // 2
        flat = channels[1] * self.small**2
        self.dense = MLP(flat, classes, hidden)
        first, second = channels
        self.kernels = [(25, first), (first * 25, second)]
        self.sizes = [(i + 1) * o for i, o in self.kernels] + [self.dense.params]
        self.params, self.head = sum(self.sizes), self.dense.head
        convolved = 2 * (25 * first * side**2 + 25 * first * second * (side // 2) ** 2)
        self.flops = convolved + self.dense.flops

    def initial(self, rng: torch.Generator) -> Tensor:
        """A row of P first parameters."""
        return torch.cat([_initial(self.kernels, rng), self.dense.initial(rng)])

    def _convolved(self, first: Tensor, second: Tensor, x: Tensor) -> Tensor:
        """Samples ``[N, B, D]`` through both convolutions: ``[N, B, channels x pixels]``."""
        rows, batch = x.shape[:2]
        image = x.reshape(rows, batch, self.side, self.side).transpose(0, 1)
        for flat, (inputs, outputs) in zip((first, second), self.kernels, strict=True):
            w, b = flat.split_with_sizes([inputs * outputs, outputs], dim=1)
            # One convolution whose groups are the N models: image [B, N x channels, side, side].
            w = w.reshape(rows * outputs, inputs // 25, 5, 5)
            image = functional.conv2d(image, w, b.reshape(-1), padding=2, groups=rows)
            image = functional.max_pool2d(functional.relu(image), 2)
        return image.reshape(batch, rows, -1).transpose(0, 1)

    def features(self, rows: Tensor, x: Tensor) -> Tensor:
        """What the last layer sees."""
        first, second, dense = rows.split_with_sizes(self.sizes, dim=1)
        return self.dense.features(dense, self._convolved(first, second, x))

    def read(self, heads: Tensor, features: Tensor) -> Tensor:
        """Logits of last layers and features."""
        return self.dense.read(heads, features)

    def logits(self, rows: Tensor, x: Tensor) -> Tensor:
        """Logits of rows and samples."""
        first, second, dense = rows.split_with_sizes(self.sizes, dim=1)
        return self.dense.logits(dense, self._convolved(first, second, x))


NAMES = ("softmax", "mlp", "cnn")
"""Models by name."""


def make(name: str, inputs: int, classes: int, hidden: Sequence[int] = (100,)) -> Model:
    """The model of a name: ``softmax``, ``mlp`` with ``hidden`` layers, or the small ``cnn``.

    Raises:
        InputError: an unknown name, or a CNN for samples that are no square images.
    """
    if name == "softmax":
        return MLP(inputs, classes)
    if name == "mlp":
        return MLP(inputs, classes, hidden)
    if name == "cnn":
        return CNN(inputs, classes, hidden=hidden)
    raise InputError("model", name, did_you_mean(name, NAMES))
