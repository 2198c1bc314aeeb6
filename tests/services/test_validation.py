"""``edgesim validate`` from end to end, with a server that only sleeps."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra [diffusion]")

from edgesim.commands.cli import main
from edgesim.services import validation
from edgesim.services.serving import Batch, Stream
from edgesim.services.validation_twin import Paced, fitted, persistence, simulated

FIXED_S, STEP_S, IMAGE_S = 0.004, 0.0004, 0.0002


class Sleeper:
    """Stands in for the worker process: a batch takes an affine time, waited for or only told."""

    def __init__(self, config: Any) -> None:
        self.clock = config.clock

    def __enter__(self) -> "Sleeper":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def prepare(self, items: int) -> None:
        assert items == 20  # those that are requested

    def run(self, members: Sequence[int], steps: Sequence[int]) -> float:
        seconds = FIXED_S + STEP_S * max(steps) + IMAGE_S * sum(steps)
        if self.clock == "wall":
            time.sleep(seconds)
        return seconds


@pytest.mark.parametrize("clock", ["cpu", "wall"])
def test_a_server_and_its_twin_by_either_clock(
    clock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(validation, "Worker", Sleeper)
    words = "service=digits requests=20 fit_loads=[0.4,0.8] check_loads=[0.6] window_s=0.002"
    begun = time.monotonic()
    given = ["validate", *words.split(), "steps_range=[5,20]", f"clock={clock}", f"out={tmp_path}"]
    assert main(given) == 0
    passed_s = time.monotonic() - begun
    found = json.loads((tmp_path / "digits" / "validation.json").read_text())
    assert found["clock"] == clock
    assert {load: part["used_to"] for load, part in found["loads"].items()} == {
        "0.4": "fit",
        "0.6": "check",
        "0.8": "fit",
    }
    affine = found["affine"]
    assert affine["work_s"] + affine["work_s_per_item"] == pytest.approx(
        STEP_S + IMAGE_S, rel=0.05 if clock == "cpu" else 1.0
    )
    for part in found["loads"].values():
        sojourn = part["sojourn"]
        assert sum(len(batch["work"]) for batch in part["ran"]) == 20
        assert sojourn["real"]["mean"] > FIXED_S
        if clock == "cpu":
            assert part["replayed_mean_off"] == pytest.approx(0.0, abs=1e-6)
            # The stand-in is affine, as the twin's model is.
            assert sojourn["twin"]["mean"] == pytest.approx(sojourn["real"]["mean"], rel=0.01)
            paced = part["paced"]["sojourn"]["twin"]["mean"]
            assert paced == pytest.approx(sojourn["real"]["mean"], rel=0.01)
        else:
            assert part["paced"] is None
    if clock == "wall":  # nothing is served before it comes
        rate = found["capacity_per_s"]
        last_s = sum(
            np.random.default_rng([0, k]).exponential(1 / (load * rate), 20).sum()
            for k, load in enumerate((0.4, 0.6, 0.8))
        )
        assert passed_s > last_s
    assert (tmp_path / "digits" / "validation.png").is_file()
    assert "real server and twin" in capsys.readouterr().out


def test_a_batch_scatters_as_all_batches_of_its_size_did() -> None:
    rng = np.random.default_rng(0)
    runs = []
    for _ in range(300):
        steps = rng.integers(5, 20, size=rng.choice([1, 4])).tolist()
        ratio = rng.choice([0.97, 1.03]) if len(steps) == 1 else rng.choice([0.9, 1.1])
        runs.append((steps, ratio * (FIXED_S + STEP_S * max(steps))))
    _, times = fitted(runs)
    for steps, spread in (([7], 0.03), ([19], 0.03), ([9, 9, 12, 5], 0.1)):
        found = np.array([times.drawn_s(steps, place) for place in np.linspace(0, 0.999, 200)])
        assert len(np.unique(found.round(9))) > 10  # not one run again and again
        assert found.std() / found.mean() == pytest.approx(spread, rel=0.25)


def test_slow_spells_are_seen_as_persistence() -> None:
    rng = np.random.default_rng(0)
    stream = Stream(tuple(float(k) for k in range(400)), (10,) * 400)
    _, times = fitted([([10], 1.0), ([10, 10], 1.5)])

    def of(ratios: Sequence[float]) -> float:
        batches = [Batch((k,), float(k), k + float(ratio)) for k, ratio in enumerate(ratios)]
        found = persistence(batches, stream, times)
        assert found is not None
        return found

    alone = np.exp(rng.normal(0.0, 0.1, 400))
    spells = np.exp(np.repeat(rng.normal(0.0, 0.1, 40), 10))
    assert abs(of(alone.tolist())) < 0.15
    assert of(spells.tolist()) > 0.75


def test_a_machine_that_slows_down_does_so_for_the_paced_twin_at_the_same_time() -> None:
    rng = np.random.default_rng(0)

    def of(requests: int, slow: Callable[[float], float]) -> list[tuple[list[int], float]]:
        """One image a batch, of all of 10 steps: a second where the machine is as fast as usual."""
        return [([10], slow(k / requests)) for k in range(requests)]

    def drift(share: float) -> float:
        return 0.5 if share < 0.5 else 1.5

    to_fit = [of(200, drift), of(100, drift)]
    _, times = fitted([([10, 10], 1.0), *to_fit[0], *to_fit[1]])
    # The stream arrives a little more slowly than the usual machine serves.
    stream = Stream(tuple(1.1 * k for k in range(400)), (10,) * 400)
    took = iter(seconds for _, seconds in of(400, drift))
    real = simulated(stream, lambda steps: next(took), 0.0, 1)
    alike = simulated(stream, lambda steps: times.drawn_s(steps, rng.random()), 0.0, 1)
    paced = simulated(stream, Paced(to_fit, times).seconds(400, rng), 0.0, 1)
    assert paced["sojourn"].mean() == pytest.approx(real["sojourn"].mean(), rel=0.15)
    assert alike["sojourn"].mean() < 0.5 * real["sojourn"].mean()


def test_a_time_of_which_nothing_is_known_takes_the_model() -> None:
    rng = np.random.default_rng(0)
    _, times = fitted([([10], 1.0), ([20], 2.0)])
    late = Paced([[([10], 3.0)]], times).seconds(2, rng)
    assert late([10]) == pytest.approx(3.0)  # no batch of as many images: any of that time
    assert late([10]) == pytest.approx(times.mean_s([10]))
