"""What the LLDP collector measures of every link beside what the links truly take."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.sfc_twins import episodes_of
from edgesim.reproduction.tables import write_table
from edgesim.reproduction.workshop import Workshop
from edgesim.scenarios import resolve
from edgesim.twin.sfc import SFCTwin

__all__ = ["TOPOLOGIES", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
# The preset's, whose links are short, and one over a continent.
TOPOLOGIES = ("sndlib/germany50", "sndlib/janos-us-ca")
POLICY = "load_aware"

_BAND = 0.05
_SOURCE = "published accuracy of LLDP piggybacking beside ping"
_LONG_MS = 1.0
_CALM = 0.5  # mean load that parts links in the diagnosis
_WHY = (
    "over both topologies, loaded as in the preset. A reading is the mean of three and up to 15 s "
    "old, and frames that a full queue loses are not measured, which may be why; the load of the "
    "links in the published measurement is not known to us"
)
_SPLIT = "a diagnosis, split after the result above was seen: no check of the published figure"
_WARM_UP_S = 20.0  # until the mean of three measurements 5 s apart is full


def tables(shop: Workshop, folder: Path) -> list[Finding]:
    """Write ``links.csv``, a row a directed link, delays in ms."""
    rows = [row for topology in TOPOLOGIES for row in _measured(shop, topology)]
    write_table(folder, "links", rows)
    long = [row for row in rows if row["true_ms"] >= _LONG_MS]
    short = [row for row in rows if row["true_ms"] < _LONG_MS]
    calm = [row for row in long if row["load"] < _CALM]
    busy = [row for row in long if row["load"] >= _CALM]
    return [
        _of_means(f"links of {_LONG_MS:g} ms and more", long, _SOURCE, _WHY),
        _of_means(f"of these, mean load below {_CALM:.0%}", calm, remark=_SPLIT),
        _of_means(f"of these, mean load of {_CALM:.0%} and more", busy),
        _of_means(f"links of less than {_LONG_MS:g} ms", short),
        _of_readings(f"links of {_LONG_MS:g} ms and more", long),
        _of_readings(f"links of less than {_LONG_MS:g} ms", short),
    ]


def _of_means(
    which: str, rows: list[dict[str, Any]], source: str = "", remark: str = ""
) -> Finding:
    """Mean measured delay of each link against the true mean; all must be near to agree."""
    what = f"{which}: mean delay measured within 5 %"
    if not rows:
        return Finding(what, "there are none")
    error = np.array([abs(row["measured_ms"] / row["true_ms"] - 1) for row in rows])
    near = float(np.mean(error <= _BAND))
    here = f"{near:.1%} of {len(rows)} links, worst {error.max():.1%} off"
    if not source:
        return Finding(what, here, remark=remark)
    return Finding(what, here, "all", source, near == 1.0, remark)


def _of_readings(which: str, rows: list[dict[str, Any]]) -> Finding:
    what = f"{which}: single readings within 5 % of the delay at that moment"
    if not rows:
        return Finding(what, "there are none")
    return Finding(what, f"{np.mean([row['readings_within'] for row in rows]):.1%}")


def _measured(shop: Workshop, topology: str) -> list[dict[str, Any]]:
    # A link that is down is not measured, and its delay no delay.
    changes = {"network.topology.source": topology, "network.failures.link_mtbf_s": None}
    scenario = resolve("sfc", changes)
    key = {"scenario": asdict(scenario), "policy": POLICY, "seed": shop.seed}

    def make() -> list[dict[str, Any]]:
        readings = _Readings()
        (twin,) = episodes_of(scenario, POLICY, 1, shop.seed, look=readings.look)
        return readings.rows(twin)

    rows = shop.kept(f"sfc over {topology}: measured and true delays", key, make)
    return [{"topology": topology, **row} for row in rows]


class _Readings:
    """What the collector tells of all links, request by request, and what was true then."""

    def __init__(self) -> None:
        self._since_s = 0.0
        self._integral: list[float] = []
        self._sent: list[float] = []
        self._told: list[list[float]] = []
        self._true: list[list[float]] = []

    def look(self, twin: SFCTwin) -> None:
        if twin.clock.now < _WARM_UP_S:
            return
        fabric: Any = twin.fabric
        links = fabric.links
        if not self._told:
            self._since_s = twin.clock.now
            every = range(len(links.up))
            self._integral = [links.delay_integral(link) for link in every]
            self._sent = [links.counters(link).sent_bytes for link in every]
        self._told.append(list(fabric.collector.view.delay_s))
        self._true.append(list(links.delay_s))

    def rows(self, twin: SFCTwin) -> list[dict[str, Any]]:
        """A row a link: true mean over time, mean reading, and how single readings fare (ms)."""
        fabric: Any = twin.fabric
        elapsed_s = twin.clock.now - self._since_s
        told, true = np.array(self._told), np.array(self._true)
        off = told / true - 1
        return [
            {
                "link": link,
                "true_ms": 1000
                * (fabric.links.delay_integral(link) - self._integral[link])
                / elapsed_s,
                "measured_ms": 1000 * float(told[:, link].mean()),
                "load": (fabric.links.counters(link).sent_bytes - self._sent[link])
                * 8
                / elapsed_s
                / fabric.links.wiring.capacity_bps[link],
                "readings_within": float(np.mean(np.abs(off[:, link]) <= _BAND)),
            }
            for link in range(told.shape[1])
        ]
