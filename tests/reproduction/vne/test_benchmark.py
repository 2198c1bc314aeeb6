"""The recipe of the figure on virtual networks: what it asks for, writes and finds."""

from pathlib import Path
from typing import Any

from edgesim.agents.finding import offered
from edgesim.plots.tables import read
from edgesim.plots.vne.benchmark import draw
from edgesim.reproduction.budget import Budget
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.vne.benchmark import PUBLISHED, SCENARIOS, tables
from edgesim.scenarios import resolve

RAC = {"nrm": 0.61, "pl": 0.60, "nea": 0.64, "grc": 0.58, "marginal_cost": 0.97}


class Told(ResultStore):
    """Results as they are told, not measured."""

    asked: list[tuple[str, str, Any]]

    def measured(self, scenario: str, policy: str, **given: Any) -> Measured:
        self.asked.append((scenario, policy, given["episodes"]))
        rac = 1.0 if policy == "bound" else RAC.get(policy, 0.5)
        whole = {} if policy == "bound" else {"lrc": 0.6, "lar": 9000.0}
        return Measured([{"seed": seed, "rac": rac, **whole} for seed in range(2)], None)


def test_every_policy_stands_beside_what_was_published(tmp_path: Path) -> None:
    results = Told(Budget("tiny", 1, 1.0, 2), str(tmp_path / "runs"), tmp_path)
    results.asked = []
    findings = tables(results, tmp_path)
    for scenario in SCENARIOS:
        names = offered(resolve(scenario))
        assert [(s, p) for s, p, _ in results.asked if s == scenario] == [
            *((scenario, name) for name in names),
            (scenario, "bound"),
        ]
    assert {episodes for *_, episodes in results.asked} == {2}
    found = {finding.what: finding for finding in findings}
    agree = {
        what.removesuffix(": acceptance ratio"): finding.agrees
        for what, finding in found.items()
        if what.startswith("vne_wx100") and finding.agrees is not None
    }
    # Published: 60.7, 68.1, 64.0, 58.9 %.
    assert agree == {
        "vne_wx100, nrm": True,
        "vne_wx100, grc": True,
        "vne_wx100, pl": False,
        "vne_wx100, nea": True,
    }
    assert found["vne_latency, pl: acceptance ratio"].agrees is None
    ahead = found["vne_geant: marginal_cost beside the best published agent, acceptance ratio"]
    assert (ahead.here, ahead.published) == ("0.970 [0.970, 0.970]", "0.604")
    rows = {(row["scenario"], row["name"]): row for row in read(tmp_path, "benchmark")}
    assert rows["vne_brain", "MCTS"]["published_rac"] == 0.408
    assert rows["vne_brain", "MCTS"]["rac"] is None
    assert rows["vne_geant", "nrm"]["rac"] == 0.61
    assert rows["vne_geant", "nrm"]["published_lrc"] == PUBLISHED["vne_geant"]["nrm"][1]
    assert draw(tmp_path) == tmp_path / "figure.png"
    drawing = (tmp_path / "figure.svg").read_text()
    for text in ("GEANT", "marginal_cost", "best agent", "97.0", "40.8"):
        assert f"<!-- {text}" in drawing, text
