"""The gradient noise scale of a small model: from every sample's gradient, and from norms alone."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.twin.training.noise_scale import NoiseScale, averaged

__all__ = ["Task", "characters", "digits", "estimated", "exact", "trained"]

FloatArray = npt.NDArray[np.float64]


class Task(NamedTuple):
    """A model and what it learns from.

    Attributes:
        model: a torch module.
        inputs: a tensor, a row a sample.
        targets: a tensor of classes.
    """

    model: Any
    inputs: Any
    targets: Any

    @property
    def samples(self) -> int:
        """How many there are."""
        return len(self.targets)


def digits(seed: int = 0) -> Task:
    """Handwritten digits (scikit-learn's 1797) and two layers."""
    import torch
    from sklearn.datasets import load_digits

    torch.manual_seed(seed)
    pixels, classes = load_digits(return_X_y=True)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    inputs = torch.tensor(pixels / 16.0, dtype=torch.float32)
    return Task(model, inputs, torch.tensor(classes))


def characters(text: str, context: int = 8, samples: int = 4000, seed: int = 0) -> Task:
    """The next character of a text from those before it: an embedding and two layers.

    Raises:
        InputError: the text is too short.
    """
    import torch

    if len(text) <= context + samples:
        raise InputError("text", len(text), f"must have more than {context + samples} characters")
    torch.manual_seed(seed)
    kinds = sorted(set(text))
    numbers = np.array([kinds.index(letter) for letter in text], dtype=np.int64)
    starts = np.random.default_rng(seed).permutation(len(text) - context)[:samples]
    inputs = torch.tensor(np.stack([numbers[start : start + context] for start in starts]))
    model = torch.nn.Sequential(
        torch.nn.Embedding(len(kinds), 16),
        torch.nn.Flatten(),
        torch.nn.Linear(16 * context, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, len(kinds)),
    )
    return Task(model, inputs, torch.tensor(numbers[starts + context]))


def trained(task: Task, steps: int, batch: int = 64, rate: float = 0.1, seed: int = 0) -> None:
    """Train a task's model in place by so many steps of stochastic gradient descent."""
    import torch

    rng = np.random.default_rng(seed)
    optimiser = torch.optim.SGD(task.model.parameters(), lr=rate)
    for _ in range(steps):
        rows = torch.tensor(rng.integers(task.samples, size=batch))
        optimiser.zero_grad()
        logits = task.model(task.inputs[rows])
        loss: Any = torch.nn.functional.cross_entropy(logits, task.targets[rows])
        loss.backward()
        optimiser.step()


def exact(task: Task) -> NoiseScale:
    """``|G|²`` and ``tr Σ`` over all samples, each with a gradient of its own."""
    import torch

    total: FloatArray | None = None
    squares = 0.0
    for row in range(task.samples):
        gradient = _gradient(task, torch.tensor([row]))
        squares += float(gradient @ gradient)
        total = gradient if total is None else total + gradient
    assert total is not None
    mean = total / task.samples
    norm = float(mean @ mean)
    trace = squares / task.samples - norm
    return NoiseScale(norm, trace, trace / norm)


def estimated(
    task: Task, small: int, big: int, steps: int, seed: int = 0
) -> tuple[NoiseScale, Callable[[], FloatArray]]:
    """The noise scale from norms of gradients at two batches, the model held still.

    Args:
        task: the task.
        small: samples of a micro-batch.
        big: of the whole batch, a multiple of it.
        steps: how many.
        seed: of the batches, drawn with replacement.

    Returns:
        the estimate from means of norms, and what gives the ratios of single steps.

    Raises:
        InputError: the batch is not two or more whole micro-batches.
    """
    import torch

    if big % small or big < 2 * small:
        raise InputError("big", big, f"must be two or more times {small}")
    rng = np.random.default_rng(seed)
    smalls, bigs = [], []
    for _ in range(steps):
        rows: Any = torch.tensor(rng.integers(task.samples, size=big))
        parts = [_gradient(task, part) for part in rows.split(small)]
        smalls.append(float(np.mean([part @ part for part in parts])))
        whole = np.mean(parts, axis=0)
        bigs.append(float(whole @ whole))

    def singly() -> FloatArray:
        return np.array(
            [averaged([s], [b], small, big).samples for s, b in zip(smalls, bigs, strict=True)]
        )

    return averaged(smalls, bigs, small, big), singly


def _gradient(task: Task, rows: Any) -> FloatArray:
    """The gradient of the mean loss of some rows, one vector."""
    import torch

    task.model.zero_grad(set_to_none=True)
    logits = task.model(task.inputs[rows])
    loss: Any = torch.nn.functional.cross_entropy(logits, task.targets[rows])
    loss.backward()
    parts = [parameter.grad.reshape(-1) for parameter in task.model.parameters()]
    gradient: FloatArray = torch.cat(parts).double().numpy()
    return gradient
