"""TR 38.901 UMi against values worked by hand from the tables of the standard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.twin.radio.pathloss import (
    breakpoint_distance_m,
    los_path_loss_db,
    los_probability,
    nlos_path_loss_db,
    thermal_noise_dbm,
)

STREET = (3.5, 10.0, 1.5)  # carrier GHz, site height m, user height m


def test_breakpoint_distance() -> None:
    # 4 (10 - 1) (1.5 - 1) 3.5e9 / 3e8 = 18 * 11.6667
    assert breakpoint_distance_m(*STREET) == pytest.approx(210.0)
    # 4 * 9 * 0.5 * 28e9 / 3e8
    assert breakpoint_distance_m(28.0, 10.0, 1.5) == pytest.approx(1680.0)


def test_line_of_sight_before_the_breakpoint() -> None:
    # d3D = sqrt(100^2 + 8.5^2) = sqrt(10072.25) = 100.36060; log10 = 2.0015632
    # 20 log10 3.5 = 20 * 0.5440680 = 10.8813609
    # 32.4 + 21 * 2.0015632 + 10.8813609 = 32.4 + 42.0328272 + 10.8813609
    assert los_path_loss_db(100.0, *STREET) == pytest.approx(85.3141881, abs=1e-5)


def test_line_of_sight_beyond_the_breakpoint() -> None:
    # d3D = sqrt(500^2 + 8.5^2) = sqrt(250072.25) = 500.07225; log10 = 2.6990327
    # 9.5 log10(210^2 + 8.5^2) = 9.5 log10 44172.25 = 9.5 * 4.6451496 = 44.1289212
    # 32.4 + 40 * 2.6990327 + 10.8813609 - 44.1289212 = 32.4 + 107.961308 - 33.2475603
    assert los_path_loss_db(500.0, *STREET) == pytest.approx(107.113748, abs=1e-5)


def test_the_two_slopes_meet_at_the_breakpoint() -> None:
    # There d3D^2 = d'BP^2 + (hBS - hUT)^2, so 40 log d3D - 9.5 log d3D^2 = 21 log d3D.
    below, above = los_path_loss_db([210 - 1e-6, 210 + 1e-6], *STREET)
    assert above == pytest.approx(below, abs=1e-5)


def test_without_line_of_sight() -> None:
    # 35.3 * 2.0015632 + 22.4 + 21.3 * 0.5440680 - 0.3 (1.5 - 1.5)
    # = 70.6551810 + 22.4 + 11.5886494
    assert nlos_path_loss_db(100.0, *STREET) == pytest.approx(104.643830, abs=1e-5)
    # A user 8 m up: d3D = sqrt(100^2 + 2^2) = 100.019998, log10 = 2.0000869;
    # 35.3 * 2.0000869 + 22.4 + 11.5886494 - 0.3 * 6.5 = 70.6030676 + 33.9886494 - 1.95
    assert nlos_path_loss_db(100.0, 3.5, 10.0, 8.0) == pytest.approx(102.641717, abs=1e-5)


def test_a_wall_never_helps() -> None:
    # 10 m away and 20 m above: d3D = sqrt(100 + 100) = 14.1421, log10 = 1.1505150.
    # NLOS' own line with a user at 10 m: 35.3 * 1.1505150 + 22.4 + 11.5886494 - 0.3 * 8.5
    # = 72.0518287; LOS: 32.4 + 21 * 1.1505150 + 10.8813609 = 67.4421759. Lower is LOS, taken is
    # NLOS. With a user at 40 m the NLOS line falls to 35.3 * log10(sqrt(500)) + 22.4 + 11.5886494
    # - 0.3 * 38.5 = 35.3 * 1.3494850 + 22.4386494 = 70.0754700, and LOS is 71.6205459: LOS counts.
    assert nlos_path_loss_db(10.0, 3.5, 20.0, 10.0) == pytest.approx(72.0518287, abs=1e-5)
    assert nlos_path_loss_db(10.0, 3.5, 20.0, 40.0) == pytest.approx(71.6205459, abs=1e-5)


def test_line_of_sight_probability() -> None:
    # 18 m and less: 1. 36 m: 0.5 + e^-1 (1 - 0.5) = 0.5 + 0.1839397.
    # 100 m: 0.18 + e^-2.7777778 * 0.82 = 0.18 + 0.0621765 * 0.82
    expected = [1.0, 1.0, 0.6839397, 0.2309847]
    assert los_probability([0.0, 18.0, 36.0, 100.0]) == pytest.approx(expected, abs=1e-6)


def test_thermal_noise() -> None:
    # -174 + 10 log10 20e6 = -174 + 73.0103
    assert thermal_noise_dbm(20e6) == pytest.approx(-100.9897, abs=1e-4)
    assert thermal_noise_dbm(20e6, 9.0) == pytest.approx(-91.9897, abs=1e-4)
    assert thermal_noise_dbm(1.0) == -174.0


@given(st.floats(10, 5000), st.floats(1.001, 3), st.floats(0.5, 100))
def test_further_is_never_louder(distance_m: float, factor: float, carrier_ghz: float) -> None:
    for loss in (los_path_loss_db, nlos_path_loss_db):
        near, far = loss([distance_m, distance_m * factor], carrier_ghz, 10.0, 1.5)
        assert near < far
    near, far = los_probability([distance_m, distance_m * factor])
    assert 0 < far <= near <= 1


def test_an_array_keeps_its_shape() -> None:
    distance = np.linspace(10, 1000, 12).reshape(3, 4)
    for values in (los_path_loss_db(distance, *STREET), nlos_path_loss_db(distance, *STREET)):
        assert values.shape == (3, 4)
        assert values[1, 2] != values[2, 1]
    assert los_probability(distance).shape == (3, 4)
