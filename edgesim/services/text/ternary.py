"""Weights of -1, 0 and 1: three rules that make them, and layers that learn through them.

The weights ``W`` of a layer, shape (out, in), fall into groups of ``group`` neighbours along the
input; every row has its own. In a group with the weights w:

``absmean`` (the rule of BitNet b1.58, arXiv 2402.17764, a group at a time)
    the scale is ``a = mean |w|``; a weight is live where ``|w| >= a / 2``, and counts ``a`` times
    its sign. The others are dead: they count 0. In a group of zeros all are dead.
``twn`` (arXiv 1605.04711)
    a weight is live where ``|w| > 0.75 mean |w|``, and the scale is the mean ``|w|`` of the live.
``tequila`` (arXiv 2509.23809)
    as ``absmean``, and the dead weights of a row add a constant: ``lam`` times their sum. It does
    not depend on the input, and gives the dead a gradient of their own.

All learn straight through: the gradient by a weight is as if it counted itself; scales and
thresholds have none.
"""

from typing import Any, Literal, NamedTuple, get_args

import torch

from edgesim.errors import InputError, did_you_mean

__all__ = [
    "GROUP",
    "LAM",
    "RULES",
    "Rule",
    "Ternary",
    "TernaryLinear",
    "absmean",
    "tequila_bias",
    "tequila_linear",
    "ternary_linear",
    "twn",
]

Rule = Literal["absmean", "twn", "tequila"]
RULES: tuple[str, ...] = get_args(Rule)

GROUP = 128
"""Weights that share a scale, as in Tequila's code."""

LAM = 1e-3
"""What a dead weight counts in the constant, as in Tequila's code."""

_TWN_THRESHOLD = 0.75  # arXiv 1605.04711, section 3.2: optimal for normal weights, near to 0.7


class Ternary(NamedTuple):
    """Weights of -1, 0 and 1, and what 1 counts.

    Attributes:
        signs: int8, shape (out, in).
        scale: of every group, shape (out, in / group).
        dead: which weights count 0, shape (out, in).
    """

    signs: torch.Tensor
    scale: torch.Tensor
    dead: torch.Tensor

    def dense(self) -> torch.Tensor:
        """The weights as they count, shape (out, in)."""
        out, groups = self.scale.shape
        signs = self.signs.view(out, groups, -1).to(self.scale.dtype)
        return (signs * self.scale[..., None]).view(out, -1)


def absmean(weights: torch.Tensor, group: int = GROUP) -> Ternary:
    """Weights by the rule ``absmean``, see the module.

    Args:
        weights: shape (out, in).
        group: weights that share a scale; divides ``in``.

    Raises:
        InputError: the group does not divide the inputs.
    """
    grouped = _grouped(weights, group)
    scale = grouped.abs().mean(dim=-1)
    live = (grouped.abs() >= scale[..., None] / 2) & (grouped != 0)
    return _ternary(weights, grouped, live, scale)


def twn(weights: torch.Tensor, group: int = GROUP) -> Ternary:
    """Weights by the rule ``twn``, see the module; arguments and errors as of :func:`absmean`."""
    grouped = _grouped(weights, group)
    size = grouped.abs()
    live = size > _TWN_THRESHOLD * size.mean(dim=-1, keepdim=True)
    count = live.sum(dim=-1)
    scale = (size * live).sum(dim=-1) / count.clamp(min=1)
    return _ternary(weights, grouped, live, scale)


def _ternary(
    weights: torch.Tensor, grouped: torch.Tensor, live: torch.Tensor, scale: torch.Tensor
) -> Ternary:
    signs = (grouped.sign() * live).to(torch.int8).view_as(weights)
    return Ternary(signs, scale, ~live.view_as(weights))


def _grouped(weights: torch.Tensor, group: int) -> torch.Tensor:
    out, inputs = weights.shape
    if group < 1 or inputs % group:
        raise InputError("group", group, f"must divide the {inputs} inputs of a layer")
    return weights.detach().view(out, inputs // group, group)


def tequila_bias(weights: torch.Tensor, dead: torch.Tensor, lam: float = LAM) -> torch.Tensor:
    """The constant that the dead weights of every row add, shape (out,)."""
    return lam * (weights * dead).sum(dim=1)


class _StraightThrough(torch.autograd.Function):
    """Ternary weights forward; backward the gradient of the weights themselves."""

    @staticmethod
    def forward(ctx: Any, weights: torch.Tensor, dense: torch.Tensor) -> torch.Tensor:
        return dense

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


def ternary_linear(
    inputs: torch.Tensor, weights: torch.Tensor, rule: str = "absmean", group: int = GROUP
) -> torch.Tensor:
    """A layer whose weights count by ``absmean`` or ``twn``.

    Args:
        inputs: shape (..., in).
        weights: shape (out, in); they learn straight through.
        rule: ``absmean`` or ``twn``.
        group: weights that share a scale.

    Returns:
        shape (..., out).
    """
    found = twn(weights, group) if rule == "twn" else absmean(weights, group)
    through = _StraightThrough.apply(weights, found.dense())  # type: ignore[no-untyped-call]
    return torch.nn.functional.linear(inputs, through)


def tequila_linear(
    inputs: torch.Tensor, weights: torch.Tensor, group: int = GROUP, lam: float = LAM
) -> torch.Tensor:
    """A layer whose weights count by ``tequila``; arguments as of :func:`ternary_linear`."""
    found = absmean(weights, group)
    through = _StraightThrough.apply(weights, found.dense())  # type: ignore[no-untyped-call]
    constant = tequila_bias(weights, found.dead, lam)
    return torch.nn.functional.linear(inputs, through, constant)


class TernaryLinear(torch.nn.Module):
    """A linear layer that learns with ternary weights, made from one that has learned without.

    Args:
        weights: where it starts from, shape (out, in).
        rule: one of :data:`RULES`.
        group: weights that share a scale.
        lam: what a dead weight counts in the constant of ``tequila``.
        bias: whether it also learns an ordinary bias, from 0.

    Raises:
        InputError: there is no such rule, or the group does not divide the inputs.
    """

    def __init__(
        self,
        weights: torch.Tensor,
        rule: str,
        group: int = GROUP,
        lam: float = LAM,
        bias: bool = False,
    ) -> None:
        super().__init__()
        if rule not in RULES:
            raise InputError("rule", rule, did_you_mean(rule, RULES))
        _grouped(weights, group)
        self.rule, self.group, self.lam = rule, group, lam
        self.weight = torch.nn.Parameter(weights.detach().clone())
        self.bias = torch.nn.Parameter(torch.zeros(len(weights))) if bias else None

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs of shape (..., in) to outputs of shape (..., out)."""
        if self.rule == "tequila":
            found = tequila_linear(inputs, self.weight, self.group, self.lam)
        else:
            found = ternary_linear(inputs, self.weight, self.rule, self.group)
        return found if self.bias is None else found + self.bias

    def settled(self) -> tuple[Ternary, torch.Tensor | None]:
        """What is kept for inference: ternary weights, and the constant of every row or None."""
        with torch.no_grad():
            found = (twn if self.rule == "twn" else absmean)(self.weight, self.group)
            constant = None
            if self.rule == "tequila":
                constant = tequila_bias(self.weight, found.dead, self.lam)
            if self.bias is not None:
                constant = self.bias if constant is None else constant + self.bias
        return found, None if constant is None else constant.detach()
