"""Series over time of one episode: what links, slices, providers and cells carry, and how long.

A gauge looks at one kind of things at regular times and changes nothing by it. What lies between
two rows of the table is summed up: means of loads and queues, quantiles of latencies.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.files import replacing
from edgesim.twin.core.clock import Clock, Moment

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FIGURES", "Gauge", "Marks", "Series"]

Floats = npt.NDArray[np.float64]

FIGURES: dict[str, str] = {
    "load": "share of the capacity that is in use, mean; of a slice, chains that run",
    "load_bps": "bit/s carried or held, mean (links, slices)",
    "queue": "what waits or is served, mean: bursts or messages of a link, tasks of a provider,"
    " transfers of a cell, virtual nodes of a node",
    "latency_p50_s": "s; median latency: of a burst or message over a link, of a slice's chains,"
    " of a provider's results, of a cell's transfers, of a host's processing",
    "latency_p95_s": "s; its 95th percentile",
    "latency_p99_s": "s; its 99th percentile",
    "drops": "bursts that a link loses; chains rejected or dropped; tasks refused or lost; virtual"
    " networks dropped",
}
"""What the columns of the table are."""

_ROWS = 100  # of each thing: more than a picture shows
_SAMPLES = 2000  # taken of an episode: 20 a row, so that quantiles mean something
_QUANTILES = (0.5, 0.95, 0.99)
_MEANS = ("load", "load_bps", "queue")


class Gauge(Protocol):
    """What is looked at: things of one kind."""

    kind: str
    """What they are: ``link``, ``slice``, ``provider``, ``cell``, ``host``, ``node``."""
    names: Sequence[str]

    def read(self) -> Mapping[str, Floats]:
        """Figures now, of :data:`FIGURES` and ``latency_s``, ``drop_hz`` (a second)."""

    def marks(self) -> "Sequence[Marks]":
        """What has happened at single times so far."""


class Marks(NamedTuple):
    """Latencies or drops, each of one time.

    Attributes:
        figure: ``latency_s`` or ``drops``.
        time_s: when, shape (marks,).
        number: of which thing, shape (marks,).
        value: the figure, shape (marks,).
    """

    figure: str
    time_s: Floats
    number: npt.NDArray[np.int64]
    value: Floats

    @classmethod
    def of(cls, figure: str, rows: Sequence[tuple[float, int, float]]) -> "Marks":
        """Marks from rows of (time, thing, value)."""
        times, numbers, values = zip(*rows, strict=True) if rows else ((), (), ())
        return cls(
            figure,
            np.array(times, dtype=float),
            np.array(numbers, dtype=np.int64),
            np.array(values, dtype=float),
        )


class Series:
    """Looks at gauges at regular times, from now to the end of the episode.

    Where an episode lasts longer than was expected, every second look is forgotten, and looks are
    twice as far apart from then on. A fork goes on from its beginning with none.

    Args:
        clock: the twin's clock.
        gauges: what is looked at.
        length_s: how long the episode is expected to last, s.
    """

    def __init__(self, clock: Clock, gauges: Sequence[Gauge], length_s: float) -> None:
        self._clock = clock
        self.gauges = list(gauges)
        self.period_s = length_s / _SAMPLES
        self._times: list[float] = []
        self._samples: list[list[Mapping[str, Floats]]] = []
        if self.gauges:
            clock.at(clock.now, self._look)

    def _look(self, moment: Moment) -> None:
        self._times.append(self._clock._now)
        self._samples.append([gauge.read() for gauge in self.gauges])
        if len(self._times) >= 2 * _SAMPLES:
            self._times, self._samples = self._times[::2], self._samples[::2]
            self.period_s *= 2
        if self._clock._queue:  # nothing else is due: the episode is over
            self._clock.after(self.period_s, self._look)

    def __getstate__(self) -> dict[str, Any]:
        """Without what was seen."""
        return {**self.__dict__, "_times": [], "_samples": []}

    def means(self) -> dict[tuple[str, str, str], float]:
        """One number for each thing and figure: by kind, name and column, its mean over the rows.

        Of drops it is the sum. A figure that is nowhere known is left out.
        """
        edges, row_of = self._edges()
        found: dict[tuple[str, str, str], float] = {}
        for place, gauge in enumerate(self.gauges):
            for name, column in self._figures(place, gauge, edges, row_of).items():
                known = ~np.isnan(column)
                sums = np.where(known, column, 0.0).sum(axis=0)
                counts = known.sum(axis=0)
                for thing, total, count in zip(
                    gauge.names, sums.tolist(), counts.tolist(), strict=True
                ):
                    if count:
                        found[gauge.kind, thing, name] = total / (1 if name == "drops" else count)
        return found

    def _edges(self) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Where the rows begin and the last one ends, s; and the row of each look."""
        edges = np.linspace(0.0, max(self._clock.now, self.period_s), _ROWS + 1)
        places = np.searchsorted(edges, self._times, side="right") - 1
        return edges, np.clip(places, 0, _ROWS - 1)

    def table(self) -> "pa.Table":
        """A row a time and thing: ``time_s`` (where it begins), ``length_s``, ``kind``, ``name``.

        And the columns of :data:`FIGURES`, null where a thing has no such figure.
        """
        import pyarrow as pa

        columns: dict[str, list[Any]] = {
            name: [] for name in ("time_s", "length_s", "kind", "name", *FIGURES)
        }
        edges, row_of = self._edges()
        end_s = float(edges[-1])
        for place, gauge in enumerate(self.gauges):
            figures = self._figures(place, gauge, edges, row_of)
            count = len(gauge.names)
            columns["time_s"] += np.repeat(edges[:-1], count).tolist()
            columns["length_s"] += [end_s / _ROWS] * (_ROWS * count)
            columns["kind"] += [gauge.kind] * (_ROWS * count)
            columns["name"] += list(gauge.names) * _ROWS
            for name in FIGURES:
                column = figures.get(name)
                there = [None] * (_ROWS * count)
                columns[name] += there if column is None else _listed(column)
        kinds = {"kind": pa.string(), "name": pa.string()}
        return pa.table(
            {
                name: pa.array(values, kinds.get(name, pa.float64()))
                for name, values in columns.items()
            }
        )

    def write(self, path: Path) -> None:
        """Write the table as Parquet; the file appears whole or not at all."""
        import pyarrow.parquet as pq

        with replacing(path) as part:
            pq.write_table(self.table(), part)

    def _figures(
        self, place: int, gauge: Gauge, edges: Floats, row_of: npt.NDArray[np.int64]
    ) -> dict[str, Floats]:
        """The columns of one gauge, shape (rows, things) each; NaN where nothing is known."""
        samples = [looks[place] for looks in self._samples]
        count = len(gauge.names)
        found: dict[str, Floats] = {}
        for name in samples[0] if samples else ():
            values = np.array([sample[name] for sample in samples])
            if name == "latency_s":
                _quantiles(found, values, row_of)
            elif name == "drop_hz":
                found["drops"] = _mean(values, row_of) * (edges[1] - edges[0])
            else:
                found[name] = _mean(values, row_of)
        for marks in gauge.marks():
            rows = np.clip(np.searchsorted(edges, marks.time_s, side="right") - 1, 0, _ROWS - 1)
            if marks.figure == "drops":
                drops = np.zeros((_ROWS, count))
                np.add.at(drops, (rows, marks.number), marks.value)
                found["drops"] = drops
            else:
                _marked(found, marks, rows, count)
        return found


def _mean(values: Floats, row_of: npt.NDArray[np.int64]) -> Floats:
    means = np.full((_ROWS, values.shape[1]), np.nan)
    for row in np.unique(row_of):
        means[row] = values[row_of == row].mean(axis=0)
    return means


def _quantiles(found: dict[str, Floats], values: Floats, row_of: npt.NDArray[np.int64]) -> None:
    for share in _QUANTILES:
        column = np.full((_ROWS, values.shape[1]), np.nan)
        for row in np.unique(row_of):
            column[row] = np.quantile(values[row_of == row], share, axis=0)
        found[f"latency_p{100 * share:.0f}_s"] = column


def _marked(
    found: dict[str, Floats], marks: Marks, rows: npt.NDArray[np.int64], count: int
) -> None:
    """Quantiles of latencies that belong to single times."""
    for share in _QUANTILES:
        found[f"latency_p{100 * share:.0f}_s"] = np.full((_ROWS, count), np.nan)
    cells = rows * count + marks.number
    for cell in np.unique(cells):
        own = marks.value[cells == cell]
        for share in _QUANTILES:
            found[f"latency_p{100 * share:.0f}_s"].flat[cell] = np.quantile(own, share)


def _listed(column: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in column.ravel().tolist()]
