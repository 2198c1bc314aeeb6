"""Ternary weights: by hand, and as the authors' own code has them."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgesim.errors import InputError
from edgesim.services.text.ternary import (
    TernaryLinear,
    absmean,
    tequila_bias,
    tequila_linear,
    ternary_linear,
    twn,
)

SHARED = Path(os.environ.get("EDGESIM_SHARED", Path(__file__).parents[4] / "shared"))
CASES = sorted((SHARED / "oracles" / "services").glob("tequila_*.npz"))


def test_a_group_by_hand() -> None:
    """Mean size 1.5: threshold .75 (absmean), which .75 meets; twn's is 1.125."""
    weights = torch.tensor([[2.0, -0.75, 0.25, -3.0]])
    found = absmean(weights, 4)
    assert found.scale.tolist() == [[1.5]]
    assert found.signs.tolist() == [[1, -1, 0, -1]]
    assert found.dead.tolist() == [[False, False, True, False]]
    assert tequila_bias(weights, found.dead, 0.1).tolist() == pytest.approx([0.025])
    other = twn(weights, 4)
    assert other.signs.tolist() == [[1, 0, 0, -1]]
    assert other.scale.tolist() == [[2.5]]


def test_a_row_of_zeros_is_all_dead() -> None:
    for rule in (absmean, twn):
        found = rule(torch.zeros(1, 8), 4)
        assert found.dead.all() and not found.dense().any() and torch.isfinite(found.scale).all()


def test_the_gradient_goes_straight_through_and_reaches_the_dead() -> None:
    weights = torch.tensor([[2.0, -0.75, 0.25, -3.0]], requires_grad=True)
    inputs = torch.tensor([[1.0, 2.0, 3.0, 4.0]], requires_grad=True)
    made = tequila_linear(inputs, weights, 4, lam=0.1)
    assert made.item() == pytest.approx(1.5 * (1 - 2 - 4) + 0.025)
    made.backward()
    assert weights.grad is not None and inputs.grad is not None
    assert weights.grad.tolist() == [pytest.approx([1.0, 2.0, 3.1, 4.0])]
    assert inputs.grad.tolist() == [[1.5, -1.5, 0.0, -1.5]]


def test_a_layer_settles_as_it_ran() -> None:
    torch.manual_seed(0)
    weights, inputs = torch.randn(6, 16), torch.randn(3, 16)
    for rule, bias in (("absmean", False), ("absmean", True), ("twn", False), ("tequila", False)):
        layer = TernaryLinear(weights, rule, group=8, bias=bias)
        found, constant = layer.settled()
        made = inputs @ found.dense().T + (0 if constant is None else constant)
        torch.testing.assert_close(layer(inputs), made)
        assert (constant is None) == (rule != "tequila" and not bias)


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(InputError, match="divide the 6 inputs"):
        absmean(torch.ones(2, 6), 4)
    with pytest.raises(InputError, match="did you mean 'tequila'"):
        TernaryLinear(torch.ones(2, 8), "tequilla", 4)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_layers_are_those_of_the_authors(path: Path) -> None:
    with np.load(path) as file:
        given = {key: file[key] for key in file.files}
    for case in sorted({key.split("/")[0] for key in given}):
        got = {key.split("/")[1]: given[key] for key in given if key.startswith(f"{case}/")}
        _check(got)


def _near(found: Any, true: Any, by: float) -> None:
    """Torch and NumPy, to within so much."""
    np.testing.assert_allclose(np.asarray(found), true, rtol=by, atol=by)


def _check(given: dict[str, Any]) -> None:
    weights, group, lam = torch.tensor(given["W"]), int(given["group"]), float(given["lam"])
    found = absmean(weights, group)
    assert np.array_equal(found.signs.numpy(), given["T"])
    assert np.array_equal(found.dead.numpy(), given["dead"])
    _near(found.scale.numpy(), given["alpha"], 1e-5)
    _near(tequila_bias(weights, found.dead, lam), given["bias"], 1e-5)
    _near(found.dense(), given["absmean_W"], 1e-5)
    _near(twn(weights, group).dense(), given["twn_W"], 1e-5)
    for start, rule in (("", "tequila"), ("absmean_", "absmean"), ("twn_", "twn")):
        w, x = weights.clone().requires_grad_(), torch.tensor(given["X"], requires_grad=True)
        if rule == "tequila":
            made = tequila_linear(x, w, group, lam)
        else:
            made = ternary_linear(x, w, rule, group)
        made.backward(torch.tensor(given["GY"]))
        assert w.grad is not None and x.grad is not None
        _near(made.detach().numpy(), given[f"{start}Y"], 1e-5)
        _near(w.grad, given[f"{start}gW"], 1e-4)
        _near(x.grad, given[f"{start}gX"], 1e-4)
