"""Where a figure gets its runs and measurements: what is on disk already is not made again."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.runs import runfolder
from edgesim.config.compose import compose
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.reproduction.budget import Budget, Training
from edgesim.scenarios import resolve
from edgesim.version import version

__all__ = ["Measured", "ResultStore", "identity"]


class Measured:
    """What one policy reached on held-out episodes.

    Attributes:
        rows: one mapping an episode: its seed and metrics.
        decisions_per_second: of the policy and the simulation, a CPU-second; None for a bound.
    """

    def __init__(self, rows: list[dict[str, float]], decisions_per_second: float | None) -> None:
        self.rows, self.decisions_per_second = rows, decisions_per_second

    def __getitem__(self, metric: str) -> npt.NDArray[np.float64]:
        """The metric of every episode, shape (episodes,)."""
        return np.array([row[metric] for row in self.rows], dtype=float)

    @property
    def metrics(self) -> list[str]:
        """The metrics that are there."""
        return [name for name in self.rows[0] if name != "seed"]


class ResultStore:
    """Runs and measurements for figures, kept by what they were made with.

    Args:
        budget: how much is spent.
        runs: folder of the run folders.
        out: folder of the figures; measurements are kept in ``<out>/.measured``.
        seed: evaluation seed, from which the held-out episodes follow.
        tell: told what is being done.
        trainings: those of the user's own in the place of a figure's; None: the figure's.
        data: a file of the user's own that a figure measures on; None: what comes with edgesim.
    """

    def __init__(
        self,
        budget: Budget,
        runs: str,
        out: Path,
        *,
        seed: int = 0,
        tell: Callable[[str], None] = lambda line: None,
        trainings: Sequence[Training] | None = None,
        data: str | None = None,
    ) -> None:
        self.trainings, self.data = trainings, data
        self.budget, self.runs, self.out, self.seed = budget, runs, out, seed
        self._tell = tell
        # What does not change while figures are made, and takes long to work out.
        self._complete: dict[Training, list[Path]] = {}
        self._places: dict[Training, list[Path]] = {}
        self._scenarios: dict[str, Any] = {}

    # --- trained runs ---------------------------------------------------------------------------

    def line(self, training: Training) -> list[str]:
        """The command line of a training, but for its seed."""
        return [*self.budget.overrides(training), f"runs={self.runs}"]

    def folders(self, training: Training) -> list[Path]:
        """The run folders of a training, one a seed, all complete.

        Raises:
            InputError: one is not there or not complete.
        """
        if training not in self._complete:
            found = self._folders(training)
            for folder in found:
                runfolder.check_complete(folder)
            self._complete[training] = found
        return self._complete[training]

    def missing(self, training: Training) -> list[int]:
        """The seeds of a training whose runs are not complete."""
        return [
            seed for seed, folder in enumerate(self._folders(training)) if not _is_complete(folder)
        ]

    def _folders(self, training: Training) -> list[Path]:
        """Where the runs of a training are, or would be: the seed alone differs."""
        if training not in self._places:
            config: TrainConfig = runfolder.settled(compose("train", self.line(training)))
            self._places[training] = [
                runfolder.folder_of(replace(config, seed=seed)) for seed in range(self.budget.seeds)
            ]
        return self._places[training]

    # --- measurements ---------------------------------------------------------------------------

    def measured(
        self,
        scenario: str,
        policy: str,
        *,
        overrides: Mapping[str, Any] | None = None,
        episodes: int | None = None,
    ) -> Measured:
        """A policy on the held-out episodes of a scenario.

        Args:
            scenario: a preset.
            policy: a baseline, a run folder, or ``"bound"``.
            overrides: keys of the scenario to replace.
            episodes: how many; the budget's by default.
        """
        checked = self._scenario(scenario, overrides)
        count = self.budget.episodes if episodes is None else episodes
        key = {
            "scenario": asdict(checked),
            "policy": identity(policy),
            "episodes": count,
            "seed": self.seed,
            "edgesim": version(),
        }
        what = f"{scenario}: {policy}"
        content = self._kept(key, what, lambda: self._measure(checked, policy, count))
        return Measured(content["rows"], content["decisions_per_second"])

    def measured_all(
        self, scenario: str, policies: Iterable[str], **given: Any
    ) -> dict[str, Measured]:
        """Several policies on the same episodes, see :meth:`measured`."""
        return {policy: self.measured(scenario, policy, **given) for policy in policies}

    def measured_agent(self, training: Training, **given: Any) -> list[Measured]:
        """Every seed of a trained agent on the same episodes, in the scenario it learned in.

        ``given`` as :meth:`measured`, and ``scenario`` for another one.
        """
        scenario = given.pop("scenario", training.scenario)
        overrides = {**training.scenario_keys, **(given.pop("overrides", None) or {})}
        return [
            self.measured(scenario, str(folder), overrides=overrides, **given)
            for folder in self.folders(training)
        ]

    def kept(self, what: str, key: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        """Anything that takes long and can be written as JSON, kept by what it was made with.

        Args:
            what: said while it is made.
            key: all that it depends on; edgesim's version is added.
            make: makes it.
        """
        return self._kept({"what": what, **key, "edgesim": version()}, what, make)

    def _scenario(self, name: str, overrides: Mapping[str, Any] | None) -> Any:
        key = json.dumps([name, overrides or {}], sort_keys=True)
        if key not in self._scenarios:
            self._scenarios[key] = resolve(name, overrides)
        return self._scenarios[key]

    def _measure(self, scenario: Any, policy: str, episodes: int) -> dict[str, Any]:
        from edgesim.agents.finding import find_policy
        from edgesim.agents.measuring.evaluation import BOUND, compare

        policies = {} if policy == BOUND else {policy: find_policy(scenario, policy)}
        done = compare(scenario, policies, episodes, self.seed, bound=policy == BOUND)
        return {
            "rows": done.rows[policy],
            "decisions_per_second": done.speeds.get(policy),
        }

    def _kept(self, key: Any, what: str, make: Callable[[], Any]) -> Any:
        text = json.dumps(key, sort_keys=True, default=str)
        name = blake2b(text.encode(), digest_size=12).hexdigest()
        path = self.out / ".measured" / f"{name}.json"
        if path.is_file():
            try:
                return json.loads(path.read_text(encoding="utf-8"))["made"]
            except (OSError, ValueError, KeyError, TypeError):
                raise InputError(
                    "measurement", str(path), "cannot be read; delete it to measure anew"
                ) from None
        self._tell(what)
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_text(json.dumps({"key": json.loads(text), "made": made}), encoding="utf-8")
        return made


def _is_complete(folder: Path) -> bool:
    return folder.is_dir() and not runfolder.missing(folder)


def identity(policy: str) -> Any:
    """What a policy is: its name, or the model of its run folder."""
    model = Path(policy) / "model.zip"
    if not model.is_file():
        return policy
    return {"model": blake2b(model.read_bytes(), digest_size=12).hexdigest()}
