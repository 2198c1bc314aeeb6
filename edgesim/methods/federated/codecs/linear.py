"""A linear code of blocks: what EGA's code can reach at best, and how many bytes it takes.

EGA (arXiv 2205.13216) encodes a block of b entries into h numbers, averages codes, and decodes the
mean. For independent entries no code of h numbers explains more than h / b of their variance; a
code with orthonormal rows and its best linear decoder reach that.
"""

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgesim.methods.federated.codecs.levels import bits_of_levels

__all__ = [
    "PAILLIER_BYTES",
    "CodeBytes",
    "LinearCode",
    "code_bytes",
    "error_bound",
    "linear_code",
    "orthonormal_encoder",
]

_Floats = NDArray[np.float64]

PAILLIER_BYTES = 512
"""Bytes of a ciphertext of Paillier's system with a modulus of 2048 bits: a number below its
square."""


class LinearCode(NamedTuple):
    """Blocks of clients through a linear code.

    Attributes:
        codes: clients x code entries.
        aggregate: their mean, which the server sees.
        decoder: the pseudo-inverse of the encoder, block x code entries.
        decoded: block that the mean code stands for.
        mean_block: the mean of the blocks, which it should be.
        relative_sq_error: ``||decoded - mean||^2 / ||mean||^2``; 0 for blocks of zeros.
    """

    codes: _Floats
    aggregate: _Floats
    decoder: _Floats
    decoded: _Floats
    mean_block: _Floats
    relative_sq_error: float


def linear_code(encoder: ArrayLike, client_blocks: ArrayLike) -> LinearCode:
    """Encode each client's block, average the codes, decode the mean.

    Args:
        encoder: rows, code entries x block.
        client_blocks: clients x block.
    """
    rows, blocks = np.asarray(encoder, float), np.asarray(client_blocks, float)
    codes = blocks @ rows.T
    aggregate, mean = codes.mean(axis=0), blocks.mean(axis=0)
    decoder = np.linalg.pinv(rows)
    decoded = decoder @ aggregate
    power = float(mean @ mean)
    error = float(((decoded - mean) ** 2).sum())
    return LinearCode(codes, aggregate, decoder, decoded, mean, error / power if power else error)


def error_bound(
    block: int, code: int, clients: int, variance: float, noise_std: float = 0.0
) -> tuple[float, float]:
    """Mean squared error an entry of the best linear decoder, and the share that is unexplained.

    Entries of the mean block are independent with ``variance``; the encoder has orthonormal rows;
    each client adds noise of ``noise_std`` to each entry of its code, of which ``1 / clients`` of
    the variance stays in the mean. What the code spans is decoded by Wiener's rule
    ``v / (v + sigma^2 / m)``, the rest is lost.
    """
    noise = noise_std**2 / clients
    kept = variance * noise / (variance + noise) if variance + noise > 0 else 0.0
    seen = min(1.0, code / block)
    error = (1 - seen) * variance + seen * kept
    return error, error / variance if variance else 0.0


def orthonormal_encoder(block: int, code: int, rng: np.random.Generator) -> _Floats:
    """Rows of a random rotation, code entries x block."""
    square = rng.standard_normal((block, code))
    return np.ascontiguousarray(np.linalg.qr(square)[0].T)


class CodeBytes(NamedTuple):
    """Bytes of one client's update, in four ways to write it."""

    blocks: int
    code_entries: int
    code_bytes: int
    fp32_bytes: int
    bits_per_quantised_entry: int
    quantised_bytes: int
    paillier_bytes: int


def code_bytes(
    params: int, block: int, code: int, levels: int, code_bytes_per_entry: int = 4
) -> CodeBytes:
    """Bytes of EGA's code, of 32-bit floats, of plain levels, of a Paillier ciphertext a value."""
    blocks = ceil(params / block)
    bits = bits_of_levels(levels)
    return CodeBytes(
        blocks,
        blocks * code,
        blocks * code * code_bytes_per_entry,
        params * 4,
        bits,
        ceil(params * bits / 8),
        params * PAILLIER_BYTES,
    )
