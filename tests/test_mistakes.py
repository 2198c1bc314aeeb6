"""Natural mistakes, each with its message: docs/mistakes.md shows what is printed, and no other.

``python tests/test_mistakes.py`` writes the page again after a message has changed.
"""

import os
import re
import shlex
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from edgesim.commands.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "mistakes.md"

FILES = {
    "notes.txt": "a precious note\n",
    "columns.csv": "time,steps\n0,100\n",
    "unsorted.csv": "arrival_s,steps\n5,100\n1,100\n",
    "words.csv": "arrival_s,steps\n0,many\n",
    "negative.csv": "arrival_s,steps\n-3,100\n",
    "infinite.csv": "duration,src_bytes,label\n1,2,normal\n3,inf,attack\n",
    "benign.csv": "duration,src_bytes,label\n1,2,benign\n3,4,benign\n",
    "empty.txt": "",
    "koeln.txt": "Grüße aus Köln\n",
    "broken.png": "GIF89a",
    "mine.py": "class Mine:\n    pass\n",
}
"""What lies in the folder in which they are made."""

MISTAKES = {
    "Commands and words": """
        trian
        run scenario=aigc
        eval policy=random
        --ver
        list scenario
        help trian
        completion powershell
        train aigc_paper
        train scenario aigc
        train scenario = aigc
        train --scenario aigc
        train --resume
        train seed:3
        evaluate random
        compare runs/a runs/b
        reproduce aigc_tasks
        """,
    "Names of scenarios, agents, policies, figures": """
        train scenario=AIGC
        train scenario=edgesim/AIGC-v0
        train scenario=
        train agent=PPO2
        evaluate policy=RoundRobin
        evaluate policy=oracle
        evaluate policy=ppo
        evaluate scenario=sfc policy=shortest_path
        simulate policy=bound
        simulate policy=random,nearest
        evaluate policy=runs/aigc/ppo/seed-9
        evaluate 'policy="planner:horizon=3"'
        reproduce figure=aigc_lerning
        reproduce budget=paper
        benchmark parts=world
        calibrate service=stable-diffusion
        """,
    "Keys": """
        train steps=1000
        train lr=0.001
        train agent.lr=0.001
        train n_envs=4
        train n_providers=5
        simulate scenario.n_providers=5
        train scenario.wireless.side_km=1
        train scenario.wireless.bandwidth=20e6
        simulate scenario.arrival_rate=5
        evaluate scenario=sfc scenario.horizon_s=60
        train scenario=aigc_paper scenario.wireless.side_m=500
        train agent.hyperparameters.batchsize=64
        train agent.environment.scenario=sfc
        """,
    "Numbers, units and true or false": """
        train total_steps=1e5
        train total_steps=100k
        train total_steps=100,000
        train seed=-1
        train seed=random
        train seed=0,1
        train -m seed=0,1,x
        evaluate episodes=0
        evaluate worlds=5 bound=true
        train progress=maybe
        train scenario.provider_count=ten
        train scenario.capacity_range=400
        train scenario.capacity_range=[1500,400]
        simulate scenario.wireless.radio.carrier_ghz=3500
        simulate scenario.wireless.radio.bandwidth_hz=20
        simulate scenario.wireless.radio.site_power_dbm=20000
        simulate scenario.wireless=true
        evaluate scenario=sfc scenario.network.links.capacity_bps=10G
        evaluate scenario=sfc scenario.network.failures.link_mtbf_s=0
        validate check_loads=[1.2]
        """,
    "Words that a key takes": """
        train device=gpu
        train device=cuda
        train engine=gpu
        train scenario=vne_wx100 engine=batched
        train scenario.pay_on=completion
        evaluate scenario=sfc scenario.network.collector.mode=probe
        evaluate scenario=sfc scenario.qoe.model=mos
        calibrate precision=fp16
        simulate video=mp4
        """,
    "Language models at home": """
        plan cluster=my_home
        plan cluster=home.yaml
        plan model=llama-70b
        plan context_tokens=1000000
        plan windows=[40,30,10]
        plan windows=[40,30,10,10]
        plan windows=[40,20,10,10] on_gpu=[30,0,0,0]
        measure-device folder=nowhere
        """,
    "Measured services": """
        calibrate service=text_small_int4
        validate service=text_small
        calibrate-train service=text_huge
        calibrate service=ids_forest data=columns.csv
        calibrate service=ids_forest data=infinite.csv
        calibrate service=ids_forest data=benign.csv
        calibrate service=ids_forest data=missing.csv
        demo poem notes.txt
        demo text koeln.txt
        demo text empty.txt
        demo detect columns.csv
        demo netlist broken.png
    """,
    "Federated learning and training": """
        evaluate scenario=factories policy=fedavgg
        evaluate scenario=factories 'policy="fedgs:selector=best"'
        evaluate scenario=factories 'policy="fedavg:codec=zip"'
        evaluate scenario=factories_small scenario.selected=9
        evaluate scenario=factories scenario.data.source=femnist.npz
        evaluate scenario=factories scenario.data.drift=style
        evaluate scenario=factories scenario.network.wan_bps=0
        evaluate scenario=factories scenario.trained.plane=slow
        evaluate scenario=factories_chains scenario.chains.like=aigc
        evaluate scenario=factories_aigc scenario.users.like=sfc
        evaluate scenario=silos scenario.vote_share=2
        evaluate scenario=wan_training 'policy="fixed:join=keep"'
        evaluate scenario=wan_training scenario.institutions.present=40
        evaluate scenario=llm_13b scenario.accelerators.nodes=3
        evaluate scenario=llm_32b scenario.accelerators.nodes=1
        """,
    "Agents": """
        train agent.algorithm=SAC
        train agent.algorithm=stable_baselines3:SACC
        train agent.algorithm=stable_baselines3:SAC
        train agent.policy=mlp
        train agent.n_envs=0
        train agent.hyperparameters.gamma=1.5
        train agent.hyperparameters.gamma=high
        train agent.environment.reward=dense
        train agent=generalist scenario=vne_wx100
        """,
    "Files and folders": """
        evaluate scenario.trace=requests.csv
        evaluate scenario.trace=notes.txt
        evaluate scenario.trace=columns.csv
        evaluate scenario.trace=unsorted.csv
        evaluate scenario.trace=words.csv
        evaluate scenario.trace=negative.csv
        evaluate scenario.providers=providers.csv
        evaluate scenario=sfc scenario.network.topology.source=germany50
        evaluate scenario=sfc scenario.network.topology.source=network.graphml
        compare runs=results
        simulate out=notes.txt
        train runs=notes.txt
        reproduce figure=agents redraw=true
        """,
    "Code of one's own": """
        evaluate policy=mine.py
        evaluate policy=mine:Mine
        evaluate policy=mine:MyPolicy
        evaluate policy=my_policies:Mine
        """,
}

