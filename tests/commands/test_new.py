"""``edgesim new``: what it writes is used as it stands, and nothing is written over."""

from pathlib import Path

import pytest

from edgesim.commands.cli import main
from edgesim.commands.new import new
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.scenarios import presets, resolve


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def uncommented(path: Path) -> None:
    """Take the number sign off everything that follows the base and the title."""
    head, _, rest = path.read_text(encoding="utf-8").partition("\n\n")
    lines = ["" if line == "#" else line.removeprefix("# ") for line in rest.splitlines()]
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


@pytest.mark.parametrize("base", presets())
def test_a_scenario_is_its_base_until_it_is_changed(base: str, here: Path) -> None:
    new(["scenario", "town", f"base={base}"])
    expected = resolve(base)
    for _ in range(2):
        made = resolve("town.yaml")
        assert (made.name, made.title[:4]) == ("town", "town")
        made.name, made.title = expected.name, expected.title
        assert made == expected
        uncommented(here / "town.yaml")  # and it states every key of its base


def test_an_agent_is_its_base_until_it_is_changed(here: Path) -> None:
    new(["agent", "quick", "base=dqn"])
    made = compose("train", ["scenario=sfc", "agent=quick.yaml"]).agent
    expected = compose("train", ["scenario=sfc", "agent=dqn"]).agent
    made.name, made.title = expected.name, expected.title
    assert made == expected
    uncommented(here / "quick.yaml")
    again = compose("train", ["scenario=vne_wx100", "agent=quick.yaml"]).agent
    assert again.hyperparameters["buffer_size"] == expected.hyperparameters["buffer_size"]


LONG = ("ring", "federated")
"""Problems an episode of which takes seconds."""


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(it, id=it.name, marks=[pytest.mark.slow] if it.name in LONG else [])
        for it in PROBLEMS.values()
        if it.env
    ],
)
def test_a_policy_decides_at_once(problem: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"rule_{problem.name}"  # type: ignore[attr-defined]
    base = problem.default_scenario  # type: ignore[attr-defined]
    assert main(["new", "policy", name, f"base={base}"]) == 0
    line = capsys.readouterr().out.split("\n  ")[1]
    assert main([*line.split()[1:], "episodes=1"]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "accepted: agent, policy, scenario"),
        (["scenari", "x"], "did you mean 'scenario'"),
        (["scenario"], "needs one name"),
        (["scenario", "a", "b"], "needs one name"),
        (["scenario", "a-b"], "letters, digits and '_'"),
        (["scenario", "a", "base=sfcc"], "did you mean 'sfc'"),
        (["agent", "a", "base=pop"], "did you mean 'ppo'"),
        (["agent", "a", "bas=ppo"], "accepted: base"),
    ],
)
def test_mistakes_write_nothing(words: list[str], said: str, here: Path) -> None:
    with pytest.raises(InputError, match=said):
        new(words)
    assert not any(here.iterdir())


def test_what_is_there_stays(here: Path) -> None:
    (here / "town.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="stays as it is"):
        new(["scenario", "town.yaml"])
    assert (here / "town.yaml").read_text(encoding="utf-8") == "mine"
