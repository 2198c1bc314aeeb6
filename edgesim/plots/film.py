"""An episode as a moving picture: what ``render`` shows, written by matplotlib's writers."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter
from matplotlib.figure import Figure
from PIL import Image

from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.plots.style import house
from edgesim.plots.viewer import Viewer

__all__ = ["Film", "check_film"]

FPS = 10
"""Frames a second: as fast as render draws them."""

_DPI = 80  # 800 by 400 pixels: as wide as a page of the documentation
_COLOURS = 128  # of a GIF: a figure has few, and each bit more makes the file a tenth larger
_LOOKED_AT = 8  # frames whose colours make the palette


def check_film(path: str) -> None:
    """See that a film of that name can be written here.

    Raises:
        InputError: it needs ffmpeg, which is not installed.
    """
    if Path(path).suffix == ".mp4" and not FFMpegWriter.isAvailable():
        gif = Path(path).with_suffix(".gif")
        raise InputError(
            "video", path, f"needs ffmpeg, which is not on the PATH here; video={gif} needs nothing"
        )


class Film:
    """A film under way: a file that appears whole when all went well.

    Args:
        path: where it goes to; ``.mp4`` or ``.gif``.
        draw: draws a twin as it is now onto a figure (the environment's ``picture``).
        headline: what stands above every frame: scenario and policy.

    Raises:
        InputError: it cannot be written (on leaving).
    """

    def __init__(self, path: Path, draw: Callable[[Figure, Any], None], headline: str) -> None:
        self._replacing = replacing(path)
        self._viewer = Viewer("rgb_array", draw, headline)
        self._writer: AbstractMovieWriter
        if path.suffix == ".mp4":
            # yuv420p is what all browsers play.
            self._writer = FFMpegWriter(fps=FPS, codec="h264", extra_args=["-pix_fmt", "yuv420p"])
        else:
            self._writer = _GifWriter(fps=FPS)

    def __enter__(self) -> "Film":
        part = self._replacing.__enter__()
        self._writer.setup(self._viewer.figure, str(part), dpi=_DPI)
        return self

    def shoot(self, twin: Any) -> None:
        """Add a frame: the twin as it is now."""
        self._viewer.compose(twin)
        with house():
            self._writer.grab_frame()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._writer.finish()
        self._replacing.__exit__(kind, value, traceback)


class _GifWriter(PillowWriter):
    """Pillow's writer with the same few colours in all frames, so that what rests takes no room."""

    _frames: list[Image.Image]

    def finish(self) -> None:
        """Write the file."""
        frames = [frame.convert("RGB") for frame in self._frames]
        width, height = frames[0].size
        some = frames[:: max(1, len(frames) // _LOOKED_AT)]
        below = Image.new("RGB", (width, height * len(some)))
        for place, frame in enumerate(some):
            below.paste(frame, (0, place * height))
        # So that the few pixels of a mark keep its colour, which medians would give to the many.
        palette = below.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        flat[0].save(
            self.outfile,
            save_all=True,
            append_images=flat[1:],
            duration=round(1000 / self.fps),
            loop=0,
            optimize=True,
        )
