"""What distance does to a radio signal in a street: 3GPP TR 38.901, UMi street canyon.

Formulas of table 7.4.1-1 (path loss) and table 7.4.2-1 (line-of-sight probability), outdoor users,
for 10 m <= horizontal distance <= 5 km. All take and return numpy arrays or numbers, element by
element; distances in m, carriers in GHz, losses in dB.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "breakpoint_distance_m",
    "los_path_loss_db",
    "los_probability",
    "nlos_path_loss_db",
    "thermal_noise_dbm",
]

Floats = NDArray[np.float64]

_LIGHT_M_PER_S = 3.0e8  # as the standard rounds it (note 1 of table 7.4.1-1)
_ENVIRONMENT_HEIGHT_M = 1.0  # h_E of UMi, same note
_THERMAL_DBM_PER_HZ = -174.0  # k T at 290 K


def _distance_3d_m(distance_m: ArrayLike, site_height_m: float, user_height_m: float) -> Floats:
    horizontal = np.asarray(distance_m, dtype=np.float64)
    spatial: Floats = np.hypot(horizontal, site_height_m - user_height_m)
    return spatial


def breakpoint_distance_m(carrier_ghz: float, site_height_m: float, user_height_m: float) -> float:
    """Horizontal distance d'_BP (m) beyond which line-of-sight power falls with the fourth power.

    Table 7.4.1-1, note 1: 4 h'_BS h'_UT f_c / c, heights counted from 1 m above the ground.
    """
    return float(
        4
        * (site_height_m - _ENVIRONMENT_HEIGHT_M)
        * (user_height_m - _ENVIRONMENT_HEIGHT_M)
        * carrier_ghz
        * 1e9
        / _LIGHT_M_PER_S
    )


def los_path_loss_db(
    distance_m: ArrayLike, carrier_ghz: float, site_height_m: float, user_height_m: float
) -> Floats:
    """Path loss (dB) in line of sight at the horizontal distance ``distance_m``.

    Table 7.4.1-1, UMi LOS: 32.4 + 21 log10(d_3D) + 20 log10(f_c) up to the breakpoint distance,
    32.4 + 40 log10(d_3D) + 20 log10(f_c) - 9.5 log10(d'_BP^2 + (h_BS - h_UT)^2) beyond; the two
    meet there.
    """
    horizontal = np.asarray(distance_m, dtype=np.float64)
    spatial = _distance_3d_m(horizontal, site_height_m, user_height_m)
    turn = breakpoint_distance_m(carrier_ghz, site_height_m, user_height_m)
    at_carrier = 32.4 + 20 * np.log10(carrier_ghz)
    before = at_carrier + 21 * np.log10(spatial)
    drop = 9.5 * np.log10(turn**2 + (site_height_m - user_height_m) ** 2)
    beyond = at_carrier + 40 * np.log10(spatial) - drop
    loss: Floats = np.where(horizontal <= turn, before, beyond)
    return loss


def nlos_path_loss_db(
    distance_m: ArrayLike, carrier_ghz: float, site_height_m: float, user_height_m: float
) -> Floats:
    """Path loss (dB) without line of sight at the horizontal distance ``distance_m``.

    Table 7.4.1-1, UMi NLOS: 35.3 log10(d_3D) + 22.4 + 21.3 log10(f_c) - 0.3 (h_UT - 1.5), and never
    less than in line of sight.
    """
    spatial = _distance_3d_m(distance_m, site_height_m, user_height_m)
    in_sight = los_path_loss_db(distance_m, carrier_ghz, site_height_m, user_height_m)
    at_carrier = 22.4 + 21.3 * np.log10(carrier_ghz) - 0.3 * (user_height_m - 1.5)
    loss: Floats = np.maximum(in_sight, 35.3 * np.log10(spatial) + at_carrier)
    return loss


def los_probability(distance_m: ArrayLike) -> Floats:
    """Probability that an outdoor user at the horizontal distance ``distance_m`` sees the site.

    Table 7.4.2-1, UMi street canyon: 1 up to 18 m, 18/d + exp(-d/36) (1 - 18/d) beyond.
    """
    distance = np.maximum(np.asarray(distance_m, dtype=np.float64), 18.0)
    near = 18.0 / distance
    return near + np.exp(-distance / 36.0) * (1.0 - near)


def thermal_noise_dbm(bandwidth_hz: float, noise_figure_db: float = 0.0) -> float:
    """Noise power (dBm) in a band behind a receiver: -174 dBm/Hz + 10 log10(B) + noise figure."""
    return float(_THERMAL_DBM_PER_HZ + 10 * np.log10(bandwidth_hz) + noise_figure_db)
