"""What the environments of all problems share: a twin run from decision to decision."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.utils import EzPickle

from edgesim.envs.actions import reader
from edgesim.envs.companions import Companions
from edgesim.envs.making import scenario_of
from edgesim.importing import load
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.shared import SharedScenario, part_of
from edgesim.twin.core.forking import Running, copies, dumped, loaded
from edgesim.twin.core.workload import Workload
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.shared import SharedWorld

__all__ = ["TwinEnv", "episode_seed"]


TwinT = TypeVar("TwinT", bound=Workload[Any, Any])
ObsT = TypeVar("ObsT")
ActT = TypeVar("ActT")


def episode_seed(generator: np.random.Generator) -> np.random.SeedSequence:
    """The seed of the next episode's twin, drawn from an environment's generator."""
    return np.random.SeedSequence([int(word) for word in generator.integers(2**32, size=4)])


class TwinEnv(gymnasium.Env[ObsT, ActT], EzPickle, Running, Generic[TwinT, ObsT, ActT]):
    """An environment around a twin.

    A subclass sets ``observation_space`` and ``action_space``, of any kind, and says what its
    problem is about: :meth:`_open`, :meth:`_apply`, :meth:`_settle`, :meth:`_metrics` and
    :meth:`_observe`. Where some legal actions make no sense it has ``action_masks()``, a flat
    boolean array as sb3-contrib takes it, of :func:`edgesim.envs.actions.mask_size` entries.

    Args:
        scenario: a preset's name, or a mapping with all keys.
        overrides: keys to replace.
        record: whether twins keep an event log.
        render_mode: None, or one of ``metadata["render_modes"]``.
        arguments: the subclass's own, kept so that a pickled environment is made again with them.

    Attributes:
        scenario: the checked dataclass of what concerns this problem.
        shared: the world that this problem shares with others; None where it is alone.
        problem: name of the problem.
        episodic: names of the attributes that are of one episode.
        parts: names of the parts of the reward, the keys of every info.
        masks: kinds of masks to choose from; empty where there are none.
        picture: import string of what draws a twin onto an empty figure.

    Raises:
        InputError: unknown scenario, key or render mode; a scenario of another problem.
    """

    metadata = {"render_modes": ["rgb_array", "human"], "render_fps": 10}  # noqa: RUF012  # Gymnasium declares it so
    problem: ClassVar[str]
    parts: ClassVar[tuple[str, ...]]
    masks: ClassVar[tuple[str, ...]] = ()
    picture: ClassVar[str]
    episodic: ClassVar[tuple[str, ...]] = (
        "_np_random",
        "_np_random_seed",
        "_others",
        "_over",
        "_reward_model",
        "_twin",
    )

    def __init__(
        self,
        scenario: str | Mapping[str, Any],
        overrides: Mapping[str, Any] | None = None,
        *,
        record: bool = False,
        render_mode: str | None = None,
        **arguments: Any,
    ) -> None:
        EzPickle.__init__(
            self, scenario, overrides, record=record, render_mode=render_mode, **arguments
        )
        one_of("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        self.render_mode = render_mode
        whole = scenario_of(self.problem, scenario, overrides)
        self.scenario: Any = part_of(whole, self.problem)
        self.shared: SharedWorld | None = None
        self._others: Companions | None = None
        if isinstance(whole, SharedScenario):
            self.shared = shared_world(SharedWorld, whole)
        self._record = record
        self._twin: TwinT | None = None
        self._over = True
        self._viewer: Any = None

    # --- what a subclass gives ------------------------------------------------------------------

    @abstractmethod
    def _open(self, seed: np.random.SeedSequence) -> TwinT:
        """The twin of a new episode, at its beginning."""

    def _begin(self) -> None:
        """Forget the episode before; nothing where there is nothing to forget."""

    @abstractmethod
    def _apply(self, twin: TwinT, action: Any) -> None:
        """Choose ``action``, which is in the action space, for the decision at hand."""

    @abstractmethod
    def _settle(self, twin: TwinT, *, over: bool) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last decision, and its parts.

        ``over``: whether the episode has ended.
        """

    @abstractmethod
    def _metrics(self, twin: TwinT) -> dict[str, float]:
        """The figures of the episode that has just ended."""

    @abstractmethod
    def _observe(self, twin: TwinT) -> ObsT:
        """What is seen now, of the decision at hand; at the end, of the one shown last."""

    # --- what Gymnasium asks --------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsT, dict[str, Any]]:
        """Start an episode; ``seed`` draws what happens in it, as in Gymnasium."""
        super().reset(seed=seed)
        self._read_action = reader(self.action_space)
        self._begin()
        twin = self._twin = self._open(episode_seed(self.np_random))
        if self._others is None:
            twin.next_decision()
        else:
            self._others.go_on(twin)
        self._over = False
        return self._observe(twin), dict.fromkeys(self.parts, 0.0)

    def step(self, action: ActT) -> tuple[ObsT, float, bool, bool, dict[str, Any]]:
        """Choose ``action`` for the decision at hand and run to the next one.

        An episode without any decision ends at its first step, whatever is chosen.

        Raises:
            InputError: the action is not in the action space.
            ResetNeeded: there is no episode, or it is over.
        """
        twin = self._twin
        if twin is None or self._over:
            raise ResetNeeded("the episode is over: call reset() first")
        chosen = self._read_action(action)
        if twin.request is not None:
            self._apply(twin, chosen)
            if self._others is None:
                twin.next_decision()
            else:
                self._others.go_on(twin)
        over = self._over = twin.request is None
        reward, info = self._settle(twin, over=over)
        if over:
            info["metrics"] = self._metrics(twin)
        return self._observe(twin), reward, over, False, info

    def _open_shared(self, seed: np.random.SeedSequence) -> TwinT:
        """The workload of this problem in a twin of the shared world, at its beginning."""
        assert self.shared is not None
        whole = self.shared.twin(seed, record=self._record)
        if self._others is None:
            self._others = Companions(self.shared.scenario, self.problem)
        self._others.open(whole)
        workload: Any = whole.workloads[self.problem]
        return cast(TwinT, workload)

    # --- an episode that somebody else runs -----------------------------------------------------

    def attach(self, workload: TwinT) -> None:
        """Look at a workload of a twin that somebody else runs, from its beginning on."""
        self._read_action = reader(self.action_space)
        self._begin()
        self._twin, self._over = workload, False

    def observed(self) -> ObsT:
        """What is seen now, see :meth:`step`."""
        return self._observe(self.twin)

    def decide(self, action: ActT) -> None:
        """Choose ``action`` for the decision at hand, and leave it to others to run on.

        Raises:
            InputError: the action is not in the action space.
        """
        self._apply(self.twin, self._read_action(action))

    def settle(self, *, over: bool) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since it was last asked for, and its parts.

        At the end (``over``) also the episode's ``metrics``.
        """
        reward, info = self._settle(self.twin, over=over)
        if over:
            info["metrics"] = self._metrics(self.twin)
        return reward, info

    # --- copies ---------------------------------------------------------------------------------

    def fork(self, seed: int | None = None) -> "TwinEnv[TwinT, ObsT, ActT]":
        """A copy of the running episode that goes on by itself.

        Args:
            seed: None: the same future under the same actions, bit for bit. A number: another
                sampled future from now on, see :meth:`edgesim.twin.twin.Twin.fork`.

        Raises:
            ResetNeeded: there is no episode yet.
        """
        return self.forks([seed])[0]

    def forks(self, seeds: Sequence[int | None]) -> list["TwinEnv[TwinT, ObsT, ActT]"]:
        """A copy for each seed, see :meth:`fork`; cheaper than one after the other.

        Raises:
            ResetNeeded: there is no episode yet.
        """
        _ = self.twin
        made = copies(self, len(seeds))
        for env, seed in zip(made, seeds, strict=True):
            if seed is not None:
                env.twin.twin.resample(np.random.SeedSequence(seed))
        return made

    def episode(self) -> dict[str, Any]:
        """See :class:`edgesim.twin.core.forking.Running`."""
        there = {name: self.__dict__[name] for name in self.episodic if name in self.__dict__}
        return {**there, "_viewer": None}

    def remade(self) -> tuple[Any, ...]:
        """See :class:`edgesim.twin.core.forking.Running`."""
        return _remade, (type(self), EzPickle.__getstate__(self))

    @property
    def _root(self) -> Any:
        """The world that holds all that stays the same."""
        return self.__dict__["world"] if self.shared is None else self.shared

    def __getstate__(self) -> dict[str, Any]:
        """What the environment was made with, and where its episode is."""
        return {**EzPickle.__getstate__(self), "_episode": dumped(_Whole(self), self._root)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The environment as it was; its world is built again, or found."""
        EzPickle.__setstate__(self, state)
        whole: _Whole = loaded(state["_episode"], self._root)
        self.__dict__.update(whole.env.__dict__)

    @property
    def twin(self) -> TwinT:
        """The running workload, part of a twin: what is hidden, and the whole future.

        The one door to what a decision maker cannot know, for bounds and for reading results.
        """
        if self._twin is None:
            raise ResetNeeded("there is no episode yet: call reset() first")
        return self._twin

    def render(self) -> npt.NDArray[np.uint8] | None:
        """A picture of the world now: an array in mode "rgb_array", a window in mode "human"."""
        if self.render_mode is None:
            return None
        if self._viewer is None:
            from edgesim.plots.viewer import Viewer

            headline = str(getattr(self.scenario, "name", ""))
            self._viewer = Viewer(self.render_mode, load(self.picture), headline)
        frame: npt.NDArray[np.uint8] | None = self._viewer.show(self.twin)
        return frame

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._viewer is not None:
            self._viewer.close()
            self._viewer = None


class _Whole(NamedTuple):
    """An environment as the one thing of a file."""

    env: TwinEnv[Any, Any, Any]


def _remade(kind: type[Any], arguments: dict[str, Any]) -> Any:
    """An environment in another process before it is given its episode."""
    env = kind(*arguments["_ezpickle_args"], **arguments["_ezpickle_kwargs"])
    env._read_action = reader(env.action_space)
    return env
