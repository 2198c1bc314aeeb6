"""A language model that runs: NumPy and compiled loops, no torch, the weights as they lie on disk.

A file holds one variant of a model (``safetensors``): the embedding and norms, and for every linear
layer either its weights, weights of 8 bits with a scale a row, or packed ternary weights with a
scale a group and perhaps a constant.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.services.text.packed import Int8, Packed

__all__ = ["Dense", "Runner", "read_runner"]

FloatArray = npt.NDArray[np.float32]
Layer = Callable[[FloatArray], FloatArray]

_EPS = np.float32(1e-6)


@dataclass(frozen=True)
class Dense:
    """A layer of single precision, shape (out, in)."""

    weights: FloatArray

    @property
    def nbytes(self) -> int:
        """Bytes that the layer takes."""
        return self.weights.nbytes

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Inputs of shape (tokens, in) to outputs of shape (tokens, out)."""
        return inputs @ self.weights.T


class Runner:
    """A model of :mod:`edgesim.services.text.model` at work.

    Args:
        shape: its keys, as in the file.
        arrays: embedding and norms by name.
        layers: every linear layer by name, ``blocks.0.q``.

    Attributes:
        vocabulary: its characters.
        nbytes: what the weights take.
        calls: passes through the network so far.
    """

    def __init__(
        self,
        shape: Mapping[str, Any],
        arrays: Mapping[str, FloatArray],
        layers: Mapping[str, Any],
    ) -> None:
        self.vocabulary: str = shape["vocabulary"]
        self._heads, self._blocks = int(shape["heads"]), int(shape["layers"])
        self._width = int(shape["width"])
        self._arrays, self._layers = arrays, layers
        self.nbytes = sum(array.nbytes for array in arrays.values())
        self.nbytes += sum(layer.nbytes for layer in layers.values())
        self.calls = 0
        head = self._width // self._heads
        self._rates = 10_000.0 ** (-np.arange(0, head, 2, dtype=np.float32) / head)

    @property
    def parameters(self) -> int:
        """Numbers in the network."""
        count = sum(array.size for array in self._arrays.values())
        for layer in self._layers.values():
            out, inputs = layer.dense().shape if hasattr(layer, "dense") else layer.weights.shape
            count += out * inputs
        return count

    def logits(self, tokens: npt.NDArray[np.int64]) -> FloatArray:
        """What comes after every token, shape (n, length) to (n, length, vocabulary)."""
        return self._pass(tokens, _Memory(self._blocks))

    def generate(
        self,
        prompts: npt.NDArray[np.int64],
        counts: Sequence[int],
        rngs: Sequence[np.random.Generator],
        temperature: float = 0.7,
    ) -> list[npt.NDArray[np.int64]]:
        """Write on.

        Args:
            prompts: of equal length, shape (n, length).
            counts: tokens to write after each.
            rngs: one for each, from which its tokens are drawn; what else is in the batch changes
                nothing of it.
            temperature: 0 takes the likeliest token, more is more random.

        Returns:
            the tokens written, for each prompt.
        """
        memory = _Memory(self._blocks)
        written: list[list[int]] = [[] for _ in counts]
        rows = list(range(len(counts)))
        logits = self._pass(prompts, memory)[:, -1]
        for done in range(1, max(counts) + 1):
            tokens = [
                _chosen(row, temperature, rngs[k]) for row, k in zip(logits, rows, strict=True)
            ]
            for k, token in zip(rows, tokens, strict=True):
                written[k].append(token)
            going = np.array([counts[k] > done for k in rows])
            if not going.any():
                break
            if not going.all():
                rows = [k for k, stays in zip(rows, going, strict=True) if stays]
                memory.keep(going)
            now = np.array(tokens, dtype=np.int64)[going, None]
            logits = self._pass(now, memory)[:, -1]
        return [np.array(tokens, dtype=np.int64) for tokens in written]

    def _pass(self, tokens: npt.NDArray[np.int64], memory: "_Memory") -> FloatArray:
        """New tokens after those that are remembered."""
        self.calls += 1
        count, length = tokens.shape
        angles = np.arange(memory.length, memory.length + length)[:, None] * self._rates
        turn = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        x = self._arrays["embedding"][tokens.ravel()]
        for row in range(self._blocks):
            x = self._block(row, x, (count, length), turn, memory)
        memory.length += length
        normed = _normed(x, self._arrays["norm"])
        found = normed @ self._arrays["embedding"].T
        return np.asarray(found.reshape(count, length, -1))

    def _block(
        self,
        row: int,
        x: FloatArray,
        size: tuple[int, int],
        turn: tuple[FloatArray, FloatArray],
        memory: "_Memory",
    ) -> FloatArray:
        layers = {name: self._layers[f"blocks.{row}.{name}"] for name in ("q", "k", "v", "o")}
        normed = _normed(x, self._arrays[f"blocks.{row}.attention_norm"])
        q, k, v = (
            layers[name](normed).reshape(*size, self._heads, -1).transpose(0, 2, 1, 3)
            for name in ("q", "k", "v")
        )
        keys, values = memory.add(row, _turned(k, *turn), v)
        weights = _turned(q, *turn) @ keys.transpose(0, 1, 3, 2) / np.float32(np.sqrt(q.shape[-1]))
        new, all_of_it = weights.shape[-2:]
        if new > 1:
            later = np.arange(all_of_it) > np.arange(all_of_it - new, all_of_it)[:, None]
            weights = np.where(later, np.float32(-1e9), weights)
        weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        seen = (weights @ values).transpose(0, 2, 1, 3).reshape(len(x), -1)
        x = x + layers["o"](np.ascontiguousarray(seen))
        normed = _normed(x, self._arrays[f"blocks.{row}.mlp_norm"])
        gate = self._layers[f"blocks.{row}.gate"](normed)
        up = self._layers[f"blocks.{row}.up"](normed)
        opened = np.asarray(gate / (1.0 + np.exp(-gate)) * up, dtype=np.float32)
        return np.asarray(x + self._layers[f"blocks.{row}.down"](opened))


