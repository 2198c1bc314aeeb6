"""What batched engines share: many worlds of one scenario, stepped at once by a compiled kernel."""

import os
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from edgesim.envs.actions import readers
from edgesim.errors import InputError
from edgesim.scenarios.checks import integer_from, one_of

__all__ = ["AUTORESET_MODES", "BatchedEnv"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

AUTORESET_MODES = tuple(mode.value for mode in AutoresetMode)


def _memory_bytes() -> int:
    """The machine's memory; endless where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**62


class BatchedEnv(VectorEnv[npt.NDArray[np.float32], npt.NDArray[Any], npt.NDArray[Any]]):
    """Worlds that are stepped together and equal the single environment, seed for seed.

    World ``k`` has its own generator, seeded as Gymnasium seeds the single environment; each
    episode takes its seed from it, as :class:`edgesim.envs.twin_env.TwinEnv` does. Observations,
    rewards, ends and infos are those of ``gymnasium.vector.SyncVectorEnv`` around the single
    environments, in all three autoreset modes; to the bit in every preset.

    A subclass takes ``(num_envs, scenario, reward=..., mask=..., **keywords of this class)``, the
    scenario checked already, and gives :attr:`parts`, :meth:`unsupported`, :meth:`_begin`,
    :meth:`_decide` and :meth:`_metrics`; and, where the single environment has masks,
    ``action_masks()``, one row a world. It writes into arrays that live as
    long as it does:

    * ``_observations``, float32, shape (worlds, entries);
    * ``_rewards``, float64, shape (worlds,), the sum of
    * ``_parts``, float64, shape (parts, worlds);
    * ``_over``, bool, shape (worlds,): whether a world's episode has ended.

    Args:
        num_envs: number of worlds.
        single_observation_space: the single environment's.
        single_action_space: the single environment's, of any kind.
        autoreset_mode: "NextStep" (Gymnasium's default): a world that has ended begins anew at the
            next step, whose action it ignores; "SameStep": at once, with ``final_obs`` and
            ``final_info`` in the infos; "Disabled": at ``reset(options={"reset_mask": ...})``.
        infos: "all": at every step; "ends": only what belongs to the end of an episode.
        copy: whether observations are copies, or the same array at every step.

    Raises:
        InputError: no such mode or infos, or no worlds.
    """

    parts: ClassVar[tuple[str, ...]]
    """Names of the parts of the reward, the keys of every info."""
    views: ClassVar[tuple[str, ...]] = ()
    """Attributes that are views of others: copies make them again by :meth:`_look`."""

    def __init__(
        self,
        num_envs: int,
        single_observation_space: spaces.Box,
        single_action_space: spaces.Space[Any],
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        infos: str = "all",
        copy: bool = True,
    ) -> None:
        super().__init__()
        integer_from("num_envs", num_envs, 1, sys.maxsize)
        one_of("infos", infos, ("all", "ends"))
        if not isinstance(autoreset_mode, AutoresetMode):
            one_of("autoreset_mode", autoreset_mode, AUTORESET_MODES)
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self._mode}
        self.autoreset_mode = self._mode  # where TorchRL looks for it, as SyncVectorEnv has it
        self.num_envs = num_envs
        self.single_observation_space = single_observation_space
        self.single_action_space = single_action_space
        self.observation_space = batch_space(single_observation_space, num_envs)
        self.action_space = batch_space(single_action_space, num_envs)
        self._all_infos = infos == "all"
        self._copy = copy
        self._read_actions = readers(single_action_space, num_envs)
        shape = (num_envs, *single_observation_space.shape)
        self._observations = np.zeros(shape, dtype=np.float32)
        self._rewards = np.zeros(num_envs)
        # A world's parts lie side by side in memory: kernels go from world to world.
        self._parts = np.zeros((num_envs, len(self.parts))).T
        self._over = np.ones(num_envs, dtype=bool)
        self._generators: list[np.random.Generator | None] = [None] * num_envs
        self._seeds: list[int] = [-1] * num_envs
        self._lent = False  # whether somebody else can draw from the generators

    # --- what a subclass gives ------------------------------------------------------------------

    observations: ClassVar[tuple[str, ...]]
    """Kinds of observations that it writes, the default first."""

    @staticmethod
    @abstractmethod
    def unsupported(scenario: Any) -> str | None:
        """Why the engine cannot step a (checked) scenario, a few words; None where it can."""

    @abstractmethod
    def _begin(self, worlds: Integers, seeds: npt.NDArray[np.uint32]) -> None:
        """Begin an episode in each of ``worlds`` and write its first observation.

        Its draws come from ``numpy.random.SeedSequence(words)``, as the twin's do, with the words
        of ``seeds``, shape (len(worlds), 4). Rewards, parts and ``_over``
        are the caller's.
        """

    @abstractmethod
    def _decide(self, actions: npt.NDArray[Any]) -> None:
        """Step every world that is not over with its action, in the batched action space.

        Writes observations, rewards, parts and ``_over``. A world that is over stands still: its
        reward and parts become 0, its observation stays.
        """

    @abstractmethod
    def _metrics(self, worlds: Integers) -> Mapping[str, Floats]:
        """The metrics of the episodes that have just ended in ``worlds``, each (len(worlds),)."""

    @staticmethod
    def _check_memory(
        num_envs: int, one_world: Sequence[npt.NDArray[Any]], observation: npt.NDArray[Any]
    ) -> None:
        """Refuse worlds that this machine cannot hold, before anything is made.

        Args:
            num_envs: number of worlds.
            one_world: the arrays of an engine of one world.
            observation: of one world; it is held, handed out, and has two bounds.

        Raises:
            InputError: they need more than the machine's memory.
        """
        integer_from("num_envs", num_envs, 1, sys.maxsize)
        of_one = sum(array.nbytes for array in one_world) + 4 * observation.size * 4
        fitting = _memory_bytes() // of_one
        if num_envs > fitting:
            accepted = f"must be at most {fitting}: a world takes {of_one / 1e6:,.3g} MB of memory"
            raise InputError("num_envs", num_envs, accepted)

    # --- what Gymnasium asks --------------------------------------------------------------------

    @property  # type: ignore[misc]  # read only, as in SyncVectorEnv
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generators of the worlds."""
        self._lent = True
        return tuple(self._generator(world) for world in range(self.num_envs))

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds of these generators."""
        return tuple(self._seeds)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode in every world, or in those of ``options["reset_mask"]``.

        Args:
            seed: world k is seeded with ``seed + k``, or with ``seed[k]``; None leaves a world's
                generator as it is.
            options: ``reset_mask``, bool, shape (worlds,), at least one of them True.

        Raises:
            InputError: not one seed a world, or a mask that is none.
        """
        if seed is None or isinstance(seed, int | np.integer):
            first = seed
            seed = [None if first is None else int(first) + k for k in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise InputError("seed", list(seed), f"must be one of each of {self.num_envs} worlds")
        worlds = np.arange(self.num_envs)
        if options is not None and "reset_mask" in options:
            worlds = self._masked(options["reset_mask"])
        for world in worlds.tolist():
            if seed[world] is not None:
                self._generators[world], self._seeds[world] = seeding.np_random(seed[world])
        self._restart(worlds)
        self._rewards[worlds] = 0.0
        self._parts[:, worlds] = 0.0
        infos: dict[str, Any] = {}
        if self._all_infos:
            self._add_parts(infos, worlds)
        return self._observations.copy() if self._copy else self._observations, infos

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float32], Floats, Flags, Flags, dict[str, Any]]:
        """Step every world with its action, one row a world.

        Raises:
            InputError: not one action a world, or one that is not in the action space.
            ResetNeeded: an episode is over and this is the caller's to reset.
        """
        chosen = self._read_actions(actions)
        waiting = np.flatnonzero(self._over)
        if waiting.size and (self._mode is not AutoresetMode.NEXT_STEP or self._unbegun(waiting)):
            raise ResetNeeded("an episode is over: call reset() first")
        self._decide(chosen)
        if waiting.size:
            self._restart(waiting)
        ended = self._over.copy()
        worlds = np.flatnonzero(ended)
        infos: dict[str, Any] = {}
        if worlds.size and self._mode is AutoresetMode.SAME_STEP:
            infos["final_obs"] = np.full(self.num_envs, None, dtype=object)
            for world in worlds:
                infos["final_obs"][world] = self._observations[world].copy()
            infos["final_info"] = {}
            self._add_parts(infos["final_info"], worlds)
            self._add_metrics(infos["final_info"], worlds)
            infos["_final_obs"], infos["_final_info"] = ended.copy(), ended.copy()
            self._restart(worlds)
            self._parts[:, worlds] = 0.0
        if self._all_infos:
            self._add_parts(infos, None)
        if worlds.size and self._mode is not AutoresetMode.SAME_STEP:
            self._add_metrics(infos, worlds)
        seen = self._observations.copy() if self._copy else self._observations
        return seen, self._rewards.copy(), ended, np.zeros(self.num_envs, dtype=bool), infos

    # --- copies ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Set the attributes that are views of other ones, see :attr:`views`; none by default."""

    def __getstate__(self) -> dict[str, Any]:
        """Where all worlds are: a copy goes on by itself, with the same future."""
        made_again = ("_read_actions", *self.views)
        return {name: it for name, it in self.__dict__.items() if name not in made_again}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The worlds as they were; a view that was copied would show what is no longer written."""
        self.__dict__.update(state)
        self._read_actions = readers(self.single_action_space, self.num_envs)
        self._look()

    def __copy__(self) -> "BatchedEnv":
        """As a deep copy: two environments over the same arrays would step each other's worlds."""
        return deepcopy(self)

    # --- seeds, infos, checks -------------------------------------------------------------------

    def _generator(self, world: int) -> np.random.Generator:
        generator = self._generators[world]
        if generator is None:
            generator, self._seeds[world] = seeding.np_random()
            self._generators[world] = generator
        return generator

    def _restart(self, worlds: Integers) -> None:
        self._over[worlds] = False
        self._begin(worlds, self._words(worlds))

    def _words(self, worlds: Integers) -> npt.NDArray[np.uint32]:
        """The words that :func:`edgesim.envs.twin_env.episode_seed` would draw, shape (worlds, 4).

        A word takes the lower half of 64 bits and the next one the upper. Taking whole bits is ten
        times as fast, where no half can be left over from the draws of others.
        """
        bits = np.empty((worlds.size, 2), dtype="<u8")
        for row, world in enumerate(worlds.tolist()):
            generator = self._generator(world)
            if self._lent:
                bits[row] = generator.integers(2**32, size=4).astype("<u4").view("<u8")
            else:
                bits[row] = generator.bit_generator.random_raw(2)
        return bits.view("<u4").astype(np.uint32)

    def _unbegun(self, worlds: Integers) -> bool:
        return any(self._generators[world] is None for world in worlds.tolist())

    def _add_parts(self, infos: dict[str, Any], worlds: Integers | None) -> None:
        """The parts of the rewards of ``worlds``, of all where None."""
        parts, told = self._parts.copy(), np.ones(self.num_envs, dtype=bool)
        if worlds is not None and worlds.size < self.num_envs:
            told = self._only(worlds)
            parts[:, ~told] = 0.0
        for row, name in enumerate(self.parts):
            infos[name], infos[f"_{name}"] = parts[row], told.copy()

    def _add_metrics(self, infos: dict[str, Any], worlds: Integers) -> None:
        metrics: dict[str, Any] = {}
        for name, values in self._metrics(worlds).items():
            metrics[name] = np.zeros(self.num_envs)
            metrics[name][worlds] = values
            metrics[f"_{name}"] = self._only(worlds)
        infos["metrics"], infos["_metrics"] = metrics, self._only(worlds)

    def _only(self, worlds: Integers) -> Flags:
        told = np.zeros(self.num_envs, dtype=bool)
        told[worlds] = True
        return told

    def _masked(self, mask: Any) -> Integers:
        given = np.asarray(mask)
        if given.shape != (self.num_envs,) or given.dtype != np.bool_ or not given.any():
            shown = f"{given.dtype} of shape {given.shape}"
            accepted = f"must be {self.num_envs} booleans, at least one of them True"
            raise InputError("reset_mask", shown, accepted)
        return np.flatnonzero(given)
