"""Who listens to links."""

from typing import Any

import pytest


class Told:
    """What links tell, in its order."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    def room_changed(self, links: Any) -> None:
        self.log.append(("room", *links))

    def left_changed(self, links: Any) -> None:
        self.log.append(("left", *links))

    def link_failed(self, link: int) -> None:
        self.log.append(("failed", link))

    def repaired(self) -> None:
        self.log.append("repaired")


@pytest.fixture
def told() -> Told:
    """A listener that has heard nothing yet."""
    return Told()
