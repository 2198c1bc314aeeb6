"""A device that is asked for is there, or nothing begins."""

from pathlib import Path

import pytest
import torch

from edgesim.commands.cli import main
from edgesim.devices import check_device
from edgesim.errors import InputError


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:3"])
def test_training_on_a_gpu_that_is_not_there_is_refused_before_it_begins(
    device: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "scenario=aigc_paper", f"device={device}"]) == 2
    assert f"device = '{device}': torch finds no such device here; it finds: cpu" in (
        capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_cpu_is_always_there(device: str) -> None:
    check_device(device)


def test_the_second_of_two_is_there_and_the_third_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_device("cuda")
    check_device("cuda:1")
    with pytest.raises(InputError, match="it finds: cpu, cuda:0, cuda:1"):
        check_device("cuda:2")
