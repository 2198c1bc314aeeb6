"""One training run under way: learning, looking, keeping the best, and what is on disk."""

import json
import shutil
import time
from collections.abc import Callable
from csv import DictWriter
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import CallbackList
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from edgesim.agents.comparing.scores import filled, present
from edgesim.agents.comparing.statistics import ci95
from edgesim.agents.deciding import decider
from edgesim.agents.finding import score_of
from edgesim.agents.learning.callbacks import Checks, Coefficients, LatestValues
from edgesim.agents.learning.contract import CountedEnvs, is_sb3, learn_in_parts
from edgesim.agents.learning.display import Display
from edgesim.agents.learning.events import EventFiles
from edgesim.agents.learning.learner import (
    agent_envs,
    make_model,
    prepare_torch,
    reload_model,
    training_envs,
    worlds_envs,
)
from edgesim.agents.learning.schedules import linear
from edgesim.agents.learning.starting import begin_with
from edgesim.agents.learning.trackers import trackers
from edgesim.agents.measuring.rollout import LANES, rollout
from edgesim.agents.measuring.run_table import measure
from edgesim.agents.policies import Env
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.checkpoint import (
    BEST,
    LATEST,
    copied,
    digest,
    read_checkpoint,
    remove_checkpoints,
    writing,
)
from edgesim.agents.runs.provenance import provenance
from edgesim.agents.runs.seeds import validation_seeds
from edgesim.config.config import TrainConfig
from edgesim.envs.vector import engine_of
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.importing import load, trusted
from edgesim.notes import note

__all__ = ["Run"]

# A resumed run draws from another seed than it began with, and than runs of small seeds do: a
# prime far above the seeds that people choose.
_SEEDS_APART = 1_000_003


