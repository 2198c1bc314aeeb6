"""A sweep ends in one table of what its runs reached."""

import pytest

from edgesim.commands.cli import main

LINE = ["evaluate", "-m", "scenario=aigc_paper", "scenario.horizon_s=5000", "episodes=2"]


def test_a_sweep_ends_in_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LINE, "policy=random,prophet", "seed=0,1"]) == 0
    *_, table = capsys.readouterr().out.partition("4 runs of the sweep:\n")
    lines = [line.split() for line in table.splitlines() if line.strip()]
    assert lines[0][:4] == ["seed", "policy", "score", "mean"]
    assert [line[:3] for line in lines[2:6]] == [
        [seed, policy, "return"] for policy in ("random", "prophet") for seed in ("0", "1")
    ]


def test_one_that_fails_is_told_of_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LINE, "policy=random", "seed=0,1,-1"]) == 2
    captured = capsys.readouterr()
    assert "2 runs of the sweep:" in captured.out
    assert "seed=-1" in captured.err


def test_a_search_is_no_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "-m", "seed=0,1"]) == 2
    assert "a search is one run" in capsys.readouterr().err
