"""A search that goes on where it was killed: trials drawn by Optuna, kept in a journal on disk."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from edgesim.agents.tuning.space import Dimension
from edgesim.errors import InputError

__all__ = ["Study", "Trial"]

Report = Callable[[int, float], None]
"""Called with the number of a look at a training and its score; may raise to stop it."""


class Trial:
    """One setting that is tried.

    Attributes:
        number: of the trial.
        keys: values by key of the agent.
    """

    def __init__(self, trial: Any, space: Sequence[Dimension]) -> None:
        self._trial = trial
        self.number: int = trial.number
        self.keys = {part.key: part.value_of(trial.params[part.key]) for part in space}

    def report(self, look: int, score: float, *, prune: bool) -> None:
        """Tell of a training under way; raises :class:`optuna.TrialPruned` to stop it."""
        import optuna

        self._trial.report(score, look)
        if prune and self._trial.should_prune():
            raise optuna.TrialPruned


class Study:
    """Settings tried so far, and which comes next.

    Args:
        folder: holds the journal; made where it is not there.
        space: what is searched.
        more: whether more of the score is better.
        seed: of the sampler.
        first: the agent's own values, which are tried first where the space has them.

    Raises:
        InputError: the extra is not installed, or the journal cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        space: Sequence[Dimension],
        *,
        more: bool,
        seed: int,
        first: dict[str, Any],
    ) -> None:
        optuna = _optuna()
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        folder.mkdir(parents=True, exist_ok=True)
        journal = str(folder / "study.log")
        self._space = list(space)
        self._distributions = {part.key: part.distribution() for part in space}
        try:
            storage = JournalStorage(JournalFileBackend(journal, JournalFileOpenLock(journal)))
            self._study = optuna.create_study(
                study_name=folder.name,
                storage=storage,
                direction="maximize" if more else "minimize",
                load_if_exists=True,
            )
        except (OSError, ValueError, KeyError) as error:
            raise InputError("out", journal, f"is no journal of a study ({error})") from None
        there = len(self._study.trials)
        self._study.sampler = optuna.samplers.TPESampler(
            seed=seed + there,  # a study that goes on does not draw the same again
            multivariate=True,
            n_startup_trials=_STARTUP,
        )
        self._study.pruner = optuna.pruners.MedianPruner(n_startup_trials=_STARTUP)
        self._again()
        if not there and len(first) == len(space):
            self._study.enqueue_trial(first, user_attrs={"base": True})

    def _again(self) -> None:
        """Try again what was under way when the process was killed."""
        from optuna.trial import TrialState

        for trial in self._study.get_trials(states=(TrialState.RUNNING,)):
            self._study.tell(trial.number, state=TrialState.FAIL)
            self._study.enqueue_trial(trial.params, user_attrs=trial.user_attrs)

    @property
    def done(self) -> int:
        """Settings that were tried to an end: measured, stopped early, or refused."""
        return sum(bool(row["state"] != "cut") for row in self.rows())

    def trials(self, count: int) -> Iterator[Trial]:
        """Settings to try until ``count`` have been."""
        while self.done < count:
            yield Trial(self._study.ask(self._distributions), self._space)

    def tell(self, trial: Trial, score: float | None, *, reason: str = "") -> None:
        """What came of a trial: its score, or None where it was stopped early or refused.

        Args:
            trial: it.
            score: the mean score of its trainings.
            reason: why it was refused; empty where it was stopped early.
        """
        from optuna.trial import TrialState

        if score is not None:
            self._study.tell(trial.number, score)
        elif reason:
            trial._trial.set_user_attr("reason", reason)
            self._study.tell(trial.number, state=TrialState.FAIL)
        else:
            self._study.tell(trial.number, state=TrialState.PRUNED)

    def rows(self) -> list[dict[str, Any]]:
        """A row a trial: ``number``, ``state``, ``score``, ``base``, ``reason``, ``keys``.

        States are ``done``, ``stopped`` (early), ``refused`` and ``cut`` (by a kill; tried again).
        """
        found = []
        for trial in self._study.trials:
            reason = trial.user_attrs.get("reason", "")
            states = {
                "COMPLETE": "done",
                "PRUNED": "stopped",
                "FAIL": "refused" if reason else "cut",
            }
            state = states.get(trial.state.name)
            if state is None or trial.params.keys() != self._distributions.keys():
                continue
            found.append(
                {
                    "number": trial.number,
                    "state": state,
                    "score": trial.value if state == "done" else None,
                    "base": bool(trial.user_attrs.get("base")),
                    "reason": reason,
                    "keys": {it.key: it.value_of(trial.params[it.key]) for it in self._space},
                }
            )
        return found


_STARTUP = 8
"""Settings drawn at random before the sampler learns from them, and before any is stopped: two
fifths of the 20 that are tried by default, near Optuna's own default of 10."""


def _optuna() -> Any:
    """The library, quiet.

    Raises:
        InputError: the extra is not installed.
    """
    try:
        import optuna
    except ImportError:
        accepted = "needs optuna: pip install 'edgesim[tune]'"
        raise InputError("tune", "optuna", accepted) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna
