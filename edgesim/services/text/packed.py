"""Ternary weights as they lie in memory, four a byte, and the loops that multiply by them.

A group of g weights takes g / 4 bytes: byte k holds the weights k, g/4 + k, g/2 + k and 3g/4 + k,
two bits each, lowest first, as sign + 1. So a loop over the bytes of a group meets inputs that lie
side by side, and vectorises. The codes 0, 1, 2 are the signs and 1 more: the sum of the group's
inputs is taken away once. With a scale of 32 bits for every 128 weights that is 2.25 bits a weight,
14.2 times less than single precision.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.twin.core.compiled import compiled

__all__ = ["Int8", "Packed", "pack", "quantised", "to_int8", "unpack"]

FloatArray = npt.NDArray[np.float32]

_PER_BYTE = 4
_MOST_OF_GROUP = 128  # 2 * 127 * 128 = 32,512 is the most that a sum of 16 bits holds


def pack(signs: npt.NDArray[np.int8], group: int) -> npt.NDArray[np.uint8]:
    """Weights of -1, 0 and 1, four a byte.

    Args:
        signs: shape (out, in).
        group: weights that share a scale; divides ``in``, and is divided by 4.

    Returns:
        shape (out, in / group, group / 4).

    Raises:
        InputError: the group does not fit, or a value is another.
    """
    out, inputs = signs.shape
    if group < _PER_BYTE or group % _PER_BYTE or inputs % group:
        raise InputError("group", group, f"must divide the {inputs} inputs, and 4 must divide it")
    if not np.isin(signs, (-1, 0, 1)).all():
        raise InputError("signs", "a value", "must be -1, 0 or 1")
    codes = (signs + 1).astype(np.uint8).reshape(out, inputs // group, _PER_BYTE, -1)
    return np.asarray(
        codes[:, :, 0] | codes[:, :, 1] << 2 | codes[:, :, 2] << 4 | codes[:, :, 3] << 6
    )


def unpack(packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.int8]:
    """The weights again, shape (out, in)."""
    codes = np.stack([(packed >> shift) & 3 for shift in (0, 2, 4, 6)], axis=2)
    return np.asarray(codes.reshape(len(packed), -1).astype(np.int8) - 1)


def quantised(inputs: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Activations as bytes, and what one counts, a token at a time (the largest is 127).

    Args:
        inputs: shape (tokens, in).

    Returns:
        shape (tokens, in), and shape (tokens,).
    """
    scale = np.abs(inputs).max(axis=1) / np.float32(127)
    steps = np.where(scale > 0, scale, 1)[:, None]
    return np.rint(inputs / steps).astype(np.int8), scale.astype(np.float32)


@compiled(fastmath=True)
def _by_floats(
    packed: npt.NDArray[np.uint8],
    scale: FloatArray,
    inputs: FloatArray,
    sums: FloatArray,
    found: FloatArray,
) -> None:
    """One token: found[j] = sum over groups of scale (codes · inputs − sum of inputs).

    Whatever comes of small integers is cast back: left to itself, Numba widens it to 64 bits, and
    the loop no longer vectorises.
    """
    out, groups, width = packed.shape
    three = np.uint8(3)
    for j in range(out):
        total = np.float32(0)
        for g in range(groups):
            row, at = packed[j, g], inputs[g]
            # Slices, since an index that is a sum might be negative, and is looked at each time.
            at_1, at_2, at_3 = at[width : 2 * width], at[2 * width : 3 * width], at[3 * width :]
            part = np.float32(0)
            for k in range(width):
                byte = row[k]
                part += np.float32(
                    np.float32(np.int32(np.uint8(byte & three))) * at[k]
                    + np.float32(np.int32(np.uint8(np.uint8(byte >> 2) & three))) * at_1[k]
                    + np.float32(np.int32(np.uint8(np.uint8(byte >> 4) & three))) * at_2[k]
                    + np.float32(np.int32(np.uint8(byte >> 6))) * at_3[k]
                )
            total += scale[j, g] * (part - sums[g])
        found[j] = total


