"""How updates are written, by name: bytes on the way up, what the server makes of them and sees."""

from abc import ABC, abstractmethod
from math import ceil

import numpy as np
import torch
from torch import Tensor

from edgesim.errors import InputError, did_you_mean
from edgesim.methods.federated.codecs.levels import bits_of_levels
from edgesim.methods.federated.codecs.linear import code_bytes, orthonormal_encoder

__all__ = ["NAMES", "Codec", "make"]


class Codec(ABC):
    """A way to write updates of P parameters.

    Attributes:
        decoder: who holds what it takes to read a single client's update.
    """

    decoder = "the server"

    def __init__(self, params: int, dice: np.random.Generator) -> None:
        self.params = params
        self._dice = torch.Generator().manual_seed(int(dice.integers(2**63)))
        self._rng = dice

    @abstractmethod
    def bytes_up(self, clients: int) -> float:
        """Bytes that a client sends, one of so many."""

    @abstractmethod
    def mean(self, changes: Tensor) -> Tensor:
        """What the server makes of the clients' changes ``[N, P]``: their mean, or near it."""

    @abstractmethod
    def seen(self, change: Tensor, others: Tensor, *, decoder: bool = True) -> Tensor:
        """What one client's change ``[P]`` looks like to the server, and to whom it has it from.

        Args:
            change: the client's.
            others: those of the other clients of the round, ``[N - 1, P]``.
            decoder: whether the server holds the decoder, where there is one.
        """


class FP32(Codec):
    """32-bit numbers: the server reads them."""

    def bytes_up(self, clients: int) -> float:
        """See :class:`Codec`."""
        return 4.0 * self.params

    def mean(self, changes: Tensor) -> Tensor:
        """See :class:`Codec`."""
        return changes.mean(dim=0)

    def seen(self, change: Tensor, others: Tensor, *, decoder: bool = True) -> Tensor:
        """See :class:`Codec`."""
        return change


class Levels(Codec):
    """Unbiased quantisation to levels of the largest L2 norm (QSGD, arXiv 1610.02132)."""

    levels = 32

    def bytes_up(self, clients: int) -> float:
        """See :class:`Codec`."""
        return float(ceil(self.params * bits_of_levels(self.levels) / 8) + 4)  # and the norm

    def integers(self, changes: Tensor) -> tuple[Tensor, float]:
        """Levels of changes, and what a level is worth."""
        unit = float(changes.norm(dim=1).max()) / self.levels
        if unit == 0.0:
            return torch.zeros_like(changes), 0.0
        scaled = changes.abs() / unit
        floor = scaled.floor()
        up = torch.rand(changes.shape, generator=self._dice) < scaled - floor
        return changes.sign() * (floor + up), unit

    def mean(self, changes: Tensor) -> Tensor:
        """See :class:`Codec`."""
        levels, unit = self.integers(changes)
        return levels.mean(dim=0) * unit

    def seen(self, change: Tensor, others: Tensor, *, decoder: bool = True) -> Tensor:
        """See :class:`Codec`."""
        levels, unit = self.integers(torch.cat([change[None], others]))
        return levels[0] * unit


class TopK(FP32):
    """The tenth of the entries that are largest, each with its place; the rest waits its turn.

    What is not sent is not remembered here: a client of a large federation is seldom asked twice.
    """

    share = 0.1

    @property
    def kept(self) -> int:
        """Entries that are sent."""
        return max(1, round(self.share * self.params))

    def bytes_up(self, clients: int) -> float:
        """See :class:`Codec`."""
        return 8.0 * self.kept  # a value and a place, 4 bytes each

    def _sparse(self, changes: Tensor) -> Tensor:
        places = changes.abs().topk(self.kept, dim=-1).indices
        return torch.zeros_like(changes).scatter(-1, places, changes.gather(-1, places))

    def mean(self, changes: Tensor) -> Tensor:
        """See :class:`Codec`."""
        return self._sparse(changes).mean(dim=0)

    def seen(self, change: Tensor, others: Tensor, *, decoder: bool = True) -> Tensor:
        """See :class:`Codec`."""
        return self._sparse(change)


