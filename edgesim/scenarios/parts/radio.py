"""The air interface between users and sites."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import between, period, positive
from edgesim.scenarios.settings import setting

__all__ = ["Radio"]


BANDWIDTHS_HZ = (180e3, 2e9)
"""From one resource block of LTE (3GPP TS 36.211, 6.2.3) to the widest channel of NR (TS 38.104,
table 5.3.2-3): less or more is most likely another unit."""


@dataclass
class Radio:
    """Air interface of every site (3GPP TR 38.901 UMi street canyon)."""

    carrier_ghz: float = setting(3.5, "GHz; carrier frequency")
    bandwidth_hz: float = setting(20e6, "Hz a site and direction, shared among its transfers")
    site_power_dbm: float = setting(33.0, "dBm; transmit power of a site")
    user_power_dbm: float = setting(23.0, "dBm; transmit power of a user")
    site_noise_figure_db: float = setting(5.0, "dB; noise figure of a site's receiver")
    user_noise_figure_db: float = setting(9.0, "dB; noise figure of a user's receiver")
    site_height_m: float = setting(
        10.0, "m; height of a site's antenna", usual=(1, 200), checked=(10, 10)
    )
    user_height_m: float = setting(
        1.5, "m; height of a user's antenna", usual=(1, 200), checked=(1.5, 22.5)
    )
    shadowing_los_db: float = setting(4.0, "dB; standard deviation of shadowing in line of sight")
    shadowing_nlos_db: float = setting(
        7.82, "dB; standard deviation of shadowing without line of sight"
    )
    shadowing_distance_m: float = setting(
        13.0, "m; correlation distance of shadowing", usual=(1, 500)
    )
    fading_db: float = setting(3.0, "dB; standard deviation of a transfer's fast fading")
    max_spectral_efficiency: float = setting(
        7.4, "bit/s/Hz; most that a transfer reaches", usual=(0.1, 50)
    )
    min_spectral_efficiency: float = setting(
        0.1, "bit/s/Hz; below this a transfer goes on by repetition", usual=(0.001, 10)
    )
    handover_margin_db: float = setting(3.0, "dB by which another site must be stronger")
    measurement_period_s: float = setting(
        1.0, "s between measurements of a transfer that goes on", usual=(0.01, 60)
    )
    pixel_m: float = setting(10.0, "m; grain of the map of streets", usual=(0.5, 200))

    def check(self, at: str) -> None:
        for key in (
            "carrier_ghz",
            "bandwidth_hz",
            "site_height_m",
            "user_height_m",
            "shadowing_distance_m",
            "max_spectral_efficiency",
            "min_spectral_efficiency",
            "pixel_m",
        ):
            positive(f"{at}.{key}", getattr(self, key))
        period(f"{at}.measurement_period_s", self.measurement_period_s)
        for key in ("shadowing_los_db", "shadowing_nlos_db", "fading_db", "handover_margin_db"):
            # Ten deviations of 50 dB are 10^50: far beyond any street, and within every float.
            between(f"{at}.{key}", getattr(self, key), 0, 50)
        for key in ("site_power_dbm", "user_power_dbm"):
            between(f"{at}.{key}", getattr(self, key), -50, 80)
        for key in ("site_noise_figure_db", "user_noise_figure_db"):
            between(f"{at}.{key}", getattr(self, key), 0, 30)
        between(f"{at}.carrier_ghz", self.carrier_ghz, 0.5, 100)
        between(f"{at}.bandwidth_hz", self.bandwidth_hz, *BANDWIDTHS_HZ)
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