@compiled(fastmath=True)
def _by_bytes(
    packed: npt.NDArray[np.uint8],
    scale: FloatArray,
    inputs: npt.NDArray[np.int8],
    sums: npt.NDArray[np.int32],
    step: float,
    found: FloatArray,
) -> None:
    """As _by_floats, for inputs of bytes and sums of 16 bits."""
    out, groups, width = packed.shape
    three = np.uint8(3)
    for j in range(out):
        total = np.float32(0)
        for g in range(groups):
            row, at = packed[j, g], inputs[g]
            # Slices, since an index that is a sum might be negative, and is looked at each time.
            at_1, at_2, at_3 = at[width : 2 * width], at[2 * width : 3 * width], at[3 * width :]
            part = np.int16(0)
            for k in range(width):
                byte = row[k]
                one = np.int16(np.int16(np.uint8(byte & three)) * np.int16(at[k]))
                two = np.int16(np.int16(np.uint8(np.uint8(byte >> 2) & three)) * np.int16(at_1[k]))
                third = np.int16(
                    np.int16(np.uint8(np.uint8(byte >> 4) & three)) * np.int16(at_2[k])
                )
                last = np.int16(np.int16(np.uint8(byte >> 6)) * np.int16(at_3[k]))
                part = np.int16(part + np.int16(np.int16(one + two) + np.int16(third + last)))
            total += scale[j, g] * np.float32(np.int32(part) - sums[g])
        found[j] = total * step


@compiled(fastmath=True)
def _by_int8(
    weights: npt.NDArray[np.int8], scale: FloatArray, inputs: FloatArray, found: FloatArray
) -> None:
    """One token through weights of bytes: found[j] = scale[j] (weights[j] · inputs)."""
    out, width = weights.shape
    for j in range(out):
        row = weights[j]
        part = np.float32(0)
        for k in range(width):
            part += np.float32(row[k]) * inputs[k]
        found[j] = scale[j] * part


_MOST_BY_LOOP = 4  # tokens of a product: with more, weights are unpacked once, and BLAS is faster


@dataclass(frozen=True)
class Packed:
    """A layer of ternary weights, packed.

    Attributes:
        packed: as :func:`pack` gives them, shape (out, in / group, group / 4).
        scale: what 1 counts in every group, shape (out, in / group).
        bytes_of_inputs: whether inputs are rounded to 8 bits, a token at a time.
        constant: what is added to every output, shape (out,); None: nothing.
    """

    packed: npt.NDArray[np.uint8]
    scale: FloatArray
    bytes_of_inputs: bool = False
    constant: FloatArray | None = None

    @property
    def nbytes(self) -> int:
        """Bytes that the layer takes."""
        constant = 0 if self.constant is None else self.constant.nbytes
        return self.packed.nbytes + self.scale.nbytes + constant

    def dense(self) -> FloatArray:
        """The weights as they count, shape (out, in)."""
        out, groups, width = self.packed.shape
        signs = unpack(self.packed).reshape(out, groups, _PER_BYTE * width)
        return np.asarray((signs * self.scale[..., None]).reshape(out, -1), dtype=np.float32)

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Inputs of shape (tokens, in) to outputs of shape (tokens, out)."""
        tokens, (out, groups, width) = len(inputs), self.packed.shape
        if tokens > _MOST_BY_LOOP:
            found = inputs @ self.dense().T
        else:
            found = np.empty((tokens, out), np.float32)
            self._looped(inputs.reshape(tokens, groups, _PER_BYTE * width), found)
        return found if self.constant is None else found + self.constant

    def _looped(self, inputs: FloatArray, found: FloatArray) -> None:
        if not self.bytes_of_inputs or inputs.shape[2] > _MOST_OF_GROUP:
            for row, sums, to in zip(inputs, inputs.sum(axis=2), found, strict=True):
                _by_floats(self.packed, self.scale, row, sums, to)
            return
        whole, steps = quantised(inputs.reshape(len(inputs), -1))
        grouped = whole.reshape(inputs.shape).astype(np.int16)
        totals = grouped.sum(axis=2, dtype=np.int32)
        for row, sums, step, to in zip(grouped, totals, steps, found, strict=True):
            _by_bytes(self.packed, self.scale, row, sums, step, to)


@dataclass(frozen=True)
class Int8:
    """A layer of weights of 8 bits, a scale a row.

    Attributes:
        weights: shape (out, in), -127 to 127.
        scale: what 1 counts in every row, shape (out,).
    """

    weights: npt.NDArray[np.int8]
    scale: FloatArray

    @property
    def nbytes(self) -> int:
        """Bytes that the layer takes."""
        return self.weights.nbytes + self.scale.nbytes

    def dense(self) -> FloatArray:
        """The weights as they count, shape (out, in)."""
        return np.asarray(self.weights * self.scale[:, None], dtype=np.float32)

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Inputs of shape (tokens, in) to outputs of shape (tokens, out)."""
        if len(inputs) > _MOST_BY_LOOP:
            return np.asarray(inputs @ self.dense().T)
        found = np.empty((len(inputs), len(self.weights)), np.float32)
        for row, to in zip(inputs, found, strict=True):
            _by_int8(self.weights, self.scale, row, to)
        return found


def to_int8(weights: FloatArray) -> Int8:
    """The nearest weights of 8 bits: the largest of every row is 127."""
    whole, scale = quantised(np.asarray(weights, dtype=np.float32))
    return Int8(whole, scale)
