"""A generator of flows: no recorded traffic, but drawn from distributions stated here.

The data sets of the field (NSL-KDD, CICIDS2017) may not certainly be embedded, so the detectors
that edgesim ships learn from this. There are seven kinds of traffic, each of one way of behaving or
several; a way states the median and the spread of ten figures of a flow, and a kind its usual ports
and TCP windows. The medians are chosen by what such traffic is known for (a scan: many flows of few
packets to many ports; a flood: many alike to one; a guess of passwords: short sessions that fail; a
bot: small, regular, long), and spread widely enough that kinds overlap, the rare ones with benign
traffic most. Figures measured on it say what a detector costs and how thresholds trade, not how
well it would do in a network.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.services.detectors.flows import Flows

__all__ = ["CLASSES", "FEATURES", "SHARES", "draw", "generate"]

FEATURES = (
    "duration_s",
    "packets_out",
    "packets_in",
    "bytes_out",
    "bytes_in",
    "gap_ms",
    "gap_spread",
    "syn_share",
    "flows_to_host",
    "ports_to_host",
    "port",
    "window_bytes",
)
"""Of a flow: length, packets and bytes each way, mean time between packets and its coefficient of
variation, share of packets that open a connection, flows and ports that the same source has tried
at the same host in the last seconds, the port that is called, and the first TCP window (0: UDP)."""

_LOGARITHMIC = (True,) * 6 + (False, False, True, True, False, False)


_DRAWN = 10  # of the features: those of a way


class _Way(NamedTuple):
    """One way of behaving: its share of the kind, median of each feature, and log spread."""

    share: float
    median: tuple[float, ...]
    spread: float


_WAYS: dict[str, tuple[_Way, ...]] = {
    "benign": (
        _Way(0.50, (1.5, 12, 14, 1_800, 22_000, 60, 1.1, 0.10, 3, 1.3), 1.0),  # web pages
        _Way(0.22, (60, 900, 1_500, 90_000, 2_000_000, 35, 0.7, 0.01, 2, 1.2), 1.0),  # streams
        _Way(0.18, (0.08, 2, 2, 150, 300, 25, 0.4, 0.30, 8, 1.5), 0.9),  # names, time, calls
        _Way(0.06, (1.0, 8, 9, 1_200, 5_000, 90, 0.7, 0.20, 35, 2.0), 0.9),  # crawlers, monitors
        _Way(0.04, (90, 800, 400, 900_000, 40_000, 80, 0.9, 0.01, 2, 1.3), 1.0),  # uploads
    ),
    "dos": (
        _Way(0.6, (0.3, 4, 1, 260, 60, 5, 0.3, 0.70, 190, 1.1), 0.6),  # a flood of openings
        _Way(0.4, (80, 40, 12, 4_000, 2_500, 1_800, 0.5, 0.20, 60, 1.1), 0.7),  # slow requests
    ),
    "scan": (_Way(1.0, (0.05, 1.5, 1, 70, 50, 8, 0.3, 0.80, 60, 30), 0.8),),
    "bruteforce": (_Way(1.0, (2.2, 14, 13, 2_000, 2_400, 150, 0.6, 0.12, 25, 1.2), 0.65),),
    "web": (_Way(1.0, (3.5, 16, 14, 5_200, 9_000, 180, 1.0, 0.09, 9, 1.3), 0.75),),
    "bot": (_Way(1.0, (22, 9, 8, 900, 1_100, 2_000, 0.3, 0.10, 4, 1.2), 0.7),),
    "infiltration": (
        _Way(0.5, (140, 1_100, 700, 1_600_000, 60_000, 110, 0.9, 0.01, 2, 1.3), 0.8),  # data leave
        _Way(0.5, (0.9, 6, 5, 700, 600, 130, 0.9, 0.25, 14, 6), 0.8),  # looks around inside
    ),
}

_ANY = -1  # any port above 1023, or a window of no usual size

_PORTS: dict[str, tuple[tuple[int, float], ...]] = {
    "benign": ((443, 0.5), (80, 0.1), (53, 0.14), (22, 0.03), (25, 0.03), (_ANY, 0.2)),
    "dos": ((80, 0.5), (443, 0.4), (53, 0.1)),
    "scan": ((_ANY, 0.7), (22, 0.1), (80, 0.1), (443, 0.1)),
    "bruteforce": ((22, 0.6), (21, 0.3), (443, 0.1)),
    "web": ((80, 0.6), (443, 0.4)),
    "bot": ((8080, 0.5), (443, 0.3), (_ANY, 0.2)),
    "infiltration": ((444, 0.3), (443, 0.4), (_ANY, 0.3)),
}
_WINDOWS: dict[str, tuple[tuple[int, float], ...]] = {
    "benign": ((64240, 0.42), (65535, 0.2), (29200, 0.1), (8192, 0.08), (0, 0.14), (_ANY, 0.06)),
    "dos": ((29200, 0.5), (512, 0.2), (64240, 0.3)),
    "scan": ((1024, 0.7), (64240, 0.3)),
    "bruteforce": ((29200, 0.7), (64240, 0.3)),
    "web": ((29200, 0.7), (64240, 0.3)),
    "bot": ((8192, 0.6), (64240, 0.4)),
    "infiltration": ((8192, 0.4), (64240, 0.6)),
}

CLASSES = tuple(_WAYS)

SHARES = (0.75, 0.12, 0.06, 0.035, 0.02, 0.01, 0.005)
"""Of the flows that detectors train with, by class: as unequal as recorded traffic is."""


def draw(kinds: npt.ArrayLike, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Flows of the given kinds.

    Args:
        kinds: places in :data:`CLASSES`, shape (flows,).
        rng: what draws.

    Returns:
        shape (flows, features).
    """
    of = np.asarray(kinds, dtype=np.int64)
    noise = rng.standard_normal((len(of), _DRAWN))
    lot = rng.random(len(of))
    # Packets and bytes of a flow rise together.
    common = rng.standard_normal(len(of))
    noise[:, 1:5] = 0.6 * noise[:, 1:5] + 0.8 * common[:, None]
    values = np.zeros((len(of), len(FEATURES)))
    for kind, ways in enumerate(_WAYS.values()):
        upto = np.cumsum([way.share for way in ways])
        for number, way in enumerate(ways):
            after = upto[number - 1] if number else 0.0
            here = (of == kind) & (lot >= after)
            if number + 1 < len(ways):
                here &= lot < upto[number]
            values[here, :_DRAWN] = np.array(way.median) * np.exp(way.spread * noise[here])
    values[:, 1:3] = np.ceil(values[:, 1:3])
    values[:, 3:5] = np.round(values[:, 3:5])
    values[:, 7] = np.minimum(values[:, 7], 1.0)
    values[:, 8:10] = np.ceil(values[:, 8:10])
    for kind, name in enumerate(CLASSES):
        here = of == kind
        for column, choices in ((10, _PORTS[name]), (11, _WINDOWS[name])):
            usual, share = zip(*choices, strict=True)
            picked = rng.choice(usual, size=int(here.sum()), p=share)
            unusual = rng.integers(1024, 65536, size=len(picked))
            values[here, column] = np.where(picked == _ANY, unusual, picked)
    return values


def generate(count: int, seed: int, shares: tuple[float, ...] = SHARES) -> Flows:
    """Drawn flows, every class with at least two.

    Args:
        count: how many, at least two of each class.
        seed: what is drawn.
        shares: of the classes; they are scaled to sum to one.
    """
    rng = np.random.default_rng(seed)
    share = np.array(shares) / sum(shares)
    fixed = np.repeat(np.arange(len(CLASSES)), 2)
    others = rng.choice(len(CLASSES), size=max(count - len(fixed), 0), p=share)
    kinds = rng.permutation(np.concatenate([fixed, others]))
    return Flows(draw(kinds, rng), kinds, CLASSES, FEATURES, _LOGARITHMIC)
