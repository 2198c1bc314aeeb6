"""Figures of federated learning: tables of what was measured, and pictures of the tables."""

from pathlib import Path
from typing import Any

import pytest

from edgesim.methods.federated.experiment import Curve
from edgesim.plots.federated import codecs as codecs_plot
from edgesim.plots.federated import groups as groups_plot
from edgesim.plots.federated import links as links_plot
from edgesim.plots.federated import methods as methods_plot
from edgesim.plots.tables import read
from edgesim.reproduction.budget import BUDGETS
from edgesim.reproduction.federated import codecs, groups, links, methods
from edgesim.reproduction.results import ResultStore


def curve(rise: float, mb: float) -> Curve:
    """A made-up experiment of ten rounds."""
    found = Curve.begun(0.1)
    for number in range(1, 11):
        found.accuracy.append(min(0.9, 0.1 + rise * number))
        found.time_s.append(float(number))
        for sizes in (found.edge_mb, found.wan_mb, found.server_mb):
            sizes.append((mb * number, mb * number))
    return found


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(BUDGETS["quick"], str(tmp_path / "runs"), tmp_path)


def test_methods_are_held_beside_what_was_published(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(results: Any, scenario: str, policy: str, *_: Any, **more: Any) -> list[Curve]:
        return [curve(0.06, 1.0) if policy == "fedavg" else curve(0.08, 0.05)] * 2

    monkeypatch.setattr(methods, "curves", made)
    findings = methods.tables(store, tmp_path)
    rows = {row["name"]: row for row in read(tmp_path, "methods")}
    # FedAvg ends at .7, mean of its last five .58; 97 % of that after round 8 at .58.
    assert rows["FedAvg"]["accuracy"] == pytest.approx(0.58)
    assert rows["FedAvg"]["rounds_to_target"] == 8
    assert rows["FedGS"]["rounds_to_target"] == 6
    assert rows["FedGSP"]["server_mb_to_target"] == pytest.approx(0.6)
    assert [finding.published for finding in findings] == ["+3.5", "-59 %", "+3.7", "-90 %"]
    assert findings[0].here == "+16.0"
    assert [finding.agrees for finding in findings] == [True, False, True, True]
    assert methods_plot.draw(tmp_path).stat().st_size > 10_000


def test_codecs_links_and_groups_have_their_pictures(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (codecs, links):
        monkeypatch.setattr(module, "curves", lambda *_, **more: [curve(0.06, 1.0)])
    monkeypatch.setattr(groups, "_TRIES", 3)
    for module, plot in ((codecs, codecs_plot), (links, links_plot), (groups, groups_plot)):
        folder = tmp_path / module.__name__
        folder.mkdir()
        findings = module.tables(store, folder)
        assert findings
        assert plot.draw(folder).stat().st_size > 5_000