LINES = [line.strip() for lines in MISTAKES.values() for line in lines.strip().splitlines()]
SHOWN = 2  # names of a list that the page shows


def said(line: str, folder: Path) -> str:
    """What a command line prints, in a folder with the files; the folder's name is left out."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    kept = sorted(folder.iterdir())
    errors = StringIO()
    with redirect_stderr(errors):
        status = main(shlex.split(line))
    assert status == 2, errors.getvalue()
    there = sorted(folder.iterdir())
    assert there == kept, "something is lost or left behind"
    assert all((folder / name).read_text(encoding="utf-8") == FILES[name] for name in FILES)
    return errors.getvalue().rstrip("\n").replace(f"{folder}{os.sep}", "")


def shortened(message: str) -> str:
    """A message as the page shows it: of a long list the first names."""
    found = re.match(r"(.*(?:accepted|takes): )(.*)", message)
    names = found[2].split(", ") if found else []
    if found is None or len(names) <= SHOWN + 1:
        return message
    return f"{found[1]}{', '.join(names[:SHOWN])}, …"


def shown() -> dict[str, str]:
    """The mistakes of the page, each with its message."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return dict(re.findall(r"^\$ edgesim (.*)\n(error: .*)$", text, re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    return tmp_path


@pytest.mark.parametrize("line", LINES)
def test_a_mistake_is_answered_in_one_line_as_the_page_shows(line: str, folder: Path) -> None:
    message = said(line, folder)
    assert re.fullmatch(r"error: [^\n]+ = [^\n]+: [^\n]+", message)
    assert len(message) < 700
    assert re.search(
        r"accepted|did you mean|must |needs |takes|drop |there is no|no such|is not|is null"
        r"|is several|is an agent|is a file|is a bound|cannot be|set scenario|keys of its own"
        r"|finds|take more",
        message,
    ), "says what is wrong, and not what would be right"
    assert shortened(message) == shown()[line], "python tests/test_mistakes.py writes the page"


def test_the_page_shows_these_and_no_others() -> None:
    assert list(shown()) == LINES
    assert len(LINES) == len(set(LINES)) >= 60


def page() -> str:
    """The page, from what is printed now."""
    parts = [
        "# Mistakes and what they are answered with",
        "",
        "What cannot be used is said in one line, before any long work begins: what was given, its"
        " value, and what is accepted or was most likely meant. The exit status is then 2, and"
        " nothing on disk is changed. The lines below are printed by the commands above them (long"
        " lists are cut here); a test makes every mistake again.",
    ]
    with TemporaryDirectory() as name:
        os.chdir(name)
        for title, lines in MISTAKES.items():
            blocks = []
            for line in map(str.strip, lines.strip().splitlines()):
                message = shortened(said(line, Path(name).resolve()))
                blocks.append(f"$ edgesim {line}\n{message}")
            parts += ["", f"## {title}", "", "```console", "\n\n".join(blocks), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
