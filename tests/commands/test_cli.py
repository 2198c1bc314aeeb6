"""The commands at a shell: what they call, what they print, how they end."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgesim.commands import cli, names
from edgesim.commands.completion import SHELLS, candidates
from edgesim.commands.listing import (
    SECTIONS,
    command_help,
    figures,
    listing,
    policies,
    scenario_keys,
)
from edgesim.config.agents import presets as agent_presets
from edgesim.config.config import SCHEMAS
from edgesim.errors import InputError
from edgesim.reproduction.figures import FIGURES
from edgesim.scenarios import preset, presets

PAPER = "scenario=aigc_paper"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, Any]]:
    """Every command writes its name and its configuration here instead of doing its work.

    A seed of 90 and more goes wrong: 90 by the user's fault, 91 by Ctrl-C, 92 by ours.
    """
    log: list[tuple[str, Any]] = []
    stub = ModuleType("edgesim_stub")

    def task(command: str) -> Any:
        def run(config: Any) -> None:
            log.append((command, config))
            wrong = {90: InputError("seed", 90, "is 90"), 91: KeyboardInterrupt(), 92: OSError("x")}
            error = wrong.get(getattr(config, "seed", 0))
            if error is not None:
                raise error

        return run

    for command in names.TASKS:
        attribute = command.replace("-", "_")
        setattr(stub, attribute, task(command))
        monkeypatch.setitem(names.TASKS, command, f"edgesim_stub:{attribute}")
    monkeypatch.setitem(sys.modules, "edgesim_stub", stub)
    monkeypatch.chdir(tmp_path)
    return log


def python(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter."""
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


# --- dispatch ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", names.TASKS)
def test_a_command_is_called_once_with_its_configuration(
    command: str, calls: list[tuple[str, Any]]
) -> None:
    assert cli.main([command]) == 0
    assert [(name, type(config)) for name, config in calls] == [(command, SCHEMAS[command])]


