"""Steps of stochastic gradient descent on many models at once, and what reduces them to one.

``rows`` is ``[N, P]``: N models; ``x`` is ``[N, B, D]``, ``y`` ``[N, B]``: a batch for each.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from edgesim.methods.federated.models import Model

__all__ = ["gradient", "internal_step", "losses", "mean_of", "sgd", "step"]


def losses(model: Model, rows: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy of each model on its batch, ``[N]``."""
    logits = model.logits(rows, x)
    flat = functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
    return flat.reshape(y.shape).mean(dim=1)


def gradient(
    model: Model,
    rows: Tensor,
    x: Tensor,
    y: Tensor,
    extra: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Tensor:
    """Gradient ``[N, P]`` of each model's mean loss on its own batch.

    Args:
        model: what rows are the parameters of.
        rows: parameters.
        x: samples.
        y: classes.
        extra: a further loss of each model, called with rows that carry gradients and logits.
    """
    variable = rows.detach().requires_grad_()
    if extra is None:
        total = losses(model, variable, x, y).sum()
    else:
        logits = model.logits(variable, x)
        flat = functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
        total = flat.reshape(y.shape).mean(dim=1).sum() + extra(variable, logits).sum()
    return torch.autograd.grad(total, variable)[0]


def step(model: Model, rows: Tensor, x: Tensor, y: Tensor, rate: float) -> Tensor:
    """One step of each model on its own batch."""
    return rows - rate * gradient(model, rows, x, y)


def sgd(
    model: Model, rows: Tensor, batches: Sequence[tuple[Tensor, Tensor]], rate: float
) -> Tensor:
    """A step for each of some batches, one after the other."""
    for x, y in batches:
        rows = step(model, rows, x, y, rate)
    return rows


def internal_step(
    model: Model, row: Tensor, batches: Sequence[tuple[Tensor, Tensor]], rate: float
) -> Tensor:
    """An internal step of FedGS as the devices run it: one step each, then the mean by samples.

    With the same model at each device this equals one step on the joined batch, which is how the
    experiments run it; a law of the tests holds the two together.

    Args:
        model: the factory's model.
        row: its parameters, ``[P]``.
        batches: of each device, samples ``[n, D]`` and classes ``[n]``.
        rate: learning rate.
    """
    ends = [step(model, row[None], x[None], y[None], rate)[0] for x, y in batches]
    return mean_of(torch.stack(ends), [float(len(y)) for _, y in batches])


def mean_of(rows: Tensor, weights: Sequence[float] | Tensor) -> Tensor:
    """The mean ``[P]`` of models ``[N, P]``, weighted."""
    shares = torch.as_tensor(weights, dtype=rows.dtype, device=rows.device)
    return (shares / shares.sum()) @ rows
