"""Estimates against real things: gradients of small models, and gloo between processes."""

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.reproduction.training.checks import NEAR, twin_reduce_s
from edgesim.services import allreduce, gradients


def test_the_twins_ring_is_as_slow_as_its_slowest_link() -> None:
    """2 · 3/4 of 4 MB at 50 Mbit/s."""
    assert twin_reduce_s((100.0, 50.0, 80.0, 60.0), 4e6) == pytest.approx(0.96)


def test_the_noise_scale_of_a_small_model_is_estimated_from_norms() -> None:
    """At the first step of the digits, against every sample's own gradient."""
    whole = gradients.digits()
    task = whole._replace(inputs=whole.inputs[:300], targets=whole.targets[:300])
    exact = gradients.exact(task)
    found, singly = gradients.estimated(task, 8, 128, 40)
    assert found.samples == pytest.approx(exact.samples, rel=NEAR)
    assert found.gradient == pytest.approx(exact.gradient, rel=NEAR)
    # What the averages are for: half of the single steps are farther off than all together.
    off = np.abs(singly() / exact.samples - 1.0)
    assert np.median(off) > abs(found.samples / exact.samples - 1.0)


def test_tasks_that_cannot_be_measured_are_refused() -> None:
    with pytest.raises(InputError, match="text = 5"):
        gradients.characters("short")
    with pytest.raises(InputError, match="big = 12"):
        gradients.estimated(gradients.digits(), 8, 12, 1)
    with pytest.raises(InputError, match="two processes or more"):
        allreduce.measure_s([10.0], 1000)
    with pytest.raises(InputError, match=r"rates_mbps\[1\] = -1"):
        allreduce.measure_s([10.0, -1.0], 1000)


@pytest.mark.slow
@pytest.mark.skipif(not allreduce.available(), reason="no namespaces here")
def test_gloos_all_reduce_takes_what_the_twin_says() -> None:
    rates = (100.0, 50.0, 80.0, 60.0)
    took = np.median(allreduce.measure_s(rates, 4_000_000, 3))
    assert took == pytest.approx(twin_reduce_s(rates, 4e6), rel=NEAR)
