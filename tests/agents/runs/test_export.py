"""Model folders: written by ``edgesim export``, run as a policy, from this disk or from the hub."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgesim import api
from edgesim.agents.finding import find_policy
from edgesim.agents.learning.training import train
from edgesim.agents.measuring.evaluation import evaluation_in
from edgesim.agents.runs.export import export
from edgesim.config.compose import compose
from edgesim.config.config import ExportConfig
from edgesim.errors import InputError
from edgesim.scenarios import resolve

pytest.importorskip("safetensors")

TINY = {
    "ppo": ["n_steps=32", "batch_size=32", "n_epochs=1"],
    "dqn": ["learning_starts=20", "buffer_size=500", "batch_size=16"],
    "maskable_ppo": ["n_steps=32", "batch_size=32", "n_epochs=1"],
}


def run_of(tmp_path: Path, agent: str, *more: str) -> Path:
    given = ["scenario=aigc_paper", f"agent={agent}", "total_steps=128", "agent.n_envs=2"]
    small = [f"agent.hyperparameters.{it}" for it in TINY.get(agent, [])]
    short = ["validations=1", "validation_episodes=1", "episodes=2", "baselines=false"]
    return train(compose("train", [*given, *small, *short, f"runs={tmp_path}/runs", *more]))


@pytest.mark.parametrize("agent", TINY)
def test_a_model_folder_decides_as_its_run_did(tmp_path: Path, agent: str) -> None:
    run = run_of(tmp_path, agent)
    folder = export(ExportConfig(run=str(run), out=str(tmp_path / "model")))
    measured = api.evaluate("aigc_paper", {"it": str(folder)}, episodes=2).content()
    told = evaluation_in(run)["policies"][agent]["return"]
    assert measured["policies"]["it"]["return"] == told
    assert not list(folder.glob("*.zip")), "nothing that would be executed"


def test_the_card_has_the_hubs_front_matter_and_the_figures(tmp_path: Path) -> None:
    run = run_of(tmp_path, "ppo")
    folder = export(ExportConfig(run=str(run), out=str(tmp_path / "model")))
    _, front, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    card = yaml.safe_load(front)
    assert card["library_name"] == "edgesim"
    (result,) = card["model-index"][0]["results"]
    mean = evaluation_in(run)["policies"]["ppo"]["return"]["mean"]
    assert result["metrics"][0]["value"] == pytest.approx(mean, abs=1e-4)
    assert f"| ppo | {mean:,.1f} |" in text
    export(ExportConfig(run=str(run), out=str(tmp_path / "model")))  # again writes it anew


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return export(ExportConfig(run=str(run_of(tmp_path, "ppo")), out=str(tmp_path / "model")))


def _other_class(folder: Path) -> None:
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("stable_baselines3:PPO", "antigravity:PPO")
    config.write_text(text, encoding="utf-8")


def _later(folder: Path) -> None:
    (folder / "edgesim.json").write_text(json.dumps({"layout": 99}), encoding="utf-8")


def _no_json(folder: Path) -> None:
    (folder / "edgesim.json").unlink()


def _cut(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


DAMAGE: list[tuple[Callable[[Path], None], str]] = [
    (_other_class, "'antigravity:PPO': the folder .* names code of another package"),
    (_later, "has the layout 99"),
    (_no_json, "has no readable edgesim.json"),
    (_cut, "model.safetensors': cannot be read"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGE, ids=lambda it: getattr(it, "__name__", ""))
def test_what_cannot_be_used_is_said(
    folder: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(folder)
    with pytest.raises(InputError, match=said):
        find_policy(resolve("aigc_paper"), str(folder))


def test_a_network_of_another_shape_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="does not fit the scenario 'aigc_paper'"):
        find_policy(resolve("aigc_paper", {"provider_count": 3}), str(folder))


def test_a_model_of_the_hub_is_run_by_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: list[Any] = []

    def download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision))
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    from edgesim.agents.measuring.command import evaluate

    done = evaluate(compose("evaluate", ["policy='hf:me/model@v1'", "episodes=2"]))
    assert set(asked) == {("me/model", "v1")}
    assert done["scenario"] == "aigc_paper", "the world that it learned in"
    own = evaluation_in(folder)["policies"]["ppo"]["return"]["mean"]
    assert done["policies"]["hf:me/model@v1"]["return"]["mean"] == own


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def download(*_: Any, **__: Any) -> str:
        raise OSError("no network\nand more")

    monkeypatch.setattr(hub, "snapshot_download", download)
    with pytest.raises(InputError, match=r"cannot be had from the hub: no network$"):
        find_policy(resolve("aigc_paper"), "hf:me/model")


def test_what_is_no_run_or_no_model_folder_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        export(ExportConfig(run=str(tmp_path / "gone")))
    run = run_of(tmp_path, "ppo")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is no model folder"):
        export(ExportConfig(run=str(run), out=str(tmp_path / "mine")))
    assert [it.name for it in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match="run = None: must name a run folder"):
        export(ExportConfig())
