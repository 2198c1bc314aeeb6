"""Times and memory of batches, and how an accelerator is waited for, told as a log."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra [diffusion]")

import torch

from edgesim.commands.cli import main
from edgesim.services import measuring
from edgesim.services.measuring import measure_latency, measure_memory
from edgesim.services.service import Plan


class Stand:
    """A service that only notes when it is asked, on a device of that kind."""

    def __init__(self, device: str, log: list[Any]) -> None:
        self.device, self.unit = torch.device(device), "step"
        self.plan = Plan(items=1, work=(1,), batches=(1,), timed=(5,))
        self._log = log

    def run(self, numbers: Sequence[int], steps: Sequence[int]) -> Any:
        self._log.append(("run", len(numbers), steps[0]))
        return np.zeros((len(numbers), 1, 1, 1))


def test_an_accelerator_is_waited_for_before_each_look_at_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[Any] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: log.append("wait"))

    def clock() -> float:
        log.append("look")
        return float(len(log))

    monkeypatch.setitem(measuring.CLOCKS, "wall", clock)
    service: Any = Stand("cuda", log)
    sample = measure_latency(service, work=5, batch=2, repeats=2, clock="wall")
    timed = ["wait", "look", ("run", 2, 5), "wait", "look"]
    assert log == [("run", 2, 1), *timed, *timed]
    assert sample.seconds == (3.0, 3.0)


def test_memory_of_an_accelerator_is_what_its_allocator_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[Any] = []
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: log.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 12345)
    service: Any = Stand("cuda", log)
    assert measure_memory(service, batch=3, weights_bytes=7).bytes == 12345
    assert log == ["reset", ("run", 3, 2)]


@pytest.mark.parametrize("line", ["calibrate device=cuda", "validate device=cuda clock=wall"])
def test_without_cuda_its_devices_are_refused_in_a_line(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main([*line.split(), "service=digits", f"out={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert "torch finds no such device here; it finds: cpu" in said and said.count("\n") == 1
