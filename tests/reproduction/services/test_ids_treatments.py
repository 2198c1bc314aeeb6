"""Detectors and treatments as a figure: what is paired, what is drawn, which flows are taken."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("imblearn")
pytest.importorskip("sklearn")

from edgesim.commands.cli import main
from edgesim.errors import InputError
from edgesim.plots.services.ids_treatments import draw
from edgesim.plots.tables import read
from edgesim.reproduction.budget import Budget
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.services import ids_treatments
from edgesim.reproduction.services.ids_treatments import averaged, by_class, paired, tables
from edgesim.services.detectors import protocol
from edgesim.services.detectors.flows import Flows
from edgesim.services.detectors.generator import generate
from edgesim.services.detectors.protocol import Arm, protocol_of


def row(arm: str, seed: int, f1: float) -> dict[str, Any]:
    shares = dict.fromkeys(("detected", "false_alarms", "right_type", "cpu_s"), 0.5)
    return {
        "arm": arm,
        "seed": seed,
        "macro_f1": f1,
        "f1": [f1, 0.2],
        "classes": ["normal", "dos"],
        "matrix": [[3, 1], [2, 4]],
        **shares,
    }


ROWS = [row("a", 0, 0.5), row("b", 0, 0.7), row("a", 1, 0.7), row("b", 1, 0.8)]


def test_means_have_students_interval_and_differences_are_of_a_seed() -> None:
    first, _ = averaged(ROWS)
    assert first["macro_f1"] == pytest.approx(0.6)
    # Student's 12.706 for two values: the half of 0.2 is the deviation of their mean.
    assert first["macro_f1_half"] == pytest.approx(12.7062 * 0.1, rel=1e-4)
    (less,) = paired(ROWS, "a")
    assert (less["arm"], less["against"]) == ("b", "a")
    assert less["macro_f1"] == pytest.approx(0.15)
    assert less["macro_f1_half"] == pytest.approx(12.7062 * 0.05, rel=1e-4)
    assert paired(ROWS, "c") == []


def test_classes_have_their_f1_and_how_many_were_tested() -> None:
    (normal, dos, *_) = by_class(ROWS)
    assert (normal["class"], normal["f1"], normal["tested"]) == ("normal", pytest.approx(0.6), 4)
    assert (dos["class"], dos["tested"]) == ("dos", 6)


def flows(**sizes: int) -> Flows:
    kinds = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    values = np.arange(2.0 * len(kinds)).reshape(-1, 2)
    return Flows(values, kinds, tuple(sizes), ("x", "y"), (False, False))


def test_a_protocol_is_known_by_the_classes() -> None:
    nsl = flows(**dict.fromkeys([*protocol.TRAIN, "teardrop"], 2))
    assert protocol_of(nsl).train == protocol.TRAIN and not protocol_of(nsl).distinct
    rare = protocol_of(flows(**dict.fromkeys(protocol.CICIDS2017, 3)))
    assert rare.train == protocol.CICIDS2017 and rare.borders == (8.0, 40.0)
    own = protocol_of(flows(benign=100, dos=10, odd=4))
    assert own.train == {"benign": 60, "dos": 6}
    with pytest.raises(InputError, match="flows"):
        protocol_of(flows(benign=100, odd=4))


def test_a_repeated_flow_counts_once() -> None:
    once = flows(benign=3, dos=2)
    twice = once.of(np.array([0, 3, 0, 4, 1, 2, 3]))
    assert twice.distinct().kinds.tolist() == [0, 1, 1, 0, 0]


def test_the_figure_is_drawn_from_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms = (Arm("forest", "none"), Arm("forest", "smote"))
    monkeypatch.setattr(protocol, "ARMS", arms)
    monkeypatch.setattr(ids_treatments, "_DRAWN", 900)
    monkeypatch.setattr(ids_treatments, "BASE", "forest none")
    results = ResultStore(Budget("tiny", 2, 1.0, 1), str(tmp_path / "runs"), tmp_path)
    found = tables(results, tmp_path)
    assert [it.what.partition(":")[0] for it in found] == ["forest none", "forest smote"]
    assert len(read(tmp_path, "seeds")) == 4 and len(read(tmp_path, "classes")) == 14
    (less,) = read(tmp_path, "differences")
    by_arm = {it["arm"]: it["macro_f1"] for it in read(tmp_path, "arms")}
    assert less["macro_f1"] == pytest.approx(by_arm["forest smote"] - by_arm["forest none"])
    draw(tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["figure=sfc_map", "data=flows.csv"], "is for figure=ids_treatments alone"),
        (["figure=ids_treatments", "data=missing.csv"], "there is no such file"),
    ],
)
def test_a_file_of_flows_is_for_this_figure_and_must_be_there(
    words: list[str], says: str, tmp_path: Path, capsys: Any
) -> None:
    assert main(["reproduce", *words, f"out={tmp_path / 'out'}"]) == 2
    assert says in capsys.readouterr().err


def test_flows_of_the_generator_are_compared_like_those_of_a_file() -> None:
    assert set(protocol_of(generate(2000, 0)).train) <= set(generate(2000, 0).classes)
