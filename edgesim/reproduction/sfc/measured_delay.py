"""What the LLDP collector measures of every link beside what the links truly take."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.sfc.twins import episodes_of
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["HORIZONS_S", "TOPOLOGIES", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
# The preset's, whose links are short, and one over a continent.
TOPOLOGIES = ("sndlib/germany50", "sndlib/janos-us-ca")
# An episode of the preset, and one with about four times as many frames.
HORIZONS_S = (300.0, 1200.0)
POLICY = "load_aware"

_BAND = 0.05
_SOURCE = "published accuracy of LLDP piggybacking beside ping"
_LONG_MS = 1.0
_MODERATE = 0.7  # mean load up to which a link counts as moderately loaded
_WHY = (
    "moderate is a mean load of 70 % at most, as in rules for planning capacity; the load of the "
    "links in the published measurement is not known to us"
)
_FEW = (
    "a frame measures its own moment, and its mean is as good as the moments are many: what is "
    "off here is off by chance and shrinks with the number of frames"
)
_SEEN = (
    "what the controller shows is the mean of three frames and up to 15 s old: while the network "
    "fills, it lags behind"
)
_WARM_UP_S = 20.0  # until the mean of three measurements 5 s apart is full


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``links.csv``, a row a directed link and length of episode, delays in ms."""
    rows = [
        row
        for horizon_s in HORIZONS_S
        for topology in TOPOLOGIES
        for row in _measured(results, topology, horizon_s)
    ]
    write_table(folder, "links", rows)
    findings = []
    for horizon_s in sorted(set(HORIZONS_S), reverse=True):
        own = [row for row in rows if row["horizon_s"] == horizon_s]
        long = [row for row in own if row["true_ms"] >= _LONG_MS]
        short = [row for row in own if row["true_ms"] < _LONG_MS]
        moderate = [row for row in long if row["load"] <= _MODERATE]
        busy = [row for row in long if row["load"] > _MODERATE]
        last = horizon_s == max(HORIZONS_S)
        links = f"{horizon_s:g} s, links of {_LONG_MS:g} ms and more"
        findings += [
            _of_means(
                f"{links}, mean load up to {_MODERATE:.0%}",
                moderate,
                source=_SOURCE if last else "",
                remark=_WHY if last else _FEW,
            ),
            _of_means(f"{links}, mean load above {_MODERATE:.0%}", busy),
            _of_means(f"{horizon_s:g} s, links of less than {_LONG_MS:g} ms", short),
            _of_means(f"{links}, as the controller shows them", long, "shown_ms", remark=_SEEN),
            _of_readings(links, long),
        ]
    return findings


def _of_means(
    which: str,
    rows: list[dict[str, Any]],
    column: str = "measured_ms",
    source: str = "",
    remark: str = "",
) -> Finding:
    """Mean measured delay of each link against the true mean; all must be near to agree."""
    what = f"{which}: mean delay measured within 5 %"
    if not rows:
        return Finding(what, "there are none")
    error = np.array([abs(row[column] / row["true_ms"] - 1) for row in rows])
    near = float(np.mean(error <= _BAND))
    frames = float(np.mean([row["frames"] for row in rows]))
    here = (
        f"{near:.1%} of {len(rows)} links, worst {error.max():.1%} off, root mean square "
        f"{float(np.sqrt(np.mean(error**2))):.1%}, {frames:.0f} frames a link"
    )
    if not source:
        return Finding(what, here, remark=remark)
    return Finding(what, here, "all", source, near == 1.0, remark)


def _of_readings(which: str, rows: list[dict[str, Any]]) -> Finding:
    what = f"{which}: single readings within 5 % of the delay at that moment"
    if not rows:
        return Finding(what, "there are none")
    return Finding(what, f"{np.mean([row['readings_within'] for row in rows]):.1%}")


def _measured(results: ResultStore, topology: str, horizon_s: float) -> list[dict[str, Any]]:
    # A link that is down is not measured, and its delay no delay.
    changes = {
        "network.topology.source": topology,
        "network.failures.link_mtbf_s": None,
        "network.horizon_s": horizon_s,
    }
    scenario = resolve("sfc", changes)
    # Measured anew: what was kept of version 1 is no mean of frames.
    key = {"scenario": asdict(scenario), "policy": POLICY, "seed": results.seed, "version": 2}

    def make() -> list[dict[str, Any]]:
        readings = _Readings()
        (twin,) = episodes_of(scenario, POLICY, 1, results.seed, look=readings.look)
        return readings.rows(twin)

    told = f"sfc over {topology}, {horizon_s:g} s: measured and true delays"
    rows = results.kept(told, key, make)
    return [{"topology": topology, "horizon_s": horizon_s, **row} for row in rows]


class _Readings:
    """What the collector tells of all links, request by request, and what was true then.

    Means of frames and of the truth are of the same time: what frames measured that crossed in it,
    and the integral of the delay over it.
    """

    def __init__(self) -> None:
        self._told: list[list[float]] = []
        self._true: list[list[float]] = []

    def look(self, twin: SFCWorkload) -> None:
        if twin.clock.now < _WARM_UP_S:
            return
        fabric: Any = twin.fabric
        if not self._told:
            self._begin = _sums(twin)
        self._told.append(list(fabric.collector.view.delay_s))
        self._true.append(list(fabric.links.delay_s))

    def rows(self, twin: SFCWorkload) -> list[dict[str, Any]]:
        """A row a link: true mean over time, mean of the frames, mean of what is shown (ms)."""
        fabric: Any = twin.fabric
        elapsed_s, integral, sent_bytes, frames, measured_s = _sums(twin) - self._begin
        told, true = np.array(self._told), np.array(self._true)
        columns = {
            "true_ms": 1000 * integral / elapsed_s,
            "measured_ms": 1000 * measured_s / frames,
            "shown_ms": 1000 * told.mean(axis=0),
            "frames": frames,
            "load": sent_bytes * 8 / elapsed_s / np.array(fabric.links.wiring.capacity_bps),
            "readings_within": np.mean(np.abs(told / true - 1) <= _BAND, axis=0),
        }
        return [
            {"link": link, **{name: float(values[link]) for name, values in columns.items()}}
            for link in range(told.shape[1])
        ]


def _sums(twin: SFCWorkload) -> npt.NDArray[np.float64]:
    """What has added up so far, of each link: shape (5, links).

    Time (s), integral of the delay (s²), bytes, frames that measured, sum of their delays (s).
    """
    fabric: Any = twin.fabric
    links = fabric.links
    every = range(len(links.up))
    measured = fabric.collector.measured()
    return np.array(
        [
            np.full(len(every), twin.clock.now),
            [links.delay_integral(link) for link in every],
            [links.counters(link).sent_bytes for link in every],
            measured[:, 0],
            measured[:, 1],
        ]
    )
