"""What-if: changes beside the base on the same episodes, single failures in order of harm."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from edgesim.agents.comparing.statistics import ci95
from edgesim.agents.whatif.changes import changed, failing, started
from edgesim.agents.whatif.command import whatif
from edgesim.agents.whatif.pairs import paired
from edgesim.config.compose import compose
from edgesim.config.whatif import WhatIfConfig
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SHORT = [
    "scenario=sfc",
    "scenario.network.horizon_s=20",
    "scenario.network.topology.source=sndlib/polska",
    "policy=greedy",
]


def asked(*words: str) -> WhatIfConfig:
    config: WhatIfConfig = compose("whatif", [*SHORT, *words])
    return config


def table(file: Path) -> list[dict[str, Any]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


# --- changes ------------------------------------------------------------------------------------


def test_a_change_is_overrides_as_at_the_shell() -> None:
    config = asked("change=scenario.network.arrival_rate_hz=3 policy=load_aware",
                   "change=scenario.events=[{at_s: 5, event: fails, link: 0}]")  # fmt: skip
    base = started(config)
    first, second = (changed(config, base, change) for change in config.changes)
    assert first.scenario == resolve(
        "sfc",
        {"network.horizon_s": 20.0, "network.topology.source": "sndlib/polska",
         "network.arrival_rate_hz": 3.0},
    )  # fmt: skip
    assert (first.policy, base.policy, second.policy) == ("load_aware", "greedy", "greedy")
    assert first.label == "network.arrival_rate_hz=3 policy=load_aware"
    assert second.scenario.events == [{"at_s": 5, "event": "fails", "link": 0}]
    assert base.scenario.events is None


def test_in_python_a_change_is_the_same() -> None:
    scenario = resolve("sfc", {"network.horizon_s": 20.0})
    config = WhatIfConfig(scenario=scenario, policy="greedy")
    base = started(config)
    case = changed(config, base, "scenario.network.arrival_rate_hz=3 policy=load_aware")
    assert case.scenario.network.arrival_rate_hz == 3.0
    assert case.scenario.network.horizon_s == 20.0
    assert case.policy == "load_aware"


def test_a_change_may_be_another_preset() -> None:
    config: WhatIfConfig = compose("whatif", ["scenario=sfc_paper", "change=scenario=sfc_paper_3x"])
    assert changed(config, started(config), config.changes[0]).scenario.name == "sfc_paper_3x"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("network.horizon_s=3", "did you mean 'scenario.network.horizon_s=3'"),
        ("episodes=3", "accepted: scenario=..., scenario.<key>=..., policy=..."),
        ("", "accepted: scenario"),
        ("policy=greedy", "changes nothing"),
        ("scenario.network.arival_rate_hz=3", "did you mean"),
        ("scenario.events=[{at_s: 5, event: fails, link: Nowhere}]", r"events\[0\]\.link"),
        ("policy=gredy", "did you mean 'greedy'"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_before_any_episode(
    change: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgesim.agents.whatif.command.play", None)
    with pytest.raises(InputError, match=message):
        whatif(asked(f"change={change}", f"out={tmp_path / 'out'}"))
    assert not (tmp_path / "out").exists()


def test_a_change_may_not_be_another_problem() -> None:
    config: WhatIfConfig = compose("whatif", ["scenario=sfc_paper", "change=scenario=aigc_paper"])
    with pytest.raises(InputError, match="poses another problem, aigc, than sfc"):
        whatif(config)


@pytest.mark.parametrize("words", [[], ["change=policy=load_aware", "each=links"]])
def test_either_changes_or_single_failures_are_asked_for(words: list[str]) -> None:
    with pytest.raises(InputError, match="state either changes"):
        whatif(asked(*words))


# --- what is paired -----------------------------------------------------------------------------


def test_a_pair_is_over_the_episodes_that_both_have() -> None:
    before, after = np.array([1.0, 2.0, np.nan, 4.0]), np.array([2.0, 5.0, 7.0, np.nan])
    pair = paired(before, after)
    assert pair is not None
    low, high = ci95([1.0, 3.0])
    assert (pair.base, pair.changed, pair.difference, pair.episodes) == (1.5, 3.5, 2.0, 2)
    assert (pair.low, pair.high) == pytest.approx((low, high))
    assert not pair.sure
    assert paired(before, np.full(4, np.nan)) is None


def test_the_answer_is_written_and_the_episodes_are_the_same_in_all_cases(tmp_path: Path) -> None:
    content = whatif(
        asked(
            "episodes=3",
            f"out={tmp_path / 'w'}",
            "change=scenario.events=[{at_s: 5, event: fails, node: Warsaw}]",
            "change=scenario.network.arrival_rate_hz=3",
        )
    )
    folder = tmp_path / "w"
    assert {file.name for file in folder.iterdir()} == {
        "config.yaml", "provenance.json", "whatif.json", "whatif.csv", "elements.csv",
        "episodes.parquet", "whatif.png",
    }  # fmt: skip
    assert json.loads((folder / "whatif.json").read_text(encoding="utf-8")) == content
    played = pq.read_table(folder / "episodes.parquet").to_pylist()
    seeds: dict[str, list[int]] = {}
    returns: dict[str, list[float]] = {}
    for row in played:
        seeds.setdefault(row["case"], []).append(row["seed"])
        returns.setdefault(row["case"], []).append(row["return"])
    labels = [case["label"] for case in content["cases"]]
    assert list(seeds) == ["as it is", *labels]
    assert len({tuple(own) for own in seeds.values()}) == 1
    for label in labels:
        (row,) = [it for it in content["rows"] if it["case"] == label and it["metric"] == "return"]
        differences = np.array(returns[label]) - np.array(returns["as it is"])
        assert row["difference"] == pytest.approx(differences.mean())
        assert (row["low"], row["high"]) == pytest.approx(ci95(differences.tolist()))
    # Nothing crosses a node that is down from 5 s to the end at 20 s.
    found = table(folder / "elements.csv")
    loads = [
        float(row["changed"]) / float(row["base"])
        for row in found
        if row["case"] == labels[0] and row["figure"] == "load" and row["kind"] == "link"
        and row["name"].startswith("Warsaw >")
    ]  # fmt: skip
    assert loads and max(loads) < 0.5
    assert {row["kind"] for row in found} == {"link", "slice", "host"}


def test_the_same_question_has_the_same_folder_and_another_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        whatif(asked("episodes=1", "change=policy=load_aware"))
    assert len(list((tmp_path / "whatif").iterdir())) == 1
    whatif(asked("episodes=1", "change=policy=shortest_delay"))
    assert len(list((tmp_path / "whatif").iterdir())) == 2


def test_an_answer_is_not_written_over_by_another(tmp_path: Path) -> None:
    whatif(asked("episodes=1", "change=policy=load_aware", f"out={tmp_path / 'w'}"))
    with pytest.raises(InputError, match="holds other results"):
        whatif(asked("episodes=1", "change=policy=shortest_delay", f"out={tmp_path / 'w'}"))


# --- single failures ----------------------------------------------------------------------------


def test_every_link_fails_once_and_the_worst_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = whatif(asked("each=links", "episodes=2", f"out={tmp_path}", "at_s=5", "until_s=15"))
    labels = [case["label"] for case in content["cases"]]
    assert len(labels) == len(set(labels)) == 18  # links of sndlib/polska
    assert all(" – " in label for label in labels)
    places = content["places"]
    for case in content["cases"]:
        subject, number = case["fails"]
        ends = [places["nodes"][end][0] for end in places["edges"][number]]
        assert (subject, " – ".join(ends)) == ("link", case["label"])
    assert places["positions"] == "lonlat"
    assert json.loads((tmp_path / "whatif.json").read_text(encoding="utf-8")) == content
    ranked = [row for row in content["rows"] if row["metric"] == "return"]
    differences = [row["difference"] for row in ranked]
    assert differences == sorted(differences)
    assert min(differences) < 0
    assert (tmp_path / "whatif.png").is_file() and not (tmp_path / "elements.csv").exists()
    printed = capsys.readouterr().out
    assert ranked[0]["case"] in printed and "18 single failures" in printed


def test_a_failure_is_added_to_what_is_stated() -> None:
    config = asked("scenario.events=[{at_s: 5, event: load, factor: 2}]")
    case = failing(started(config), "link", 3, "a – b", {"at_s": 0.0, "until_s": 9.0})
    assert case.scenario.events == [
        {"at_s": 5, "event": "load", "factor": 2},
        {"at_s": 0.0, "event": "fails", "link": 3, "until_s": 9.0},
    ]
    assert case.label == "a – b"


def test_only_nodes_with_machines_are_hosts(tmp_path: Path) -> None:
    config: WhatIfConfig = compose(
        "whatif",
        ["scenario=sfc", "scenario.network.horizon_s=2", "scenario.network.instances.hosts=5",
         "policy=greedy", "each=hosts", "episodes=1", f"out={tmp_path}"],
    )  # fmt: skip
    assert len(whatif(config)["cases"]) == 5


@pytest.mark.parametrize(
    ("scenario", "each", "count"),
    [
        ("aigc_paper", "providers", 20),
        pytest.param("shared", "links", None, marks=pytest.mark.slow),
    ],
)
def test_other_families_and_shared_worlds_fail_too(
    scenario: str, each: str, count: int | None, tmp_path: Path
) -> None:
    short = {
        "aigc_paper": ["scenario.horizon_s=1e4"],
        "shared": ["scenario.aigc.horizon_s=3", "scenario.sfc.network.horizon_s=3"],
    }[scenario]
    config: WhatIfConfig = compose(
        "whatif", [f"scenario={scenario}", *short, f"each={each}", "episodes=1", f"out={tmp_path}"]
    )
    content = whatif(config)
    assert len(content["cases"]) == (count or len(content["cases"])) > 1


@pytest.mark.parametrize(
    ("scenario", "each", "message"),
    [
        ("sfc", "providers", "accepted here: links, nodes, sites, hosts"),
        ("aigc_paper", "links", "accepted here: providers"),
        ("sfc_paper", "links", "nothing fails here"),
        ("sfc", "cables", "accepted: hosts, links"),
        ("sfc", "links at_s=1000", "at_s = 1000.0: lies outside the episode"),
    ],
)
def test_what_cannot_fail_is_refused(scenario: str, each: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        whatif(compose("whatif", [f"scenario={scenario}", *f"each={each}".split()]))
