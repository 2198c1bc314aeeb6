"""A small language model over characters: a decoder as Llama's, in torch, to be trained.

RMS norms, rotary positions, SwiGLU, no biases; the embedding is the head too. What runs as a
service is :mod:`edgesim.services.text.running`, without torch.
"""

from dataclasses import asdict, dataclass

import torch
from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu

__all__ = ["LINEARS", "LanguageModel", "Shape", "linears", "rotation"]

LINEARS = ("q", "k", "v", "o", "gate", "up", "down")
"""Names of a block's linear layers: what is quantised. Embedding, norms and head are not."""


@dataclass(frozen=True)
class Shape:
    """How large a model is.

    Attributes:
        vocabulary: its characters, a token each.
        width: of the residual stream; ``heads`` divides it.
        layers: blocks.
        heads: of attention.
        hidden: inside of SwiGLU.
        context: characters that it was trained to look back at.
    """

    vocabulary: str
    width: int = 128
    layers: int = 2
    heads: int = 4
    hidden: int = 256
    context: int = 128

    @property
    def head(self) -> int:
        """Width of a head."""
        return self.width // self.heads

    def as_dict(self) -> dict[str, object]:
        """Plain values, for a file."""
        return asdict(self)


def rotation(positions: torch.Tensor, head: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of the rotary positions (arXiv 2104.09864), shape (n, head / 2) each."""
    rates = 10_000.0 ** (-torch.arange(0, head, 2, dtype=torch.float32) / head)
    angles = positions[:, None].float() * rates
    return angles.cos(), angles.sin()


def _rotated(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class _Block(torch.nn.Module):
    """Attention and SwiGLU, each after a norm and added to what came in."""

    q: torch.nn.Module
    k: torch.nn.Module
    v: torch.nn.Module
    o: torch.nn.Module
    gate: torch.nn.Module
    up: torch.nn.Module
    down: torch.nn.Module

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.shape = shape
        self.attention_norm = torch.nn.Parameter(torch.ones(width))
        self.mlp_norm = torch.nn.Parameter(torch.ones(width))
        sizes = {"gate": (width, hidden), "up": (width, hidden), "down": (hidden, width)}
        for name in LINEARS:
            inputs, outputs = sizes.get(name, (width, width))
            layer = torch.nn.Linear(inputs, outputs, bias=False)
            torch.nn.init.normal_(layer.weight, std=0.02 if name not in ("o", "down") else 0.01)
            setattr(self, name, layer)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        normed = rms_norm(x, (width,), self.attention_norm, eps=1e-6)
        q, k, v = (
            layer(normed).view(batch, length, self.shape.heads, -1).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        q, k = _rotated(q, cos, sin), _rotated(k, cos, sin)
        seen = scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(seen.transpose(1, 2).reshape(batch, length, width))
        normed = rms_norm(x, (width,), self.mlp_norm, eps=1e-6)
        made: torch.Tensor = x + self.down(silu(self.gate(normed)) * self.up(normed))
        return made


class LanguageModel(torch.nn.Module):
    """Tokens to the logits of what comes next.

    Args:
        shape: how large it is.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = torch.nn.Parameter(torch.empty(len(shape.vocabulary), shape.width))
        torch.nn.init.normal_(self.embedding, std=0.02)
        self.norm = torch.nn.Parameter(torch.ones(shape.width))
        self.blocks = torch.nn.ModuleList(_Block(shape) for _ in range(shape.layers))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Shape (batch, length) to (batch, length, vocabulary)."""
        cos, sin = rotation(torch.arange(tokens.shape[1]), self.shape.head)
        x = self.embedding[tokens]
        for block in self.blocks:
            x = block(x, cos, sin)
        return linear(rms_norm(x, (self.shape.width,), self.norm, eps=1e-6), self.embedding)


def linears(model: LanguageModel) -> dict[str, torch.nn.Module]:
    """The layers that are quantised, by name: ``blocks.0.q``."""
    return {
        f"blocks.{row}.{name}": getattr(block, name)
        for row, block in enumerate(model.blocks)
        for name in LINEARS
    }
