"""How the embedded language models learn: from text, and once more with quantised weights."""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edgesim.services.text.content import encoded, held_out, training_text, vocabulary
from edgesim.services.text.model import LanguageModel, Shape, linears
from edgesim.services.text.ternary import TernaryLinear

__all__ = [
    "RECIPES",
    "Recipe",
    "learn",
    "nats",
    "pretrained",
    "quantising",
    "trained",
    "with_rule",
]


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        width, layers, hidden: of its :class:`edgesim.services.text.model.Shape`.
        iterations: gradient steps from random weights.
        quantised: gradient steps of each variant with quantised weights, from the trained model.
        batch: passages of a gradient step.
        rules: which variants there are (:func:`with_rule`).
    """

    width: int
    layers: int
    hidden: int
    iterations: int
    quantised: int
    batch: int
    rules: tuple[str, ...]

    def shape(self) -> Shape:
        """The model's shape; heads are 32 wide."""
        return Shape(vocabulary(), self.width, self.layers, self.width // 32, self.hidden)


RECIPES = {
    "text_small": Recipe(128, 2, 256, 3000, 400, 8, ("absmean", "twn", "tequila", "bias")),
    "text_large": Recipe(256, 2, 384, 3000, 400, 8, ("absmean",)),
}
"""A recipe for each model."""

_PEAK_RATE, _WARM_UP, _LAST = 3e-3, 100, 0.05
_QUANTISED_RATE, _QUANTISED_WARM_UP = 1e-3, 20


def learn(
    model: LanguageModel,
    iterations: int,
    batch: int,
    rng: np.random.Generator,
    peak: float,
    warm_up: int,
    seen: Callable[[int, float], None] | None = None,
) -> None:
    """Gradient steps on random passages of the training text.

    AdamW without weight decay, warm-up and cosine to a twentieth.

    Args:
        model: what learns, in place.
        iterations: gradient steps.
        batch: passages of a step.
        rng: draws the passages.
        peak: largest rate.
        warm_up: steps until then.
        seen: is told of every step and its loss, nats a character.
    """
    tokens = torch.from_numpy(encoded(training_text(), model.shape.vocabulary))
    optimiser = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.0)
    length = model.shape.context + 1
    for done in range(iterations):
        share = _LAST + (1.0 - _LAST) * 0.5 * (1.0 + math.cos(math.pi * done / iterations))
        for group in optimiser.param_groups:
            group["lr"] = peak * min((done + 1) / warm_up, 1.0) * share
        starts = rng.integers(len(tokens) - length, size=batch)
        passages = torch.stack([tokens[start : start + length] for start in starts])
        loss = _loss(model, passages)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch does not type it
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if seen is not None:
            seen(done + 1, loss.item())


def _loss(model: LanguageModel, passages: torch.Tensor) -> torch.Tensor:
    logits = model(passages[:, :-1]).flatten(0, 1)
    return torch.nn.functional.cross_entropy(logits, passages[:, 1:].flatten())


def pretrained(
    recipe: Recipe, iterations: int, seed: int, seen: Callable[[int, float], None] | None = None
) -> LanguageModel:
    """A model trained from random weights."""
    torch.manual_seed(seed)
    model = LanguageModel(recipe.shape())
    rng = np.random.default_rng([seed, 0])
    learn(model, iterations, recipe.batch, rng, _PEAK_RATE, _WARM_UP, seen)
    return model


def trained(name: str) -> LanguageModel:
    """The embedded model of a recipe, to be trained on; its weights have 16 bits on the disk."""
    from safetensors.torch import load_file

    model = LanguageModel(RECIPES[name].shape())
    state = load_file(Path(__file__).parent / "weights" / f"{name}_fp32.safetensors")
    model.load_state_dict({key: value.float() for key, value in state.items()})
    return model


def with_rule(model: LanguageModel, rule: str) -> LanguageModel:
    """A copy whose linear layers count by a rule of :mod:`edgesim.services.text.ternary`.

    Args:
        model: stays as it is.
        rule: ``absmean``, ``twn``, ``tequila``, ``bias`` (absmean with an ordinary bias that is
            learned), or ``fp32``: as it is.
    """
    made = deepcopy(model)
    if rule == "fp32":
        return made
    for name, layer in linears(made).items():
        weights: torch.Tensor = layer.weight  # type: ignore[assignment] # torch types it loosely
        kind = "absmean" if rule == "bias" else rule
        row, part = name.split(".")[1:]
        setattr(made.blocks[int(row)], part, TernaryLinear(weights, kind, bias=rule == "bias"))
    return made


def quantising(
    model: LanguageModel,
    rule: str,
    iterations: int,
    batch: int,
    seed: int,
    seen: Callable[[int, float], None] | None = None,
) -> LanguageModel:
    """A copy that has learned on with weights by a rule; equal seeds see the same passages."""
    made = with_rule(model, rule)
    rng = np.random.default_rng([seed, 1])
    learn(made, iterations, batch, rng, _QUANTISED_RATE, _QUANTISED_WARM_UP, seen)
    return made


@torch.inference_mode()
def nats(model: LanguageModel, passages: int = 200, seed: int = 0) -> np.ndarray:
    """Nats a character of held-out passages, the same for every model; shape (passages,)."""
    length = model.shape.context + 1
    tokens = torch.from_numpy(encoded(held_out(), model.shape.vocabulary))
    starts = np.random.default_rng([seed, 2]).integers(len(tokens) - length, size=passages)
    found = []
    for part in _parts(starts.tolist(), 50):
        rows = torch.stack([tokens[start : start + length] for start in part])
        logits = model(rows[:, :-1]).transpose(1, 2)
        loss = torch.nn.functional.cross_entropy(logits, rows[:, 1:], reduction="none")
        found.append(loss.mean(dim=1).numpy())
    return np.concatenate(found)


def _parts(values: list[int], size: int) -> Iterable[list[int]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
