"""Small worked cases: rounds of FedGS and FedGSP on given data, step by step, in 64 bits.

They run the very functions of the experiments; the tests hold them beside worked numbers.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from edgesim.methods.federated.models import MLP
from edgesim.methods.federated.steps import internal_step, losses, mean_of, step

__all__ = ["Chains", "Compound", "Parameters", "compound_steps", "train_chains"]


class Parameters(NamedTuple):
    """Softmax regression: W (features x classes), b, and the loss before the step, if any."""

    W: Any
    b: Any
    loss: float | None = None


class Compound(NamedTuple):
    """Parameters of each factory after each internal step, and the mean of the factories."""

    internal: list[list[Parameters]]
    external: Parameters


class Chains(NamedTuple):
    """Ends of the chains, their weights (sums of samples, as shares), and the merged model."""

    chain_ends: list[Parameters]
    weights: list[float]
    merged: Parameters


def compound_steps(W0: ArrayLike, b0: ArrayLike, lr: float, X: Any, Y: Any) -> Compound:
    """A round of FedGS: internal steps in each factory, then the equal mean of factories.

    Args:
        W0: features x classes.
        b0: classes.
        lr: learning rate.
        X: ``[factory][iteration][device][sample][feature]``.
        Y: ``[factory][iteration][device][sample]``.
    """
    model, begin = _softmax(W0, b0)
    ends, internal = [], []
    for xs, ys in zip(X, Y, strict=True):
        row, steps = begin, []
        for x, y in zip(xs, ys, strict=True):
            batches = [(_floats(a), _ints(b)) for a, b in zip(x, y, strict=True)]
            joined_x, joined_y = (torch.cat(it)[None] for it in zip(*batches, strict=True))
            loss = float(losses(model, row[None], joined_x, joined_y)[0])
            row = internal_step(model, row, batches, lr)
            steps.append(_parameters(model, row, loss))
        internal.append(steps)
        ends.append(row)
    return Compound(internal, _parameters(model, mean_of(torch.stack(ends), [1.0] * len(ends))))


def train_chains(
    W0: ArrayLike,
    b0: ArrayLike,
    lr: float,
    full_batch_steps_per_device: int,
    groups: Sequence[Sequence[int]],
    X: Any,
    Y: Any,
) -> Chains:
    """A round of FedGSP: in each group the model goes from device to device, then they are merged.

    Args:
        W0: features x classes.
        b0: classes.
        lr: learning rate.
        full_batch_steps_per_device: steps of each device on all of its samples.
        groups: devices in the order of their chain.
        X: ``[device][sample][feature]``.
        Y: ``[device][sample]``.
    """
    model, begin = _softmax(W0, b0)
    ends = []
    for chain in groups:
        row = begin[None]
        for device in chain:
            x, y = _floats(X[device])[None], _ints(Y[device])[None]
            for _ in range(full_batch_steps_per_device):
                row = step(model, row, x, y, lr)
        ends.append(row[0])
    samples = [float(sum(len(Y[device]) for device in chain)) for chain in groups]
    merged = mean_of(torch.stack(ends), samples)
    return Chains(
        [_parameters(model, row) for row in ends],
        [it / sum(samples) for it in samples],
        _parameters(model, merged),
    )


def _softmax(W0: ArrayLike, b0: ArrayLike) -> tuple[MLP, Tensor]:
    W, b = np.asarray(W0, float), np.asarray(b0, float)
    row = torch.from_numpy(np.concatenate([W.ravel(), b]))
    return MLP(W.shape[0], W.shape[1]), row


def _parameters(model: MLP, row: Tensor, loss: float | None = None) -> Parameters:
    shape = (model.inputs, model.classes)
    flat = row.numpy()
    return Parameters(flat[: -model.classes].reshape(shape), flat[-model.classes :], loss)


def _floats(x: ArrayLike) -> Tensor:
    return torch.tensor(np.asarray(x, float))


def _ints(y: ArrayLike) -> Tensor:
    return torch.tensor(np.asarray(y, np.int64))
