"""The air interface between users and sites."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, between, positive

__all__ = ["Radio"]


@dataclass
class Radio:
    """Air interface of every site (3GPP TR 38.901 UMi street canyon)."""

    carrier_ghz: float = 3.5
    bandwidth_hz: float = 20e6
    site_power_dbm: float = 33.0
    user_power_dbm: float = 23.0
    site_noise_figure_db: float = 5.0
    user_noise_figure_db: float = 9.0
    site_height_m: float = 10.0
    user_height_m: float = 1.5
    shadowing_los_db: float = 4.0
    shadowing_nlos_db: float = 7.82
    shadowing_distance_m: float = 13.0
    fading_db: float = 3.0
    max_spectral_efficiency: float = 7.4
    min_spectral_efficiency: float = 0.1
    handover_margin_db: float = 3.0
    measurement_period_s: float = 1.0
    pixel_m: float = 10.0

    def check(self, at: str) -> None:
        for key in (
            "carrier_ghz",
            "bandwidth_hz",
            "site_height_m",
            "user_height_m",
            "shadowing_distance_m",
            "max_spectral_efficiency",
            "min_spectral_efficiency",
            "measurement_period_s",
            "pixel_m",
        ):
            positive(f"{at}.{key}", getattr(self, key))
        for key in ("shadowing_los_db", "shadowing_nlos_db", "fading_db", "handover_margin_db"):
            at_least(f"{at}.{key}", getattr(self, key), 0)
        for key in ("site_power_dbm", "user_power_dbm"):
            between(f"{at}.{key}", getattr(self, key), -50, 80)
        for key in ("site_noise_figure_db", "user_noise_figure_db"):
            between(f"{at}.{key}", getattr(self, key), 0, 30)
        between(f"{at}.carrier_ghz", self.carrier_ghz, 0.5, 100)
        if self.site_height_m <= 1 or self.user_height_m <= 1:
            raise InputError(
                f"{at}.user_height_m",
                self.user_height_m,
                "antennas must stand above the model's 1 m environment height",
            )
        if self.min_spectral_efficiency > self.max_spectral_efficiency:
            raise InputError(
                f"{at}.min_spectral_efficiency",
                self.min_spectral_efficiency,
                f"must not pass max_spectral_efficiency = {self.max_spectral_efficiency:g}",
            )
