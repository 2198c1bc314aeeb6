"""One request for generated content, from its arrival to its end."""

from typing import Any

__all__ = ["Task"]


class Task:
    """A request and, once it is placed, the task it became.

    Attributes:
        number: index of the request in its episode, from 0.
        arrival_s: when it was made.
        steps: denoising steps it asks for, from the choice on those it gets; also what it occupies
            of a provider's capacity.
        user: index of the user who asks.
        upload_bytes, download_bytes: size of prompt and image, and of the result.
        deadline_s: latency up to which the result is worth all of its quality.
        fading_up, fading_down: linear power gain of its two radio transfers over the mean.
        picture: uniform in [0, 1), which of the measured images its result is like (where results
            scatter).
        place_m: where its user stands, where a trace says so; otherwise the user moves.
        provider: the chosen provider, -1 before the choice.
        start_s: when its run began.
        end_s: when its run ends, where that is known at its start.
        run: the event or job of its run, None when it is over.
        quality: quality that its provider reaches for it.
    """

    __slots__ = (
        "arrival_s",
        "deadline_s",
        "download_bytes",
        "end_s",
        "fading_down",
        "fading_up",
        "number",
        "picture",
        "place_m",
        "provider",
        "quality",
        "run",
        "start_s",
        "steps",
        "upload_bytes",
        "user",
    )

    arrival_s: float
    deadline_s: float
    download_bytes: float
    end_s: float
    fading_down: float
    fading_up: float
    number: int
    picture: float
    place_m: tuple[float, float] | None
    provider: int
    quality: float
    run: Any
    start_s: float
    steps: int
    upload_bytes: float
    user: int

    def __init__(self, number: int, arrival_s: float, steps: int, user: int) -> None:
        self.number = number
        self.arrival_s = arrival_s
        self.steps = steps
        self.user = user
        self.provider = -1
        self.picture = 0.0

    def __repr__(self) -> str:
        return f"Task({self.number}, arrival_s={self.arrival_s:g}, steps={self.steps})"
