"""``edgesim plan``: what it prints, writes and refuses."""

import json
from pathlib import Path

import pytest

from edgesim.commands.cli import main
from edgesim.scenarios.ring.reading import read_cluster, read_model
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.planner import planned

DEVICES = """
devices:
  - {name: desk, gpu: cuda, ram_gib: 4, vram_gib: 6, disk_gb_s: 3, cpu_gb_s: 30, gpu_gb_s: 300,
     hop_ms: 3}
  - {name: laptop, os: macos, ram_gib: 4, disk_gb_s: 1.5, cpu_gb_s: 50, hop_ms: 3}
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(DEVICES, encoding="utf-8")
    return path


def test_a_plan_is_printed_written_and_drawn(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "cluster=mine.yaml", "model=llama1-30b", "out=here"]) == 0
    said = capsys.readouterr().out
    assert "best plan: " in said
    written = json.loads(Path("here/plan.json").read_text(encoding="utf-8"))
    assert Path("here/plan.png").read_bytes()[:4] == b"\x89PNG"
    layers = [device["layers"] for device in written["devices"]]
    assert written["rounds"] * sum(layers) == 60
    # what is written is what the simulation says of it
    plan = RingPlan(
        tuple(layers), tuple(d["on_gpu"] for d in written["devices"]), written["rounds"]
    )
    model, devices = read_model("llama1-30b"), read_cluster(cluster)
    assert decode(model, devices, plan).token_s == pytest.approx(written["token_s"])
    # no planner that runs on a ring has a faster one
    for other in written["planners"]:
        if other["layers"] is not None and other["name"] != "exo":
            assert other["token_s"] >= written["token_s"] * (1 - 1e-9)


def test_what_fits_on_one_gpu_is_left_there() -> None:
    found = planned(read_model("llama3-8b"), read_cluster("prima_home"))
    assert found.plan == RingPlan((32, 0, 0, 0), (32, 0, 0, 0), 1)
    assert found.alone == "rtx2080ti"  # whose GPU has room for the output layer, too


def test_a_plan_of_ones_own_is_looked_at(cluster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "cluster=mine.yaml", "model=llama1-30b", "windows=[20,10]", "rounds=2"]
    assert main(words) == 0
    assert "your plan: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["windows=[20,10]"], "plan.windows = [20, 10]: over 1 round must add up to the "),
        (["windows=[60]"], "windows = [60]: must have a number for each of the 2 devices"),
        (["windows=[0,60]"], "the head must have a layer"),
        (["windows=[30,30]", "on_gpu=[30,0]"], "do not fit on the GPU of desk"),
        (["on_gpu=[1,0]"], "windows = None: must be stated"),
        (["context_tokens=9000000"], "are missing"),
        (["cluster=other"], "cluster = 'other': "),
        (["cluster=none.yaml"], "none.yaml"),
        (["model=gpt"], "model = 'gpt': "),
    ],
)
def test_what_cannot_be_planned_is_told_in_one_line(
    cluster: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    first = [] if words[0].startswith("cluster") else ["cluster=mine.yaml"]
    assert main(["plan", *first, "model=llama1-30b", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not Path("plans").exists()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("ram_gib: 4", "ram_gib: 0.2", "and so does every device"),
        (
            "name: desk, gpu: cuda, ram_gib: 4",
            "name: desk, gpu: cuda, ram_gib: 0.2",
            "put first: laptop",
        ),
    ],
)
def test_devices_that_cannot_hold_the_model(
    cluster: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, said: str
) -> None:
    cluster.write_text(DEVICES.replace(before, after), encoding="utf-8")
    assert main(["plan", "cluster=mine.yaml", "model=llama3-70b"]) == 2
    assert said in capsys.readouterr().err


def test_disks_too_slow_to_be_read_while_tokens_are_computed(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = DEVICES.replace("disk_gb_s: 3", "disk_gb_s: 0.05").replace(
        "disk_gb_s: 1.5", "disk_gb_s: 0.05"
    )
    cluster.write_text(slow, encoding="utf-8")
    assert main(["plan", "cluster=mine.yaml", "model=llama3-70b"]) == 2
    assert "GB of memory are missing, and no disk is fast enough" in capsys.readouterr().err
