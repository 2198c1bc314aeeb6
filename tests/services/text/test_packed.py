"""Packed weights: the bytes by hand, the products as the dense ones, and what they take."""

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.services.text.packed import Packed, pack, quantised, to_int8, unpack


def test_four_weights_a_byte_by_hand() -> None:
    """A group of 8: byte 0 holds the weights 0, 2, 4, 6, as sign + 1, lowest bits first."""
    signs = np.array([[-1, 0, 1, 1, 0, -1, 1, 0]], dtype=np.int8)
    packed = pack(signs, 8)
    assert packed.tolist() == [
        [[0 + (2 << 2) + (1 << 4) + (2 << 6), 1 + (2 << 2) + (0 << 4) + (1 << 6)]]
    ]
    assert np.array_equal(unpack(packed), signs)


def test_the_largest_sum_fits_sixteen_bits() -> None:
    """All weights 1, all inputs as large as can be, both signs."""
    for value in (1.0, -1.0):
        layer = Packed(pack(np.ones((2, 256), np.int8), 128), np.ones((2, 2), np.float32), True)
        assert layer(np.full((1, 256), value, np.float32)) == pytest.approx(256 * value)


@pytest.mark.parametrize("tokens", [1, 3, 9])
@pytest.mark.parametrize(
    ("out", "inputs", "group"), [(3, 8, 8), (7, 256, 128), (65, 384, 128), (4, 64, 4)]
)
def test_products_are_the_dense_ones(out: int, inputs: int, group: int, tokens: int) -> None:
    rng = np.random.default_rng(0)
    signs = rng.integers(-1, 2, size=(out, inputs)).astype(np.int8)
    scale = rng.random((out, inputs // group)).astype(np.float32)
    constant = rng.standard_normal(out).astype(np.float32)
    given = rng.standard_normal((tokens, inputs)).astype(np.float32)
    layer = Packed(pack(signs, group), scale, constant=constant)
    true = given.astype(float) @ layer.dense().astype(float).T + constant
    size = np.linalg.norm(true)
    assert np.linalg.norm(layer(given) - true) < 1e-6 * size
    rounded = Packed(layer.packed, scale, bytes_of_inputs=True, constant=constant)
    assert np.linalg.norm(rounded(given) - true) < 0.02 * size


def test_inputs_of_bytes_are_off_by_less_than_a_hundredth() -> None:
    rng = np.random.default_rng(1)
    signs = rng.integers(-1, 2, size=(256, 1024)).astype(np.int8)
    scale = rng.random((256, 8)).astype(np.float32)
    given = rng.standard_normal((1, 1024)).astype(np.float32)
    exact, rounded = (Packed(pack(signs, 128), scale, bytes_) for bytes_ in (False, True))
    off = np.linalg.norm(rounded(given) - exact(given)) / np.linalg.norm(exact(given))
    assert 0 < off < 0.01


def test_ternary_weights_take_fourteen_times_less() -> None:
    layer = Packed(np.zeros((512, 4, 32), np.uint8), np.zeros((512, 4), np.float32))
    assert 512 * 512 * 4 / layer.nbytes == pytest.approx(32 / 2.25)


def test_weights_of_eight_bits_by_hand() -> None:
    found = to_int8(np.array([[1.0, -0.5, 0.0], [0.0, 0.0, 0.0]], np.float32))
    assert found.weights.tolist() == [[127, -64, 0], [0, 0, 0]]
    given = np.array([[1.0, 2.0, 3.0]], np.float32)
    np.testing.assert_allclose(found(given), [[(127 - 128) / 127, 0.0]], atol=1e-6)
    np.testing.assert_allclose(found(np.repeat(given, 6, 0)), found(given).repeat(6, 0), atol=1e-6)


def test_a_token_of_zeros_is_zeros() -> None:
    whole, step = quantised(np.zeros((1, 4), np.float32))
    assert not whole.any() and step.tolist() == [0.0]


def test_what_cannot_be_packed_is_told() -> None:
    with pytest.raises(InputError, match="divide the 8 inputs"):
        pack(np.zeros((1, 8), np.int8), 6)
    with pytest.raises(InputError, match="-1, 0 or 1"):
        pack(np.full((1, 8), 2, np.int8), 8)
