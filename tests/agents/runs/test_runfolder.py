"""Run folders: what they are called, and what is said of one that cannot be used."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.agents.runs import runfolder
from edgesim.agents.runs.trained import load_policy
from edgesim.config.compose import compose
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.scenarios import resolve

SHORT = ["scenario=aigc_paper", "scenario.horizon_s=20000", "agent=ppo"]


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["scenario=aigc_paper"], "runs/aigc_paper/maskable_ppo/seed-0"),
        (["scenario=aigc_paper", "agent=dqn", "seed=7"], "runs/aigc_paper/dqn/seed-7"),
        (["scenario=aigc_paper", "runs=/data/x"], "/data/x/aigc_paper/maskable_ppo/seed-0"),
        (["scenario=aigc_paper", "resume=true", "progress=false"],
         "runs/aigc_paper/maskable_ppo/seed-0"),
    ],
)  # fmt: skip
def test_a_run_is_named_by_its_scenario_its_agent_and_its_seed(
    overrides: list[str], name: str
) -> None:
    assert runfolder.folder_of(compose("train", overrides)) == Path(name)


def test_what_changes_what_is_learned_changes_the_name_of_the_run() -> None:
    names = [
        runfolder.folder_of(compose("train", ["scenario=aigc_paper", *overrides])).name
        for overrides in (
            [],
            ["scenario.capacity_range=[400,900]"],
            ["scenario.world_seed=1"],
            ["total_steps=1234"],
            ["agent.n_envs=3"],
            ["agent.hyperparameters.gamma=0.123"],
            ["+agent.environment.mask=up"],
            ["validations=3"],
            ["validation_episodes=3"],
        )
    ]
    assert len(set(names)) == len(names)
    assert all(name.startswith("seed-0-") for name in names[1:])


@pytest.mark.parametrize(
    "override",
    [
        "episodes=7",
        "bound=false",
        "threads=2",
        "device=auto",
        "engine=simpy",
        "agent.title=mine",
        "agent.actions=[Box]",
        "scenario.title=mine",
    ],
)
def test_how_a_run_is_measured_computed_and_called_makes_it_no_other(
    override: str, tmp_path: Path
) -> None:
    plain, other = (compose("train", ["scenario=aigc_paper", *more]) for more in ([], [override]))
    assert plain != other
    assert runfolder.folder_of(plain) == runfolder.folder_of(other)
    runfolder.write_config(tmp_path, plain)
    assert runfolder.difference(tmp_path, other) is None


def test_a_folder_of_an_equal_run_under_another_hash_is_found(tmp_path: Path) -> None:
    """The hash of edgesim 0.1 took in more keys than what is learned from."""
    runs = f"runs={tmp_path}"
    config = compose("train", ["scenario=aigc_paper", "total_steps=77", "episodes=50", runs])
    usual = runfolder.folder_of(config)
    old = usual.with_name("seed-0-0123abcd")
    old.mkdir(parents=True)
    runfolder.write_config(old, config)
    longer = usual.with_name("seed-0-ffffffff")  # another run of that seed
    longer.mkdir()
    runfolder.write_config(longer, replace(config, total_steps=78))
    assert runfolder.folder_of(replace(config, episodes=20)) == old
    assert runfolder.folder_of(replace(config, seed=1)).name == usual.name.replace("0", "1", 1)
    usual.mkdir()
    assert runfolder.folder_of(config) == usual


def test_the_number_of_steps_that_the_preset_has_anyway_is_no_change() -> None:
    plain = compose("train", ["scenario=aigc_paper"])
    same = replace(plain, total_steps=plain.agent.total_steps)
    assert runfolder.folder_of(same) == runfolder.folder_of(plain)


def test_an_agent_that_is_no_preset_always_carries_its_hash() -> None:
    plain = compose("train", ["scenario=aigc_paper"])
    mine = replace(plain, agent=replace(plain.agent, name="mine"))
    assert runfolder.folder_of(mine).name.startswith("seed-0-")


def test_config_yaml_gives_back_the_configuration(tmp_path: Path) -> None:
    config = runfolder.settled(compose("train", SHORT))
    runfolder.write_config(tmp_path, config)
    assert runfolder.read_config(tmp_path) == config
    assert runfolder.difference(tmp_path, config) is None
    other = replace(config, agent=replace(config.agent, n_envs=77))
    assert "agent.n_envs is" in str(runfolder.difference(tmp_path, other))


def test_a_configuration_by_hand_needs_a_scenarios_name_alone() -> None:
    config = runfolder.settled(TrainConfig(scenario="aigc_paper"))
    assert config.scenario == resolve("aigc_paper")
    assert config.total_steps == config.agent.total_steps


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as part:
        part.write_text("ha")
        raise RuntimeError("killed")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_complete_folder_lacks_nothing(tmp_path: Path) -> None:
    runfolder.write_config(tmp_path, compose("train", SHORT))
    assert runfolder.missing(tmp_path) == list(runfolder.FILES[1:])
    with pytest.raises(InputError, match=r"it lacks model\.zip.*resume=true"):
        runfolder.check_complete(tmp_path)
    for name in runfolder.FILES[1:]:
        (tmp_path / name).touch()
    runfolder.check_complete(tmp_path)


def folder_without(what: str, path: Path) -> Path:
    """A run folder that something is wrong with."""
    runfolder.write_config(path, compose("train", SHORT))
    match what:
        case "the folder":
            return path / "elsewhere"
        case "config.yaml":
            (path / "config.yaml").unlink()
        case "YAML":
            (path / "config.yaml").write_text("scenario: [")
        case "a mapping":
            (path / "config.yaml").write_text("7")
        case "an agent":
            (path / "config.yaml").write_text("scenario: {problem: aigc}\n")
        case "a known problem":
            text = (path / "config.yaml").read_text()
            (path / "config.yaml").write_text(text.replace("problem: aigc", "problem: chess"))
        case "a zip":
            (path / "model.zip").write_text("not a zip file")
        case "a whole zip":
            (path / "model.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    return path


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("the folder", "there is no such folder"),
        ("config.yaml", "is not a run folder: it has no config.yaml"),
        ("YAML", "its config.yaml is not one of a run"),
        ("a mapping", "its config.yaml is not one of a run"),
        ("an agent", "its config.yaml is not one of a run"),
        ("a known problem", "its config.yaml is not one of a run"),
        ("model.zip", "is half-written, it lacks model.zip"),
        ("a zip", "is not a saved model"),
        ("a whole zip", "is not a saved model"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said_in_one_line(
    tmp_path: Path, what: str, said: str
) -> None:
    folder = folder_without(what, tmp_path)
    with pytest.raises(InputError, match=said) as caught:
        load_policy(folder, resolve("aigc_paper"))
    assert "\n" not in str(caught.value)