class EGA(Levels):
    """EGA (arXiv 2205.13216) with the best code there is for independent entries, a linear one.

    Levels of a block of 512 entries become 128 numbers; codes are averaged and decoded, and the
    result is rounded at random. In the paper a trusted party trains encoder and decoder. Here the
    encoder is a random rotation's rows and the decoder its transpose: who knows the encoder knows
    it. Who holds it reads single clients as well as their mean; without it codes are but numbers.
    """

    decoder = "whoever aggregates; it reads single clients too"
    block, code = 512, 128

    def __init__(self, params: int, dice: np.random.Generator) -> None:
        super().__init__(params, dice)
        self._turn()

    def _turn(self) -> None:
        rows = orthonormal_encoder(self.block, self.code, self._rng)
        self._encoder = torch.from_numpy(rows.astype(np.float32))

    def bytes_up(self, clients: int) -> float:
        """See :class:`Codec`."""
        return float(code_bytes(self.params, self.block, self.code, self.levels).code_bytes + 4)

    def _codes(self, levels: Tensor) -> Tensor:
        blocks = ceil(self.params / self.block)
        padded = torch.nn.functional.pad(levels, (0, blocks * self.block - self.params))
        return padded.reshape(len(levels), blocks, self.block) @ self._encoder.T

    def _decoded(self, codes: Tensor) -> Tensor:
        return (codes @ self._encoder).reshape(len(codes), -1)[:, : self.params]

    def mean(self, changes: Tensor) -> Tensor:
        """See :class:`Codec`."""
        levels, unit = self.integers(changes)
        decoded = self._decoded(self._codes(levels).mean(dim=0, keepdim=True))[0]
        floor = decoded.floor()
        up = torch.rand(floor.shape, generator=self._dice) < decoded - floor
        return (floor + up) * unit

    def seen(self, change: Tensor, others: Tensor, *, decoder: bool = True) -> Tensor:
        """See :class:`Codec`."""
        levels, unit = self.integers(torch.cat([change[None], others]))
        codes = self._codes(levels[:1])
        if decoder:
            return self._decoded(codes)[0] * unit
        # Without the decoder: read through another rotation, as good a guess as any.
        guess = torch.from_numpy(
            orthonormal_encoder(self.block, self.code, self._rng).astype(np.float32)
        )
        return (codes @ guess).reshape(-1)[: self.params] * unit


class RotatedEGA(EGA):
    """EGA whose encoder is another one in every round, so that no direction is lost for good."""

    def mean(self, changes: Tensor) -> Tensor:
        """See :class:`Codec`."""
        self._turn()
        return super().mean(changes)


class Masks(Codec):
    """Additive secret shares (Bonawitz and others, CCS 2017): masks that sum to zero.

    Changes are fixed-point numbers modulo 2^32; a client adds a mask that all agree on pair by
    pair. The sum is exact but for the fixed point; a single client's numbers are uniform.
    """

    decoder = "nobody; the sum alone is readable"
    _SCALE = float(2**20)
    _SEED = 32  # bytes that a client sends to each other for the seed of their mask

    def bytes_up(self, clients: int) -> float:
        """See :class:`Codec`."""
        return 4.0 * self.params + self._SEED * (clients - 1)

    def _shares(self, changes: Tensor) -> Tensor:
        """Masked numbers modulo 2^32, ``[N, P]``."""
        fixed = (changes.double() * self._SCALE).round().to(torch.int64)
        masks = torch.randint(2**32, fixed.shape, generator=self._dice)
        masks[-1] = -masks[:-1].sum(dim=0)
        return (fixed + masks) % 2**32

    def _real(self, fixed: Tensor) -> Tensor:
        signed = (fixed + 2**31) % 2**32 - 2**31
        return (signed.double() / self._SCALE).float()

    def mean(self, changes: Tensor) -> Tensor:
        """See :class:`Codec`."""
        return self._real(self._shares(changes).sum(dim=0) % 2**32) / len(changes)

    def seen(self, change: Tensor, others: Tensor, *, decoder: bool = True) -> Tensor:
        """See :class:`Codec`."""
        return self._real(self._shares(torch.cat([change[None], others]))[0])


_CODECS: dict[str, type[Codec]] = {
    "fp32": FP32,
    "levels": Levels,
    "topk": TopK,
    "ega": EGA,
    "ega_rotated": RotatedEGA,
    "masks": Masks,
}

NAMES = tuple(_CODECS)
"""Codecs by name."""


def make(name: str, params: int, dice: np.random.Generator) -> Codec:
    """The codec of a name for updates of so many parameters.

    Raises:
        InputError: there is none.
    """
    if name not in _CODECS:
        raise InputError("codec", name, did_you_mean(name, _CODECS))
    return _CODECS[name](params, dice)
