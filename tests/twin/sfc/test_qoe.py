"""Quality of experience: formulas by hand, values of the standards, and what never happens."""

from math import e, inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.scenarios.sfc.schema import QOE_MODELS, QoE
from edgesim.twin.sfc.chain import QoS, Request
from edgesim.twin.sfc.qoe import authors, emodel, iqx, qoe_model


def request(bandwidth=100.0, max_delay_ms=60.0):
    return Request(0, 0.0, bandwidth, max_delay_ms, 1.0, 5)


def test_the_authors_formula():
    assert authors(100, 60, 60) == pytest.approx(log(100) - 10)
    assert authors(16, 50, 60) == pytest.approx(log(16) - 10 / e)
    assert authors(1, 0, 1e9) == 0


def test_the_exponential_hypothesis():
    assert iqx(0, 4, 1, 1) == 5
    assert iqx(1, 4, 1, 1) == pytest.approx(1 + 4 / e)
    assert iqx(1e9, 4, 1, 1) == 1
    model = qoe_model(QoE(model="iqx", loss_bound=0.02))
    assert model(request(), QoS(60.0, 100.0, 0.0)) == pytest.approx(1 + 4 / e)
    assert model(request(), QoS(30.0, 100.0, 0.01)) == pytest.approx(1 + 4 / e)


def test_the_e_model_at_points_of_its_standard():
    # G.107: R = 93.2 gives a MOS of 4.41; G.109 calls R = 90, 80, 70, 60, 50 4.34 ... 2.58.
    assert emodel(0, 0) == pytest.approx(4.41, abs=0.005)
    for rating, score in ((90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)):
        # below 177.3 ms delay alone takes at most 4.3; the rest is loss
        impairment = 93.2 - rating
        loss = 25.1 * impairment / (95 - impairment) / 100
        assert emodel(0, loss) == pytest.approx(score, abs=0.01)
    assert emodel(400, 0) == pytest.approx(emodel(0, 25.1 * 34.097 / 60.903 / 100), abs=1e-3)
    assert emodel(5000, 0.9) == 1


@given(
    model=st.sampled_from(QOE_MODELS),
    one=st.tuples(st.floats(0, 1e4), st.floats(0, 1)),
    other=st.tuples(st.floats(0, 1e4), st.floats(0, 1)),
)
def test_qoe_never_rises_with_delay_or_loss(model, one, other):
    of = qoe_model(QoE(model=model))
    better = QoS(min(one[0], other[0]), 100.0, min(one[1], other[1]))
    worse = QoS(max(one[0], other[0]), 100.0, max(one[1], other[1]))
    assert of(request(), better) >= of(request(), worse) - 1e-9


def test_a_floor_and_a_unit_of_bandwidth():
    assert qoe_model(QoE(floor=-3.0))(request(), QoS(90.0, 100.0, 0.0)) == -3
    megabits = qoe_model(QoE(bandwidth_unit=1e6))
    assert megabits(request(), QoS(0.0, 5e6, 0.0)) == pytest.approx(authors(5, 0, 60))
    assert qoe_model(QoE())(request(), QoS(1e9, 100.0, 0.0)) < -1e300  # and no overflow


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "mos"),
        ("pay_on", "delivery"),
        ("bandwidth_unit", 0.0),
        ("iqx_beta", -1.0),
        ("loss_bound", 0.0),
        ("rejected", float("nan")),
        ("floor", float("inf")),
    ],
)
def test_bad_parameters_are_refused_by_key(key, value):
    with pytest.raises(InputError, match=rf"qoe\.{key}"):
        QoE(**{key: value}).check()


def test_the_authors_formula_of_an_interrupted_chain_is_the_floor():
    parameters = QoE(model="authors", bandwidth_unit=1e6, floor=-3.0)
    assert qoe_model(parameters)(request(), QoS(0.0, 0.0, 0.0)) == -3.0
    assert authors(0, 60, 60) == -inf
