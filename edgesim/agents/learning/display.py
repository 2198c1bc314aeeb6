"""What a person sees of a training: a bar at a terminal, a line a validation elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

__all__ = ["Display", "Silence"]

_BETWEEN_S = 0.2


class Display:
    """Shows how far a training is.

    Args:
        title: what is trained.
        total: decisions to learn from.
        bar: a moving bar, at a terminal; otherwise a line a validation.
    """

    def __init__(self, title: str, total: int, *, bar: bool) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._title, self._total = title, total
        self._last_s = 0.0
        self._bar: Progress | None = None
        if bar and self.console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                TaskProgressColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[reached]}"),
                console=self.console,
            )
            self._task = self._bar.add_task(title, total=total, rate="", reached="")

    def __enter__(self) -> "Display":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, done: int) -> None:
        """Training begins, with ``done`` decisions made before."""
        self._done_before, self._begun_s = done, time.monotonic()
        if self._bar is not None:
            self._bar.reset(self._task, completed=done)

    def tick(self, done: int) -> None:
        """``done`` decisions are made."""
        now = time.monotonic()
        if self._bar is None or now - self._last_s < _BETWEEN_S:
            return
        self._last_s = now
        self._bar.update(self._task, completed=min(done, self._total), rate=self._rate(done))

    def validated(self, done: int, metric: str, mean: float, best: float) -> None:
        """The model was looked at after ``done`` decisions, and has this mean of the score."""
        reached = f"{metric} {mean:.5g} (best {best:.5g})"
        if self._bar is None:
            share = min(done / self._total, 1.0)
            rate = self._rate(done)
            self.say(f"{self._title}  {share:4.0%}  {done:,} decisions  {rate}  {reached}")
        else:
            self._bar.update(self._task, completed=min(done, self._total), reached=reached)

    @contextmanager
    def measuring(self) -> Iterator[Callable[[str, int, int], None] | None]:
        """What the final measuring is told to: the policy at work moves in the bar's place."""
        bar = self._bar
        if bar is None:
            yield None
            return
        bar.update(self._task, visible=False)
        line = bar.add_task("", total=None, rate="", reached="")

        def tell(policy: str, episodes: int, decisions: int) -> None:
            bar.update(line, description=f"measuring {policy}", rate=f"{episodes} episodes")

        yield tell
        bar.update(line, visible=False)

    def say(self, line: str) -> None:
        """A line of text, above the bar where there is one."""
        self.console.print(line, soft_wrap=True, markup=False)

    def _rate(self, done: int) -> str:
        elapsed_s = time.monotonic() - self._begun_s
        return f"{(done - self._done_before) / max(elapsed_s, 1e-9):,.0f}/s"


class Silence(Display):
    """Shows nothing."""

    def __init__(self) -> None:
        super().__init__("", 1, bar=False)

    def say(self, line: str) -> None:
        """Nothing."""
