"""The air of the wireless setting: what a user gets alone, and where."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.clock import Clock
from edgesim.twin.radio.access import RadioAccess

__all__ = ["TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``pixels.csv`` and ``sites.csv``.

    A row of the first is a pixel of the map: its strongest site, and the spectral efficiency
    (bit/s/Hz) that one user finds there without fading: ``up`` and ``down`` alone on the air, and
    ``down_busy`` while all other sites send.
    """
    scenario = resolve("aigc")
    assert scenario.wireless is not None
    radio = scenario.wireless.radio
    world = AIGCWorld(scenario)
    access = RadioAccess(Clock(), radio, world.radio_map)
    radio_map = access.radio_map
    pixels = range(len(radio_map.serving))

    def efficiency(up: bool) -> list[float]:
        band = access.uplink if up else access.downlink
        return [band.efficiency(pixel, radio_map.serving[pixel]) for pixel in pixels]

    found = {"up": efficiency(True), "down": efficiency(False)}
    # A site sends while it has a download: one each, wherever its user is.
    access.downlink.busy.update(dict.fromkeys(range(len(world.providers))))
    found["down_busy"] = efficiency(False)
    rows: list[dict[str, Any]] = [
        {
            "x_m": (pixel % radio_map.columns + 0.5) * radio_map.pixel_m,
            "y_m": (pixel // radio_map.columns + 0.5) * radio_map.pixel_m,
            "site": radio_map.serving[pixel],
            **{name: round(values[pixel], 6) for name, values in found.items()},
            "bandwidth_hz": radio.bandwidth_hz,
        }
        for pixel in pixels
    ]
    write_table(folder, "pixels", rows)
    assert world.sites_m is not None
    sites = [{"site": k, "x_m": x, "y_m": y} for k, (x, y) in enumerate(world.sites_m.tolist())]
    write_table(folder, "sites", sites)
    seen = np.mean(radio_map.line_of_sight[np.arange(len(pixels)), radio_map.strongest])
    told = {"up": "up, alone", "down": "down, alone", "down_busy": "down, all other sites send"}
    rates = {name: np.array(found[name]) * radio.bandwidth_hz / 1e6 for name in told}
    return [
        *(
            Finding(
                f"radio rate over the square, {what}",
                "median {:.0f} Mbit/s, 5 % below {:.0f} Mbit/s".format(
                    *np.percentile(rates[name], [50, 5])
                ),
            )
            for name, what in told.items()
        ),
        Finding("part of the square in line of sight of its site", f"{seen:.0%}"),
    ]
