"""``reproduce figure=agents`` in scenarios and with agents of one's own."""

from pathlib import Path

import pytest

from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.plots.tables import read
from edgesim.reproduction.reproduce import reproduce

CITY = "base: aigc_paper\nhorizon_s: 20000\n"
BRIEF = (
    "base: ppo\ntotal_steps: 640\nn_envs: 2\nhyperparameters: {n_steps: 32, batch_size: 32,"
    " n_epochs: 1}\n"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "city.yaml").write_text(CITY, encoding="utf-8")
    (tmp_path / "brief.yaml").write_text(BRIEF, encoding="utf-8")
    (tmp_path / "other.yaml").write_text(BRIEF + "name: other\n", encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_agents_of_ones_own_are_compared_in_a_scenario_of_ones_own(here: Path) -> None:
    keys = ["figure=agents", "scenarios=city.yaml", "agents=brief.yaml,other.yaml", "seeds=2"]
    (folder,) = reproduce(compose("reproduce", keys))
    rows = read(folder, "runs")
    assert {(row["scenario"], row["agent"]) for row in rows} == {
        ("city.yaml", "brief.yaml"),
        ("city.yaml", "other.yaml"),
    }
    assert len(rows) == 4
    assert (folder / "figure.png").is_file()
    report = (folder / "README.md").read_text(encoding="utf-8")
    assert "scenarios=city.yaml agents=brief.yaml,other.yaml" in report
    assert len(list((here / "runs" / "city").glob("*/seed-*"))) == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["figure=vne", "scenarios=city.yaml"], "is for figure=agents alone"),
        (["figure=agents", "agents=ppo"], "needs scenarios="),
        (["figure=agents", "scenarios=citty.yaml"], "citty.yaml"),
        (["figure=agents", "scenarios=city.yaml", "agents=pop"], "did you mean 'ppo'"),
    ],
)
def test_mistakes_make_nothing(given: list[str], said: str, here: Path) -> None:
    with pytest.raises(InputError, match=said):
        reproduce(compose("reproduce", given))
    assert not (here / "reproduction").exists()
    assert not (here / "runs").exists()
