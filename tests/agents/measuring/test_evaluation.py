"""Policies on the same episodes: the figures, the table, and the files."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from edgesim.agents.aigc import bandit
from edgesim.agents.finding import find_policy, offered, policies_of
from edgesim.agents.measuring.command import evaluate
from edgesim.agents.measuring.evaluation import compare, show
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.measuring.table import print_table
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.agents.specs import Column
from edgesim.config.compose import compose
from edgesim.config.config import EvaluateConfig
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SHORT = resolve("aigc_paper", {"horizon_s": 60_000, "capacity_range": [400, 900]})
WIRELESS = resolve("aigc", {"horizon_s": 10})


def config(**keys: object) -> EvaluateConfig:
    return EvaluateConfig(**{"scenario": SHORT, "episodes": 3, **keys})


def test_all_policies_meet_the_same_episodes_which_the_evaluation_seed_gives():
    names = ("random", "round_robin", "prophet")
    done = compare(SHORT, {name: find_policy(SHORT, name) for name in names}, 3, seed=7)
    seeds = held_out_seeds(7, 3)
    for rows in done.rows.values():
        assert [row["seed"] for row in rows] == seeds
    requests = {tuple(row["decisions"] for row in rows) for rows in done.rows.values()}
    assert len(requests) == 1
    alone = rollout(SHORT, find_policy(SHORT, "random"), seeds, policy_seed=7).rows
    assert done.rows["random"] == alone  # whoever played before


def test_the_content_is_that_of_the_design(capsys):
    content = evaluate(config(policy=["random", "prophet"], bound=True, seed=4))
    assert content["scenario"] == "aigc_paper"
    assert (content["episodes"], content["seed"]) == (3, 4)
    assert list(content["policies"]) == ["random", "prophet", "bound"]
    returns = [row["return"] for row in rollout(
        SHORT, find_policy(SHORT, "prophet"), held_out_seeds(4, 3)).rows]  # fmt: skip
    prophet = content["policies"]["prophet"]
    assert prophet["return"]["mean"] == pytest.approx(np.mean(returns))
    assert prophet["return"]["std"] == pytest.approx(np.std(returns, ddof=1))
    low, high = prophet["return"]["ci95"]
    assert low < prophet["return"]["mean"] < high
    assert prophet["decisions_per_second"] > 0
    assert set(prophet) >= {"quality", "lost", "refused", "finished", "decisions"}
    bound = content["policies"]["bound"]
    assert set(bound) == {"return"}
    assert bound["return"]["mean"] >= prophet["return"]["mean"]
    assert "prophet" in capsys.readouterr().out


def test_all_is_every_baseline_that_the_scenario_offers(monkeypatch):
    monkeypatch.setattr(bandit, "DECISIONS", 50)
    content = evaluate(config(policy="all", episodes=1))
    assert list(content["policies"]) == offered(SHORT)
    assert "nearest" not in content["policies"]


def test_the_bound_can_be_named_like_a_policy():
    assert list(evaluate(config(policy="bound"))["policies"]) == ["bound"]


def test_nothing_is_written_unless_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evaluate(config(policy="random"))
    assert list(tmp_path.iterdir()) == []


def test_out_gets_the_figures_and_a_row_an_episode(tmp_path):
    content = evaluate(
        config(policy=["random", "round_robin"], bound=True, out=str(tmp_path / "a"))
    )
    assert json.loads((tmp_path / "a" / "evaluation.json").read_text()) == content
    rows = pq.read_table(tmp_path / "a" / "episodes.parquet").to_pylist()
    assert len(rows) == 9
    assert {row["policy"] for row in rows} == {"random", "round_robin", "bound"}
    returns = [row["return"] for row in rows if row["policy"] == "random"]
    assert content["policies"]["random"]["return"]["mean"] == pytest.approx(np.mean(returns))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "config.yaml",
        "episodes.parquet",
        "evaluation.json",
        "provenance.json",
    ]


def test_recorded_every_event_of_every_task_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = evaluate(config(policy=["random", "round_robin"], record=True))
    (folder,) = Path("evaluations").iterdir()
    assert folder.name.startswith("aigc_paper-")  # it is not the preset as it is
    events = pq.read_table(folder / "events.parquet").to_pylist()
    assert set(events[0]) == {"time_s", "event", "task", "provider", "value", "policy", "seed"}
    assert {event["seed"] for event in events} == set(held_out_seeds(0, 3))
    series = pq.read_table(folder / "series.parquet").to_pylist()
    assert {row["seed"] for row in series} == set(held_out_seeds(0, 3))
    assert {(row["policy"], row["kind"]) for row in series} == {
        ("random", "provider"),
        ("round_robin", "provider"),
    }
    for policy in ("random", "round_robin"):
        crashes = sum(e["event"] == "crash" and e["policy"] == policy for e in events)
        assert crashes == pytest.approx(3 * content["policies"][policy]["crashes"]["mean"])


def test_the_bound_beside_recorded_policies_is_not_recorded(tmp_path):
    content = evaluate(config(policy=["random", "bound"], record=True, out=str(tmp_path)))
    assert list(content["policies"]) == ["random", "bound"]
    events = pq.read_table(tmp_path / "events.parquet", columns=["policy"]).to_pylist()
    assert {event["policy"] for event in events} == {"random"}


def test_a_bound_alone_cannot_be_recorded_which_is_said_before_any_work(tmp_path):
    with pytest.raises(InputError, match="record = True: the bound plays no episode"):
        evaluate(config(policy="bound", record=True, out=str(tmp_path / "ev")))
    assert list(tmp_path.iterdir()) == []


def test_a_bound_that_is_not_there_is_missed_before_any_work(tmp_path, monkeypatch):
    monkeypatch.delitem(policies_of("aigc"), "bound")
    monkeypatch.setattr("edgesim.agents.measuring.rollout.rollout", None)  # no work
    for keys in ({"policy": "bound"}, {"policy": "random", "bound": True}):
        with pytest.raises(InputError, match="bound = True: aigc_paper has none"):
            evaluate(config(**keys, out=str(tmp_path / "ev")))
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_until_the_new_is_whole(tmp_path, monkeypatch):
    evaluate(config(policy="random", out=str(tmp_path)))
    before = (tmp_path / "evaluation.json").read_text()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("edgesim.agents.measuring.rollout.rollout", fail)
    with pytest.raises(RuntimeError):
        evaluate(config(policy="random", out=str(tmp_path), record=True))
    assert (tmp_path / "evaluation.json").read_text() == before
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("policy", ["round_robbin", "nearest", ["random", "nobody"]])
def test_an_unknown_policy_is_refused_before_anything_is_made(policy, tmp_path):
    with pytest.raises(InputError, match="policy"):
        evaluate(config(policy=policy, out=str(tmp_path / "out")))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_to_write_to(tmp_path):
    (tmp_path / "precious").write_text("x")
    with pytest.raises(InputError, match="must be a folder"):
        evaluate(config(policy="random", out=str(tmp_path / "precious")))
    assert (tmp_path / "precious").read_text() == "x"


# --- the table --------------------------------------------------------------------------------


def figures(mean: float, **others: float) -> dict[str, object]:
    about = {"return": mean, **others}
    rows: dict[str, object] = {
        key: {"mean": value, "std": 1.0, "ci95": [value - 2, value + 2]}
        for key, value in about.items()
    }
    return {**rows, "decisions_per_second": 12_345.6}


def test_the_table_ranks_by_return_and_shows_the_share_of_the_bound():
    bound = figures(200)
    del bound["decisions_per_second"]
    content = {
        "scenario": "s",
        "episodes": 5,
        "seed": 3,
        "policies": {
            "worse": figures(-50, lost=2, refused=1.5),
            "better": figures(150, lost=0, refused=0),
            "bound": bound,
        },
    }
    written = StringIO()
    columns = [Column("gone", ("lost", "refused"))]
    print_table(content, columns, console=Console(file=written, width=100))
    lines = [line.split() for line in written.getvalue().splitlines() if "±" in line]
    assert lines[0] == ["bound", "200.0", "±", "2.0", "1.000"]
    assert lines[1] == ["better", "150.0", "±", "2.0", "0.0", "0.750", "12,346"]
    assert lines[2] == ["worse", "-50.0", "±", "2.0", "3.5", "-0.250", "12,346"]
    assert "gone: lost + refused" in written.getvalue()


def test_a_network_adds_latency_and_a_single_episode_has_no_interval(capsys):
    evaluate(config(scenario=WIRELESS, policy="least_latency", episodes=1))
    printed = capsys.readouterr().out
    assert "latency s" in printed
    assert "±" not in printed
    evaluate(config(policy="round_robin"))
    assert "latency" not in capsys.readouterr().out


def test_a_run_folder_shows_the_table_it_was_left_with(tmp_path, capsys):
    settings = compose("train", ["scenario=aigc_paper", "agent=ppo"])
    runfolder.write_config(tmp_path, runfolder.settled(settings))
    done = compare(SHORT, {"ppo": find_policy(SHORT, "round_robin")}, 2)
    done.write(tmp_path)
    show(tmp_path)
    assert "ppo" in capsys.readouterr().out
    (tmp_path / "evaluation.json").write_text("{")
    with pytest.raises(InputError, match=r"evaluation\.json"):
        show(tmp_path)


def test_an_agent_is_measured_with_the_masks_it_learned_with():
    seen: list[str] = []

    class Learned:
        env_kwargs = {"mask": "up"}  # noqa: RUF012  # a stand-in for what a run folder is found as

        def __call__(self, envs, seed):
            seen.extend(env.unwrapped.spec.kwargs.get("mask", "fits") for env in envs)
            return find_policy(SHORT, "round_robin")(envs, seed)

    compare(SHORT, {"a": Learned(), "b": find_policy(SHORT, "random")}, 2)
    assert seen == ["up", "up"]


def test_an_evaluation_does_not_depend_on_the_agents_in_it():
    both = compare(SHORT, {n: find_policy(SHORT, n) for n in ("random", "prophet")}, 2).rows
    one = compare(replace(SHORT), {"prophet": find_policy(SHORT, "prophet")}, 2).rows
    assert both["prophet"] == one["prophet"]