class Run:
    """A training run, new or resumed.

    Args:
        config: the settled configuration.
        folder: its run folder, which exists.
        report: called with the decisions made and the mean score at each look at the model.

    Attributes:
        total: decisions to learn from.
        decisions: decisions made so far.
        rows: the rows of ``progress.csv``.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        report: Callable[[int, float], None] | None = None,
    ) -> None:
        assert config.total_steps is not None
        self._report = report
        self._config, self._folder = config, folder
        self.total: int = config.total_steps
        self._checkpoint = read_checkpoint(folder)
        state = {} if self._checkpoint is None else self._checkpoint.state
        self.decisions: int = state.get("decisions", 0)
        self.rows: list[dict[str, float]] = state.get("rows", [])
        self._best: float | None = state.get("best")
        self._part: int = state.get("part", -1) + 1
        self._keep = False  # the model at hand is the best so far, and not yet on disk as such
        self._wall_before_s: float = state.get("wall_s", 0.0)
        self._cpu_before_s: float = state.get("cpu_s", 0.0)
        self._wall_begun_s, self._cpu_begun_s = time.monotonic(), time.process_time()
        self._score = score_of(config.scenario)
        self._engine = engine_of(config.scenario, config.engine, config.agent.environment)
        self._seeds = validation_seeds(config.seed, config.validation_episodes)
        self._validation_envs = self._envs_to_validate()
        self._latest = LatestValues()
        events = folder / "tensorboard"
        beside = trackers(
            config.trackers,
            config.scenario.name,
            f"{config.agent.name}-seed-{config.seed}",
            folder,
            runfolder.flat_values(runfolder.learned_from(config)),
        )
        self._logger = Logger(str(events), [EventFiles(events), self._latest, *beside])
        self._model: Any = None
        self._generator_seed = config.seed + _SEEDS_APART * self._part
        self._show_restored()
        prepare_torch(self._generator_seed, config.threads)

    def _envs_to_validate(self) -> list[Env]:
        """Those of the scenario, or one of each random world where it learns in such."""
        scenario, agent = self._config.scenario, self._config.agent
        lanes = min(LANES, len(self._seeds))
        if agent.worlds:
            return worlds_envs(scenario, agent, self._seeds[:lanes], lanes)
        return agent_envs(scenario, agent, lanes)

    # --- learning -------------------------------------------------------------------------------

    def learn(self, display: Display) -> None:
        """Learn until all decisions are made, looking at the model now and then."""
        config, agent = self._config, self._config.agent
        if self.decisions >= self.total and self.rows:
            return
        display.say(f"engine: {self._engine}")
        envs = training_envs(config.scenario, agent, config.seed, self._part, self._engine)
        before = self.decisions
        counted = CountedEnvs(envs, lambda made: self._tick(before + made, display))
        algorithm = load(agent.algorithm, "agent.algorithm")
        sb3 = is_sb3(algorithm)
        self._model = self._model_in(envs if sb3 else counted)
        display.begin(self.decisions)
        if not self.rows:
            self._look(0, display)
        try:
            if sb3:
                self._learn_with_callbacks(display)
            else:
                looks = config.validations
                learn_in_parts(
                    self._model,
                    counted,
                    before,
                    self.total,
                    looks,
                    lambda done: self._look(done, display),
                )
            if self.rows[-1]["decisions"] < self.decisions:
                self._look(self.decisions, display)
        finally:
            envs.close()
            self._logger.close()

    def _learn_with_callbacks(self, display: Display) -> None:
        """Learn by an algorithm of stable-baselines3's kind, which calls back meanwhile."""
        config = self._config
        _, moved = linear(config.agent.schedules)
        checks = Checks(
            self.total / config.validations,
            self.decisions,
            look=lambda done: self._look(done, display),
            tick=lambda done: self._tick(done, display),
        )
        self._model.learn(
            self.total - self.decisions,
            callback=CallbackList([Coefficients(moved), checks]),
            reset_num_timesteps=self._checkpoint is None,
        )

    def _model_in(self, envs: VecEnv) -> Any:
        """The model to go on with, its logs led to TensorBoard and to ``progress.csv``."""
        agent, device = self._config.agent, self._config.device
        if self._checkpoint is None:
            model = make_model(agent, envs, self._config.seed, device)
            if self._config.start is not None:
                begin_with(model, self._config.start, self._config.scenario.problem)
        else:
            latest = self._checkpoint.latest
            model = reload_model(agent, latest, envs, self._generator_seed, device)
            if is_sb3(model):
                model.num_timesteps = self.decisions
            if "learning_starts" in agent.hyperparameters:  # a replay buffer fills again first
                model.learning_starts = self.decisions + agent.hyperparameters["learning_starts"]
        if is_sb3(model):
            model.set_logger(self._logger)
        return model

    def _tick(self, done: int, display: Display) -> None:
        self.decisions = done
        display.tick(done)

    def _look(self, done: int, display: Display) -> None:
        """Play the validation episodes; keep the model if it is the best so far."""
        config = self._config
        played = rollout(
            config.scenario,
            lambda envs, seed: decider(self._model),
            self._seeds,
            envs=self._validation_envs,
        )
        metric, sign = self._score.metric, self._score.sign
        values = {
            name: present(row[name] for row in played.rows)
            for name in played.rows[0]
            if name != "seed"
        }
        scores = np.array([row[metric] for row in played.rows], dtype=float)
        (values[metric],) = (list(it) for it in filled(self._score, [scores]))
        mean, (low, high) = float(np.mean(values[metric])), ci95(values[metric])
        # An agent that reached no target has no score at all: NaN, which is better than nothing.
        better = self._best is None or sign * mean > sign * self._best
        self._best = mean if better and not np.isnan(mean) else self._best
        self.decisions = done
        row = {
            "decisions": done,
            "wall_s": round(self.wall_s, 3),
            "cpu_s": round(self.cpu_s, 3),
            metric: mean,
            f"{metric}_low": low,
            f"{metric}_high": high,
            f"best_{metric}": mean if self._best is None else self._best,
        }
        means = {name: float(np.mean(it)) for name, it in values.items() if it and name not in row}
        self._keep = better
        self.rows.append({**row, **means, **self._latest.values})
        self.save()
        logger = self._logger
        for name, value in means.items():
            logger.record(f"validation/{name}", value)
        logger.record(f"validation/{metric}", mean)
        logger.dump(done)
        display.validated(done, metric, mean, row[f"best_{metric}"])
        if self._report is not None:
            self._report(done, mean)

    # --- on disk --------------------------------------------------------------------------------

    @property
    def wall_s(self) -> float:
        """Seconds that the run has taken, without the time that it was stopped."""
        return self._wall_before_s + time.monotonic() - self._wall_begun_s

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the process in them."""
        return self._cpu_before_s + time.process_time() - self._cpu_begun_s

    def save(self) -> None:
        """Leave a checkpoint, all of it at once, and what it shows in the run folder."""
        if self._model is None or not self.rows:
            return
        state = {
            "decisions": self.decisions,
            "part": self._part,
            "best": self._best,
            "wall_s": self.wall_s,
            "cpu_s": self.cpu_s,
            "rows": self.rows,
        }
        with writing(self._folder, state) as part:
            self._write_model(part / LATEST)
            best = part / LATEST if self._keep or not self._checkpoint else self._checkpoint.best
            shutil.copyfile(best, part / BEST)
        self._keep = False
        self._checkpoint = read_checkpoint(self._folder)
        self._show()

    def _write_model(self, path: Path) -> None:
        """Save the model as it is.

        Raises:
            InputError: the algorithm's ``save`` did not write the file that it was given.
        """
        self._model.save(path)
        if not path.is_file():
            accepted = f"save(path) must write that very file, and {path.name} is not there"
            raise InputError("agent.algorithm", self._config.agent.algorithm, accepted)

    def _show(self) -> None:
        """Bring ``model.zip`` and ``progress.csv`` of the run folder to where the run stands."""
        assert self._checkpoint is not None
        model = self._folder / BEST
        if self._checkpoint.best != model:
            copied(self._checkpoint.best, model)
        _write_progress(self._folder, self.rows)

    def _show_restored(self) -> None:
        """The same where the run goes on: the process before may have been killed in between."""
        if self._checkpoint is None:
            return
        model, best = self._folder / BEST, self._checkpoint.best
        if not best.is_file():
            accepted = "is lost; delete the run folder, or choose another runs=<folder>"
            raise InputError("model", str(best), accepted)
        if model.is_file() and digest(model) != digest(best):
            note(str(model), "is not the best model of the last checkpoint, and is written anew")
        self._show()

    def finish(self, display: Display) -> None:
        """Measure the best model beside the baselines, draw the figure, close the folder."""
        config, folder = self._config, self._folder
        with display.measuring() as progress:
            # A learner that cannot be loaded is measured as it is now, not as it was at its best.
            algorithm = load(config.agent.algorithm, "agent.algorithm")
            model = None if hasattr(algorithm, "load") else self._model
            with trusted():  # the run's own algorithm
                measure(
                    folder,
                    config.episodes,
                    bool(config.bound),
                    beside=config.baselines,
                    progress=progress,
                    model=model,
                )
        with replacing(folder / "provenance.json") as part:
            source = {**provenance(self.wall_s, self.cpu_s), "engine": self._engine}
            part.write_text(json.dumps(source, indent=2) + "\n", encoding="utf-8")
        remove_checkpoints(folder)


def _write_progress(folder: Path, rows: list[dict[str, float]]) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    with (
        replacing(folder / "progress.csv") as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = DictWriter(file, list(names))
        writer.writeheader()
        writer.writerows(rows)
