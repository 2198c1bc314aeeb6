"""Flows drawn or read, rare classes made more, detectors trained, and what ends in a message."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

pytest.importorskip("imblearn")
pytest.importorskip("sklearn")

from edgesim.commands.cli import main
from edgesim.errors import InputError
from edgesim.services.detectors.balancing import TREATMENTS, balanced
from edgesim.services.detectors.detectors import Trained, confusions, found_kinds
from edgesim.services.detectors.flows import Flows, Scaler, split
from edgesim.services.detectors.generator import CLASSES, FEATURES, generate
from edgesim.services.detectors.metrics import confusion_metrics
from edgesim.services.detectors.readers import read_cicids2017, read_flows
from edgesim.services.detectors.s2cgan import s2cgan_made
from edgesim.services.detectors.scarcity import class_weights, largest, scarcity, targets


def unequal(*sizes: int) -> Flows:
    """Classes of some sizes that lie apart on a line."""
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    values = np.column_stack(
        [kinds + 0.1 * rng.standard_normal(len(kinds)), rng.random(len(kinds))]
    )
    names = tuple(f"kind {k}" for k in range(len(sizes)))
    return Flows(values, kinds, names, ("a", "b"), (False, False))


def written(flows: Flows, path, **columns):
    table: dict[str, Any] = {name: flows.values[:, k] for k, name in enumerate(flows.features)}
    table["label"] = [flows.classes[kind] for kind in flows.kinds]
    csv.write_csv(pa.table({**table, **columns}), path)
    return path


def test_the_same_seed_draws_the_same_flows() -> None:
    first, again, other = generate(200, 1), generate(200, 1), generate(200, 2)
    np.testing.assert_array_equal(first.values, again.values)
    assert (first.values != other.values).any()
    assert (first.support >= 2).all() and first.classes == CLASSES


def test_classes_are_ample_scarce_and_rare_by_how_much_larger_the_largest_is() -> None:
    flows = unequal(1000, 100, 20, 2)
    assert scarcity(flows, 20, 100) == ("ample", "ample", "scarce", "rare")
    assert targets(flows, scarcity(flows, 20, 100)) == {2: 100, 3: 20}
    assert largest(flows) == {1: 1000, 2: 1000, 3: 1000}
    assert class_weights(flows) == pytest.approx([0.2805, 2.805, 14.025, 140.25])


@pytest.mark.parametrize("treatment", ["ros", "smote"])
def test_a_treatment_raises_classes_to_their_targets_and_keeps_what_was_there(treatment) -> None:
    flows = unequal(60, 20, 3, 1)
    more = balanced(flows, treatment, 0, {2: 20, 3: 5})
    assert more.support.tolist() == [60, 20, 20, 5]
    if treatment == "smote":
        np.testing.assert_array_equal(more.values[:84], flows.values)
        new = more.values[more.kinds == 2]
        old = flows.values[flows.kinds == 2]
        assert (new.min(axis=0) >= old.min(axis=0)).all()
        assert (new.max(axis=0) <= old.max(axis=0)).all()


def test_s2cgan_makes_what_is_asked_of_scarce_and_rare_classes() -> None:
    flows = Scaler(unequal(60, 40, 8, 3)).flows(unequal(60, 40, 8, 3))
    kinds = ("ample", "ample", "scarce", "rare")
    made = s2cgan_made(flows, kinds, {2: 20, 3: 8}, 0, gan_steps=5, autoencoder_steps=5)  # type: ignore[arg-type]
    assert made[2].values.shape == (12, 2) and made[3].values.shape == (5, 2)
    assert 0 <= made[2].passed <= 1
    # sigmoid out: flows stay in the range of what is scaled
    assert (made[2].values >= 0).all() and (made[2].values <= 1).all()
    again = s2cgan_made(flows, kinds, {2: 20, 3: 8}, 0, gan_steps=5, autoencoder_steps=5)  # type: ignore[arg-type]
    np.testing.assert_array_equal(made[2].values, again[2].values)


@pytest.mark.parametrize("kind", ["boosting", "forest"])
def test_a_detector_finds_most_of_what_is_drawn(kind) -> None:
    detector = Trained(kind, generate(3000, 0), 0)
    test = generate(2000, 1)
    scores = detector.scores(test.values)
    assert scores.sum(axis=1) == pytest.approx(np.ones(len(test)))
    of = confusion_metrics(confusions(scores, test.kinds, (0.5,))[0])
    assert of.attack_detected_share > 0.85 and of.false_alarm_share < 0.05
    assert detector.size_bytes > 1000 and detector.parameters > 100


def test_the_network_learns_what_lies_apart() -> None:
    flows = unequal(300, 200, 100)
    from edgesim.services.detectors.detectors import Network

    network = Network(Scaler(flows).flows(flows), 0, steps=200)
    found = found_kinds(network.scores(Scaler(flows)(flows.values)))
    assert (found == flows.kinds).mean() > 0.95
    assert network.parameters == sum(
        a * b + b for a, b in ((2, 128), (128, 64), (64, 32), (32, 16), (16, 3))
    )


def test_a_lower_threshold_finds_more_and_alarms_more() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.6, 0.1, 0.3], [0.2, 0.5, 0.3]])
    assert found_kinds(scores).tolist() == [0, 0, 1]
    assert found_kinds(scores, 0.4).tolist() == [0, 2, 1]
    assert found_kinds(scores, 0.05).tolist() == [1, 2, 1]
    assert found_kinds(scores, 0.9).tolist() == [0, 0, 0]


def test_a_split_shares_no_flow() -> None:
    flows = unequal(50, 10)
    train, test = split(flows, {"kind 0": 20, "kind 1": 6}, 10, np.random.default_rng(0))
    assert train.support.tolist() == [20, 6] and test.support.tolist() == [10, 4]
    assert not {tuple(row) for row in train.values} & {tuple(row) for row in test.values}
    with pytest.raises(InputError, match="kind 1"):
        split(flows, {"kind 1": 9}, 10, np.random.default_rng(0))


def test_flows_are_read_from_a_table(tmp_path) -> None:
    flows = generate(100, 0)
    read = read_flows(written(flows, tmp_path / "flows.csv", service=["http"] * 100))
    assert read.features == FEATURES and len(read) == 100 and read.classes[0] == "benign"


def test_infinite_rates_are_left_out_where_the_data_set_is_known_to_have_them(tmp_path) -> None:
    flows = generate(50, 0)
    flows.values[3, 2] = np.inf
    path = written(flows, tmp_path / "flows.csv")
    assert len(read_cicids2017(path)) == 49
    with pytest.raises(InputError, match="packets_in in row 4"):
        read_flows(path)


def test_of_columns_of_one_name_the_first_counts(tmp_path, caplog) -> None:
    flows = generate(50, 0)
    whole = csv.read_csv(written(flows, tmp_path / "flows.csv"))
    zeros = pa.array([0.0] * len(whole))
    csv.write_csv(whole.append_column(FEATURES[0], zeros), tmp_path / "twice.csv")
    read = read_flows(tmp_path / "twice.csv")
    assert read.features == FEATURES
    assert read.values[:, 0].tolist() == flows.values[:, 0].tolist()
    assert f"the first counts: {FEATURES[0]}" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda it: it.drop_columns(["label"]), "column of labels"),
        (lambda it: it.slice(0, 0), "0 rows"),
        (lambda it: it.select(["label"]), "numeric columns"),
        (lambda it: it.filter(pa.compute.equal(it["label"], "benign")), "two classes"),
        (lambda it: it.filter(pa.compute.not_equal(it["label"], "benign")), "benign flows"),
        (
            lambda it: it.set_column(0, "duration_s", pa.array([None] * len(it), pa.float64())),
            "finite number",
        ),
    ],
)
def test_flows_that_teach_nothing_are_refused(spoil, says, tmp_path) -> None:
    whole = csv.read_csv(written(generate(60, 0), tmp_path / "whole.csv"))
    from pyarrow import parquet

    parquet.write_table(spoil(whole), tmp_path / "spoilt.parquet")
    with pytest.raises(InputError, match=says):
        read_flows(tmp_path / "spoilt.parquet")


def test_files_that_are_none_are_refused(tmp_path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    for name in ("broken.parquet", "missing.csv"):
        with pytest.raises(InputError, match="file of flows"):
            read_flows(tmp_path / name)


def test_unknown_treatments_and_detectors_are_named() -> None:
    with pytest.raises(InputError, match="treatment"):
        balanced(unequal(5, 5), "magic", 0)
    with pytest.raises(InputError, match="detector"):
        Trained("oracle", unequal(5, 5), 0)
    assert TREATMENTS[0] == "none"


def test_the_demo_shows_what_is_found(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("edgesim.services.detectors.service.TRAINED_ON", 1500)
    path = written(generate(80, 3), tmp_path / "flows.csv")
    assert main(["demo", "detect", str(path), f"out={tmp_path / 'demos'}"]) == 0
    shown = capsys.readouterr().out
    assert "80 flows" in shown and "detected" in shown
    rows = (tmp_path / "demos/detect/flows_ids_boosting.csv").read_text().splitlines()
    assert rows[0] == "flow,found,attack" and len(rows) == 81


def test_the_demo_names_a_column_that_is_missing(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("edgesim.services.detectors.service.TRAINED_ON", 300)
    flows = csv.read_csv(written(generate(30, 3), tmp_path / "flows.csv"))
    csv.write_csv(flows.drop_columns(["bytes_in"]), tmp_path / "less.csv")
    assert main(["demo", "detect", str(tmp_path / "less.csv"), f"out={tmp_path}"]) == 2
    assert "bytes_in" in capsys.readouterr().err
