"""Run folders of strangers: nothing in them is executed unless the user says so."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.learning.training import train
from edgesim.agents.runs.runfolder import read_config
from edgesim.commands.cli import main
from edgesim.config.compose import compose
from edgesim.errors import InputError


class Payload:
    """A pickle that leaves a mark when it is read."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[()]]:
        return (_mark, ())


MARKS: list[str] = []


def _mark(*_: Any) -> str:
    MARKS.append("ran")
    return "ran"


def learner(*given: Any, **more: Any) -> Any:
    """What a folder names by import string: it leaves a mark when it is called."""
    return _mark()


learner.load = learner  # type: ignore[attr-defined]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    MARKS.clear()
    given = ["scenario=aigc_paper", "agent=ppo", "total_steps=64", "agent.n_envs=2"]
    small = [f"agent.hyperparameters.{it}" for it in ("n_steps=32", "batch_size=32", "n_epochs=1")]
    short = ["validations=1", "validation_episodes=1", "episodes=1", "baselines=false"]
    return train(compose("train", [*given, *small, *short, f"runs={tmp_path}"]))


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """A zip file with some of its members changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, change(name, content))


def _in_data(name: str, content: bytes) -> bytes:
    import base64

    if name != "data":
        return content
    data = json.loads(content)
    text = base64.b64encode(pickle.dumps(Payload())).decode()
    data["observation_space"] = {":type:": "x", ":serialized:": text}
    return json.dumps(data).encode()


def _in_weights(name: str, content: bytes) -> bytes:
    return pickle.dumps(Payload()) if name == "policy.pth" else content


def test_a_pickle_among_the_attributes_is_never_read(run: Path) -> None:
    rewritten(run / "model.zip", _in_data)
    find_policy(read_config(run).scenario, str(run))
    assert MARKS == []


def test_a_pickle_in_the_place_of_the_weights_is_refused(run: Path) -> None:
    rewritten(run / "model.zip", _in_weights)
    with pytest.raises(InputError, match="is not a saved model"):
        find_policy(read_config(run).scenario, str(run))
    assert MARKS == []


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("stable_baselines3:PPO", f"{__name__}:learner"),
        ("MlpPolicy", f"{__name__}:learner"),
        ("torch.nn:ReLU", f"{__name__}:learner"),
    ],
)
def test_code_of_another_package_runs_only_where_it_is_trusted(
    run: Path, there: str, here: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = run / "config.yaml"
    text = config.read_text(encoding="utf-8")
    assert there in text
    config.write_text(text.replace(there, here), encoding="utf-8")
    assert main(["evaluate", f"policy={run}", "episodes=1"]) == 2
    assert "trust=true" in capsys.readouterr().err
    assert MARKS == []
    try:
        main(["evaluate", f"policy={run}", "episodes=1", "trust=true"])
    except Exception as error:  # what is made of a mark decides nothing
        assert not isinstance(error, InputError)
    assert MARKS
    assert "trust=true" not in capsys.readouterr().err


def test_trust_is_true_or_false(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "trust=yes"]) == 2
    assert "trust = 'yes': must be true or false" in capsys.readouterr().err


def test_a_run_that_was_stopped_goes_on_by_its_weights_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgesim.agents.learning.run import Run
    from edgesim.agents.runs.checkpoint import digest

    given = ["scenario=aigc_paper", "agent=ppo", "total_steps=256", "agent.n_envs=2"]
    small = [f"agent.hyperparameters.{it}" for it in ("n_steps=32", "batch_size=32", "n_epochs=1")]
    short = ["validations=4", "validation_episodes=1", "episodes=1", "baselines=false"]
    config = compose("train", [*given, *small, *short, f"runs={tmp_path}"])
    looked = Run._look

    def stopped(self: Any, done: int, display: Any) -> None:
        looked(self, done, display)
        if done == 128:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_look", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(config)
    monkeypatch.undo()
    (latest,) = tmp_path.rglob("latest.zip")
    MARKS.clear()
    rewritten(latest, _in_data)
    state = latest.with_name("state.json")  # whoever rewrites the one can rewrite the other
    content = json.loads(state.read_text(encoding="utf-8"))
    content["digests"]["latest.zip"] = digest(latest)
    state.write_text(json.dumps(content), encoding="utf-8")
    config.resume = True
    folder = train(config)
    lines = (folder / "progress.csv").read_text(encoding="utf-8").splitlines()
    assert [int(line.split(",")[0]) for line in lines[1:]] == [0, 64, 128, 192, 256]
    assert MARKS == []