class _Memory:
    """Keys and values of the tokens so far, for each block."""

    def __init__(self, blocks: int) -> None:
        self.length = 0
        self._kept: list[tuple[FloatArray, FloatArray] | None] = [None] * blocks

    def add(self, row: int, keys: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Those of new tokens behind the others; returns all."""
        known = self._kept[row]
        if known is not None:
            keys = np.concatenate([known[0], keys], axis=2)
            values = np.concatenate([known[1], values], axis=2)
        self._kept[row] = keys, values
        return keys, values

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Forget the others."""
        self._kept = [None if it is None else (it[0][rows], it[1][rows]) for it in self._kept]


def _normed(x: FloatArray, weights: FloatArray) -> FloatArray:
    return np.asarray(x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + _EPS) * weights)


def _turned(x: FloatArray, cos: FloatArray, sin: FloatArray) -> FloatArray:
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def _chosen(logits: FloatArray, temperature: float, rng: np.random.Generator) -> int:
    place = rng.random()  # drawn always: a token that is not drawn changes no later one
    if temperature == 0:
        return int(logits.argmax())
    shares = np.exp((logits - logits.max()).astype(float) / temperature).cumsum()
    return min(int(np.searchsorted(shares, place * shares[-1], side="right")), len(logits) - 1)


def read_runner(path: Path) -> Runner:
    """The model of a file.

    Raises:
        InputError: there is none, or the file is no model of this kind.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = file.metadata() or {}
            found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 # no dict
        shape = json.loads(about["shape"])
        return Runner(shape, *_parts(found))
    except FileNotFoundError:
        raise InputError("weights", str(path), "there is no such file") from None
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise InputError("weights", str(path), f"is no language model of ours: {error}") from None


def _parts(found: Mapping[str, Any]) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """Arrays that stay as they are, and layers."""
    arrays: dict[str, FloatArray] = {}
    layers: dict[str, Any] = {}
    for key, value in found.items():
        name, _, part = key.rpartition(".")
        if part == "weight":
            layers[name] = Dense(value.astype(np.float32))
        elif part == "int8":
            layers[name] = Int8(value, found[f"{name}.scale"])
        elif part == "packed":
            constant = found.get(f"{name}.constant")
            layers[name] = Packed(value, found[f"{name}.scale"], constant=constant)
        elif part not in ("scale", "constant"):
            arrays[key] = value.astype(np.float32)
    return arrays, layers
