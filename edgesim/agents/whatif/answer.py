"""What came of the question: figures of every case beside those of what is as it was."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgesim.agents.finding import score_of
from edgesim.agents.whatif.pairs import Pair, Played, elements, figures
from edgesim.files import replacing
from edgesim.problems import Score
from edgesim.version import version

__all__ = ["Answer", "write"]


@dataclass
class Answer:
    """Cases beside the base, episode by episode.

    Attributes:
        base: what is as it was.
        single: whether the cases are single failures, which are ranked.
        places: where the nodes are and which are joined, for single failures, see
            :func:`edgesim.agents.whatif.places.places_of`; None where that is not known.
        cases: the others.
    """

    base: Played
    single: bool = False
    places: dict[str, Any] | None = None
    cases: list[Played] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._metrics: list[dict[str, Pair]] = []
        self._elements: list[dict[tuple[str, str, str], Pair]] = []

    @property
    def score(self) -> Score:
        """The figure that counts."""
        return score_of(self.base.case.scenario)

    def add(self, case: Played) -> None:
        """One more case; of its links and so on only the differences are kept."""
        self._metrics.append(figures(self.base, case))
        self._elements.append(elements(self.base, case))
        case.elements = {}
        self.cases.append(case)

    def metrics_of(self, number: int) -> dict[str, Pair]:
        """The metrics of a case beside the base."""
        return self._metrics[number]

    def elements_of(self, number: int) -> dict[tuple[str, str, str], Pair]:
        """The figures of links, slices and so on of a case beside the base."""
        return self._elements[number]

    def ranked(self) -> list[int]:
        """Numbers of the cases, the most harmful first."""

        def harm(number: int) -> float:
            pair = self._metrics[number].get(self.score.metric)
            return 0.0 if pair is None else self.score.sign * pair.difference

        return sorted(range(len(self.cases)), key=harm)

    def rows(self) -> list[dict[str, Any]]:
        """A row a case and metric; single failures the most harmful first."""
        order = self.ranked() if self.single else range(len(self.cases))
        return [
            {"case": self.cases[number].case.label, "metric": name, **asdict(pair)}
            for number in order
            for name, pair in self._metrics[number].items()
        ]

    def element_rows(self) -> list[dict[str, Any]]:
        """A row a case, thing and figure."""
        return [
            {
                "case": case.case.label,
                "kind": kind,
                "name": name,
                "figure": figure,
                **asdict(pair),
            }
            for case, found in zip(self.cases, self._elements, strict=True)
            for (kind, name, figure), pair in found.items()
        ]

    def content(self) -> dict[str, Any]:
        """What ``whatif.json`` holds."""
        base = self.base.case
        return {
            "scenario": base.scenario.name,
            "policy": base.policy,
            "edgesim": version(),
            "episodes": len(self.base.rows),
            "score": asdict(self.score),
            "single": self.single,
            "cases": [
                {"label": one.label, "policy": one.policy, "fails": one.fails and list(one.fails)}
                for one in (case.case for case in self.cases)
            ],
            "places": self.places,
            "rows": self.rows(),
        }


def write(folder: Path, answer: Answer) -> None:
    """Write the files of a folder; each appears whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    played = [
        {"case": one.case.label, "policy": one.case.policy, **row}
        for one in (answer.base, *answer.cases)
        for row in one.rows
    ]
    names = dict.fromkeys(key for row in played for key in row)
    with replacing(folder / "episodes.parquet") as part:
        pq.write_table(pa.table({key: [row.get(key) for row in played] for key in names}), part)
    with replacing(folder / "whatif.json") as part:
        part.write_text(json.dumps(answer.content(), indent=2) + "\n", encoding="utf-8")
    _csv(folder / "whatif.csv", answer.rows())
    found = answer.element_rows()
    if found:
        _csv(folder / "elements.csv", found)


def _csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["case"])
        writer.writeheader()
        writer.writerows(rows)
