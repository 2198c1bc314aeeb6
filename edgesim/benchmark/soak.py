"""Many decisions in one process: whether memory and speed stay what they are.

``python -m edgesim.benchmark.soak aigc 1000000`` plays masked random decisions of a preset, episode
after episode, and holds the last quarter beside the first. A third word ``batched`` steps many
worlds at once, where there is such an engine.
"""

import gc
import mmap
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve

__all__ = ["Soaked", "soak"]

_WORLDS = 256
_WARM = 0.02  # share of the decisions before the first quarter: code is compiled, caches fill


class Soaked(NamedTuple):
    """What came of it.

    Attributes:
        scenario: the preset.
        engine: what stepped it.
        decisions: how many.
        memory_mb: of the process, mean of the first and of the last quarter, MB.
        decisions_per_cpu_second: in the first and in the last quarter.
    """

    scenario: str
    engine: str
    decisions: int
    memory_mb: tuple[float, float]
    decisions_per_cpu_second: tuple[float, float]

    @property
    def memory_ratio(self) -> float:
        """Memory of the last quarter over the first's."""
        return self.memory_mb[1] / self.memory_mb[0]

    @property
    def speed_ratio(self) -> float:
        """Speed of the last quarter over the first's."""
        return self.decisions_per_cpu_second[1] / self.decisions_per_cpu_second[0]


def soak(scenario: str, decisions: int, engine: str = "simpy", looks: int = 40) -> Soaked:
    """Play so many decisions of a preset.

    Args:
        scenario: its name.
        decisions: how many.
        engine: ``"simpy"`` or ``"batched"``.
        looks: how often memory and time are read; a multiple of 4.

    Raises:
        InputError: no such preset, or it has no such engine.
    """
    advance = _batched(scenario) if engine == "batched" else _single(scenario)
    done, last = 0, 0.0
    target = decisions * _WARM
    while done < target:
        done += advance()
    memory, rates = [], []
    for look in range(looks):
        began_s, before = process_time(), done
        target = decisions * (_WARM + (1 - _WARM) * (look + 1) / looks)
        while done < target:
            done += advance()
        last = process_time() - began_s
        gc.collect()
        memory.append(_resident_mb())
        rates.append(((done - before), last))
    quarter = max(looks // 4, 1)
    return Soaked(
        scenario,
        engine,
        done,
        (float(np.mean(memory[:quarter])), float(np.mean(memory[-quarter:]))),
        (_rate(rates[:quarter]), _rate(rates[-quarter:])),
    )


def _resident_mb() -> float:
    """Memory of this process that is in use, MB; Linux tells it, other systems need a library."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        raise InputError("soak", sys.platform, "reads memory as Linux tells it") from None
    return pages * mmap.PAGESIZE / 1e6


def _rate(parts: Sequence[tuple[int, float]]) -> float:
    return sum(count for count, _ in parts) / max(sum(seconds for _, seconds in parts), 1e-9)


def _single(scenario: str) -> Callable[[], int]:
    """What plays one whole episode and tells how many decisions it had."""
    env = make_envs(resolve(scenario), 1)[0]
    inner: Any = env.unwrapped
    rng, seeds = np.random.default_rng(0), iter(range(2**31))

    def episode() -> int:
        env.reset(seed=next(seeds))
        count, over = 0, False
        while not over:
            action = int(rng.choice(np.flatnonzero(inner.action_masks())))
            _, _, over, _, _ = env.step(action)
            count += 1
        return count

    return episode


def _batched(scenario: str) -> Callable[[], int]:
    """What steps many worlds once."""
    envs = gymnasium.make_vec(
        f"edgesim:{PROBLEMS[resolve(scenario).problem].env_id}",
        num_envs=_WORLDS,
        scenario=scenario,
        engine="batched",
    )
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    space: Any = envs.single_action_space

    def step() -> int:
        envs.step(rng.integers(space.n, size=_WORLDS))
        return _WORLDS

    return step


if __name__ == "__main__":
    found = soak(sys.argv[1], int(sys.argv[2]), engine=(*sys.argv[3:], "simpy")[0])
    print(found)
    print(f"memory x {found.memory_ratio:.4f}, speed x {found.speed_ratio:.3f}")
