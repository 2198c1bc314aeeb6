"""Folders of evaluations and simulations: what they say of themselves, and that nothing is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgesim.agents.measuring.command import evaluate
from edgesim.agents.measuring.simulation import simulate
from edgesim.agents.runs.measured import Measured, changed_keys, read_measured
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.locking import LOCK, locked
from edgesim.scenarios import resolve

SHORT = ["scenario=sfc_paper", "scenario.requests=5"]


def evaluated(out: Path, *more: str) -> Any:
    given = [*SHORT, "policy=greedy", "episodes=2", f"out={out}", *more]
    return evaluate(compose("evaluate", given))


def test_a_folder_of_an_evaluation_says_all_that_it_is_of(tmp_path: Path) -> None:
    evaluated(tmp_path / "e")
    config = yaml.safe_load((tmp_path / "e" / "config.yaml").read_text(encoding="utf-8"))
    assert config["command"] == "evaluate"
    assert config["policies"] == ["greedy"] and config["episodes"] == 2
    assert config["overrides"] == {"requests": 5}
    assert config["scenario"]["requests"] == 5 and config["scenario"]["groups"] == 5
    provenance = json.loads((tmp_path / "e" / "provenance.json").read_text(encoding="utf-8"))
    assert provenance.keys() >= {"edgesim", "command", "git_commit", "wall_s", "cpu_s"}
    again = read_measured(tmp_path / "e")
    assert again.scenario == resolve("sfc_paper", {"requests": 5})


def test_the_same_again_goes_to_the_same_folder(tmp_path: Path) -> None:
    first, second = evaluated(tmp_path / "e"), evaluated(tmp_path / "e")
    for content in (first, second):
        for figures in content["policies"].values():
            figures.pop("decisions_per_second", None)
    assert first == second


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("scenario.requests=6", "scenario.requests is 5 there and 6 here"),
        ("episodes=3", "episodes is 2 there and 3 here"),
        ("seed=1", "seed is 0 there and 1 here"),
        ("policy=violent", "policies is .*greedy.* there and .*violent.* here"),
    ],
)
def test_other_overrides_do_not_overwrite(tmp_path: Path, more: str, message: str) -> None:
    evaluated(tmp_path / "e")
    before = {file: file.read_bytes() for file in (tmp_path / "e").iterdir()}
    with pytest.raises(InputError, match=message):
        evaluated(tmp_path / "e", more)
    assert before == {file: file.read_bytes() for file in (tmp_path / "e").iterdir()}


def test_an_evaluation_that_was_cut_leaves_its_folder_free(tmp_path: Path) -> None:
    evaluated(tmp_path / "e")
    (tmp_path / "e" / "provenance.json").unlink()
    evaluated(tmp_path / "e", "episodes=3")
    assert read_measured(tmp_path / "e").asked["episodes"] == 3


def test_simulations_of_other_scenarios_lie_in_other_folders(tmp_path: Path) -> None:
    folders = [
        simulate(compose("simulate", [*given, "policy=greedy", f"out={tmp_path}"]))
        for given in (
            ["scenario=sfc_paper"],
            SHORT,
            ["scenario=sfc_paper", "scenario.requests=6"],
            SHORT,
        )
    ]
    assert folders[1] == folders[3]
    assert len(set(folders)) == 3
    assert folders[0].name == "greedy-seed-0"
    assert folders[1].name.startswith("greedy-seed-0-")
    for folder in folders:
        assert (folder / "provenance.json").is_file()
        assert read_measured(folder).command == "simulate"


def test_a_folder_that_another_process_writes_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    with locked(tmp_path / "e", "written"):
        with pytest.raises(InputError, match="is being written by process"):
            evaluated(tmp_path / "e")
        assert [file.name for file in (tmp_path / "e").iterdir()] == [LOCK]
    evaluated(tmp_path / "e")
    assert not (tmp_path / "e" / LOCK).exists()


def test_what_is_cut_takes_away_nothing_of_others(tmp_path: Path) -> None:
    """Another process may make a folder beside it in the same moment."""
    measured = Measured("evaluate", resolve("sfc_paper"), {})
    for there in (True, False):
        place = tmp_path / str(there)
        with pytest.raises(KeyboardInterrupt), measured.at(place / "a" / "b"):
            if there:
                (place / "other").mkdir()
            raise KeyboardInterrupt
        assert [it.name for it in tmp_path.rglob("*") if place in it.parents] == (
            ["other"] if there else []
        )
        assert place.exists() == there


def test_a_run_folder_is_no_place_for_an_evaluation(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("agent: {name: ppo}\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds something else"):
        evaluated(tmp_path / "run")


def test_what_differs_from_a_preset_is_told_by_key() -> None:
    assert changed_keys(resolve("sfc")) == {}
    events = [{"at_s": 1.0, "event": "fails", "link": 0}]
    changed = changed_keys(resolve("sfc", {"network.horizon_s": 60.0, "events": events}))
    assert changed == {"network.horizon_s": 60.0, "events": events}


def test_a_try_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    """The name of a link is looked up where the world is built."""
    event = "scenario.events=[{at_s: 1, event: fails, link: Nowhere}]"
    for task, command, place in (
        (evaluate, "evaluate", tmp_path / "a" / "b"),
        (simulate, "simulate", tmp_path / "c"),
    ):
        given = ["scenario=sfc", event, "policy=greedy", f"out={place}"]
        with pytest.raises(InputError, match="Nowhere"):
            task(compose(command, given))
    assert list(tmp_path.iterdir()) == []
