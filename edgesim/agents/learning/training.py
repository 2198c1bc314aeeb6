"""Training: a configuration in, a run folder out."""

from pathlib import Path

from edgesim.agents.learning.display import Display
from edgesim.agents.runs import runfolder
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError

__all__ = ["train"]


def train(config: TrainConfig) -> Path:
    """Train an agent, then measure its best model beside every baseline; returns the run folder.

    The best model is the one with the largest mean return over the validation episodes. A run that
    was stopped goes on with ``resume=true`` from its last checkpoint, which holds the network, the
    optimiser, the counters, the best so far and the rows of ``progress.csv``. Not kept are the
    random generators (a resumed run draws anew, and starts new episodes) and a replay buffer (it
    fills again before the next update): a resumed run is as good as an undisturbed one, and not
    equal to it. Undisturbed runs of equal configurations on one machine are equal.

    A run that is complete already is not trained again: its table is printed.

    Raises:
        InputError: something in the configuration cannot be used, or the run folder holds an
            unfinished run (without ``resume``) or one of another configuration.
    """
    from edgesim.agents.measuring.evaluation import show

    config = runfolder.settled(config)
    folder = runfolder.folder_of(config)
    if _is_done(folder, config):
        print(f"{folder} is trained already; choose another runs=<folder> to train it again")
        show(folder)
        return folder
    # Imported late: torch takes its time, and an input error need not wait for it.
    from edgesim.agents.learning.run import Run
    from edgesim.envs.vector import engine_of

    engine_of(config.scenario, config.engine, config.agent.environment)
    folder.mkdir(parents=True, exist_ok=True)
    runfolder.write_config(folder, config)
    run = Run(config, folder)
    title = f"{config.scenario.name} {config.agent.name} seed {config.seed}"
    with Display(title, run.total, bar=config.progress) as display:
        try:
            run.learn(display)
        except KeyboardInterrupt:
            run.save()
            done = f"stopped after {run.decisions:,} decisions"
            display.say(f"{done}; the same command with resume=true goes on")
            raise
        run.finish(display)
    show(folder)
    print(f"run folder: {folder}")
    return folder


def _is_done(folder: Path, config: TrainConfig) -> bool:
    """Whether the run is complete; refuses a folder that must not be touched."""
    stopped = (folder / runfolder.CHECKPOINT).is_file()
    if not stopped and not (folder / "model.zip").is_file():
        return False  # nothing was learnt here yet
    differs = runfolder.difference(folder, config)
    if differs is not None:
        raise InputError(
            "run folder",
            str(folder),
            f"holds a run of another configuration ({differs}); choose another runs=<folder>",
        )
    lacking = runfolder.missing(folder)
    if lacking and not stopped:
        raise InputError(
            "run folder",
            str(folder),
            f"has lost {', '.join(lacking)}; delete it or choose another runs=<folder>",
        )
    if lacking and not config.resume:
        raise InputError(
            "run folder",
            str(folder),
            "holds an unfinished run; resume=true goes on with it, runs=<folder> starts elsewhere",
        )
    return not lacking