def test_overrides_reach_the_command(calls: list[tuple[str, Any]]) -> None:
    assert cli.main(["train", PAPER, "agent=ppo", "seed=4"]) == 0
    ((_, config),) = calls
    assert (config.scenario.name, config.agent.name, config.seed) == ("aigc_paper", "ppo", 4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tran"], "command = 'tran': did you mean 'train'? accepted: benchmark, "),
        (
            ["--verion"],
            "option = '--verion': did you mean '--version'? accepted: --help",
        ),
        (
            ["train", "--resume"],
            "option = '--resume': did you mean resume=true? accepted: ",
        ),
        (["train", "scenario=aigcc"], "scenario = 'aigcc': did you mean 'aigc'?"),
        (["train", "agent=pppo"], "agent = 'pppo': did you mean 'ppo'?"),
        (["train", "sed=0"], "sed = '0': did you mean 'seed'?"),
        (["train", PAPER, "seed=90"], "seed = 90: is 90"),
        (["train", "-m", "scenario=aigc,aigcc"], "scenario = 'aigcc': did you mean 'aigc'?"),
        (["train", "-m", PAPER, "seed=0,x"], "seed = '0,x': must be a whole number"),
        (["train", "-m", PAPER, "seed=0,-1"], "seed = -1: must be a whole number of at least 0"),
        (["train", "-m", PAPER, "seed=90,1"], "seed = 90: is 90"),
        (["train", "-m", "hydra/launcher=x"], "hydra/launcher = 'x': accepted: basic"),
        (["train", "scenario=x", "--help"], "scenario = 'x': accepted: aigc, "),
        (["list", "agent"], "list = 'agent': did you mean 'agents'?"),
        (["completion", "tcsh"], "completion = 'tcsh': "),
        (["completion"], "completion = '': accepted: bash, fish, zsh"),
    ],
)
def test_a_users_error_is_a_message_and_status_2(
    words: list[str],
    message: str,
    calls: list[tuple[str, Any]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(words) == 2
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("error: ")
    assert message in lines[-1]
    # a sweep says before it which of its runs it was
    assert all(line.startswith(("1 run of the sweep failed", "  ")) for line in lines[:-1])
    assert list(Path().iterdir()) == [], "nothing is written"


@pytest.mark.parametrize("sweep", [[], ["-m"]])
def test_ctrl_c_is_a_line_and_status_130(
    sweep: list[str], calls: list[tuple[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", *sweep, PAPER, "seed=91"]) == 130
    assert capfd.readouterr().err == "interrupted\n"


def test_a_fault_of_ours_keeps_its_traceback(calls: list[tuple[str, Any]]) -> None:
    with pytest.raises(OSError, match="x"):
        cli.main(["train", PAPER, "seed=92"])


def test_a_reader_that_stops_early_is_no_error() -> None:
    run = f"{sys.executable} -m edgesim train --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# --- sweeps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-m", pytest.param("--multirun", marks=pytest.mark.slow)])
def test_a_sweep_runs_every_combination_and_leaves_nothing_behind(
    flag: str, calls: list[tuple[str, Any]]
) -> None:
    argv = list(sys.argv)
    assert cli.main(["train", flag, "scenario=aigc,aigc_paper", "agent=dqn,ppo", "seed=1,2"]) == 0
    ran = [(config.scenario.name, config.agent.name, config.seed) for _, config in calls]
    assert ran == [
        (scenario, agent, seed)
        for scenario in ("aigc", "aigc_paper")
        for agent in ("dqn", "ppo")
        for seed in (1, 2)
    ]
    assert list(Path().iterdir()) == []
    assert sys.argv == argv
    assert "HYDRA_FULL_ERROR" not in os.environ


def test_each_run_of_a_sweep_sees_its_own_command_line(
    calls: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Sequence[str]] = []
    monkeypatch.setattr(sys.modules["edgesim_stub"], "train", lambda _: seen.append(sys.argv))
    cli.main(["train", "-m", PAPER, "seed=range(2)"])
    assert seen == [["edgesim", "train", PAPER, f"seed={seed}"] for seed in (0, 1)]


def test_the_runs_after_a_failed_one_are_not_lost(
    calls: list[tuple[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "-m", PAPER, "seed=1,90,2"]) == 2
    assert [config.seed for _, config in calls] == [1, 90, 2]
    assert capfd.readouterr().err.splitlines() == [
        "1 run of the sweep failed, the others are done:",
        f"  {PAPER} seed=90",
        "error: seed = 90: is 90",
    ]


def test_a_fault_of_ours_in_a_sweep_is_listed_with_its_traceback(
    calls: list[tuple[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "-m", PAPER, "seed=92,90,1"]) == 1
    assert [config.seed for _, config in calls] == [92, 90, 1]
    err = capfd.readouterr().err
    assert "Traceback" in err
    assert err.splitlines()[-5:] == [
        "2 runs of the sweep failed, the others are done:",
        f"  {PAPER} seed=92",
        "error: OSError: x",
        f"  {PAPER} seed=90",
        "error: seed = 90: is 90",
    ]


def test_what_failed_is_listed_when_the_launcher_loses_a_run(
    calls: list[tuple[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from hydra._internal.core_plugins.basic_launcher import BasicLauncher

    launch = BasicLauncher.launch

    def lose(self: Any, *args: Any, **kwargs: Any) -> Any:
        launch(self, *args, **kwargs)
        raise RuntimeError("a run was killed")

    monkeypatch.setattr(BasicLauncher, "launch", lose)
    with pytest.raises(RuntimeError, match="was killed") as lost:
        cli.main(["train", "-m", PAPER, "seed=1,90"])
    assert "the same sweep again" in lost.value.__notes__[0]
    assert capfd.readouterr().err.splitlines() == [
        "1 run of the sweep failed, the others may still go on:",
        f"  {PAPER} seed=90",
        "error: seed = 90: is 90",
    ]


@pytest.mark.parametrize(("given", "resumes"), [([], True), (["resume=false"], False)])
def test_a_sweep_goes_on_with_runs_that_were_cut(
    given: list[str], resumes: bool, calls: list[tuple[str, Any]]
) -> None:
    assert cli.main(["train", "-m", PAPER, *given]) == 0
    assert [config.resume for _, config in calls] == [resumes]


def test_a_sweep_over_run_folders_takes_their_scenarios(calls: list[tuple[str, Any]]) -> None:
    cli.main(["evaluate", "-m", "policy=runs/a,runs/b", "scenario.users=5"])
    assert [(config.policy, config.scenario, config.scenario_keys) for _, config in calls] == [
        ("runs/a", None, {"users": 5}),
        ("runs/b", None, {"users": 5}),
    ]


def test_joblib_runs_a_sweep_in_other_processes(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    (tmp_path / "sitecustomize.py").write_text(
        "from edgesim.commands import names\nnames.TASKS['train'] = 'stub_task:train'\n"
    )
    (tmp_path / "stub_task.py").write_text(
        "from edgesim.errors import InputError\n"
        "def train(config):\n"
        "    if config.seed == 1:\n"
        "        raise InputError('seed', 1, 'is 1')\n"
        "    print('ran', config.seed, config.progress, flush=True)\n"
    )
    words = ("-m", "edgesim", "train", "-m", PAPER, "seed=0,1,2", "hydra/launcher=joblib")
    done = python(*words, "hydra.launcher.n_jobs=2", PYTHONPATH=str(tmp_path))
    ran = sorted(line for line in done.stdout.splitlines() if line.startswith("ran"))
    assert ran == ["ran 0 False", "ran 2 False"], done.stderr
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "error: seed = 1: is 1"


# --- help, list, version ----------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_edgesim_alone_lists_the_commands(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out and what in out for name, what in names.COMMANDS.items())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from edgesim.version import version

    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"edgesim {version()}\n"


@pytest.mark.parametrize("command", names.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: edgesim {command} ")
    assert names.COMMANDS[command] in out


@pytest.mark.parametrize("command", SCHEMAS)
def test_help_shows_every_group_and_key_with_its_line(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    shown = command_help(command, "")
    assert "<dataclasses." not in shown
    for item in fields(SCHEMAS[command]):
        line = item.metadata["help"]
        if item.name in ("scenario", "agent"):
            names = presets() if item.name == "scenario" else agent_presets()
            assert all(f"  {name} " in shown for name in names)
        elif line:
            assert f"\n  {item.name}=" in shown
            assert line in shown
        else:
            assert item.name not in shown


@pytest.mark.parametrize("name", presets())
def test_help_shows_every_key_of_a_scenario_with_its_comment(name: str) -> None:
    shown = dict(scenario_keys(name))
    keys = {row.partition("=")[0] for row in shown}
    assert keys >= preset(name).keys() - {"name"}
    assert all(line for row, line in shown.items() if row.startswith("horizon_s="))


def test_help_follows_the_chosen_presets() -> None:
    shown = command_help("train", "", [PAPER, "agent=dqn"])
    assert "scenario.<key>, as in aigc_paper" in shown
    assert "whole_second_arrivals=true" in shown
    assert "hyperparameters.buffer_size=" in shown


def test_list_shows_everything_there_is() -> None:
    shown = listing()
    names = [*presets(), *agent_presets(), *figures(), *SECTIONS]
    names += [policy for titles in policies().values() for policy in titles]
    assert all(name in shown for name in names)
    assert all(title for titles in policies().values() for title in titles.values())


def test_list_of_one_section() -> None:
    assert listing(["agents"]).splitlines()[0] == "agents"
    assert all(name in listing(["agents"]) for name in agent_presets())
    assert "aigc_paper" not in listing(["agents"])


def test_every_figure_is_listed_with_a_line_on_it() -> None:
    assert figures().keys() == FIGURES.keys()
    assert all(figures().values())


@pytest.mark.parametrize(
    "words", [["list"], ["train", "--help"], ["completion", "query", "edgesim evaluate policy="]]
)
def test_answers_without_heavy_imports(words: list[str]) -> None:
    heavy = "numpy gymnasium torch stable_baselines3 sb3_contrib"
    heavy += " hydra omegaconf matplotlib scipy pyarrow rich"
    code = (
        f"import sys; from edgesim.commands.cli import main; main({words!r}); "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


# --- completion -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("edgesim tr", ["train "]),
        ("edgesim list ag", ["agents "]),
        ("edgesim completion z", ["zsh "]),
        ("edgesim train see", ["seed="]),
        ("edgesim train seed=3 see", []),
        ("edgesim train sc", ["scenario=", "scenario."]),
        ("edgesim train scenario=aigc sc", ["scenario."]),
        ("edgesim train scenario=aigc_s", ["scenario=aigc_steps "]),
        (
            "edgesim train -m scenario=aigc,sfc_paper",
            [f"scenario=aigc,sfc_paper{more} " for more in ("", "_10x", "_3x")],
        ),
        ("edgesim train agent=maskable", ["agent=maskable_ppo "]),
        (
            "edgesim train agent=dqn agent.hyperparameters.buf",
            ["agent.hyperparameters.buffer_size="],
        ),
        ("edgesim train ~agent.hyperparameters.gam", ["~agent.hyperparameters.gamma "]),
        (
            "edgesim train scenario.cap",
            ["scenario.capacity_range=", "scenario.capacity_increment="],
        ),
        ("edgesim train scenario.wirel", ["scenario.wireless."]),
        ("edgesim train scenario=wrong scenario.q", []),
        ("edgesim train scenario see", ["seed="]),
        ("edgesim train resume=", ["resume=true ", "resume=false "]),
        ("edgesim train scenario.trace=", []),
        ("edgesim train --m", ["--multirun "]),
        ("edgesim evaluate policy=round", ["policy=round_robin "]),
        ("edgesim evaluate policy=random,round", ["policy=random,round_robin "]),
        ("edgesim evaluate policy=al", ["policy=all "]),
        ("edgesim evaluate policy=runs", ["policy=runs/aigc/ppo/seed-0 "]),
        ("edgesim evaluate scenario_k", []),
        ("edgesim benchmark sc", []),
        ("edgesim nothing x", []),
        ("", []),
    ],
)
def test_completion(
    line: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("seed-0", ".seed-1"):
        (tmp_path / "runs" / "aigc" / "ppo" / run).mkdir(parents=True)
        (tmp_path / "runs" / "aigc" / "ppo" / run / "config.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert candidates(line) == expected


def test_all_commands_are_candidates() -> None:
    assert candidates("edgesim ") == [f"{name} " for name in names.COMMANDS]


@pytest.mark.parametrize("breaks", [" \t\n\"'><=;|&(:", " \t\n"])
@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("edgesim tr", "train "),
        ("edgesim train agent=d", "agent=dqn "),
        ("edgesim train agent=", "agent=dqn "),
    ],
)
def test_bash_completes_what_follows_the_last_break(
    line: str, whole: str, breaks: str, tmp_path: Path
) -> None:
    program = tmp_path / "edgesim"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m edgesim "$@"\n')
    program.chmod(0o755)
    word = line.rpartition(" ")[2]
    split = "=" in breaks and "=" in word
    # bash makes "=" a word of its own, and it is the current one when nothing follows it
    current = (word.partition("=")[2] or "=") if split else word
    script = (
        SHELLS["bash"]
        + f'COMP_WORDS=("{program}" "{current}") COMP_CWORD=1 COMP_LINE="{line}"\n'
        + 'COMP_POINT=${#COMP_LINE}; _edgesim_complete; printf "%s|" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    wanted = whole.partition("=")[2] if split else whole
    assert wanted in done.stdout.split("|"), done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == 0
    assert "completion query" in capsys.readouterr().out
