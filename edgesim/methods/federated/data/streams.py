"""The images that devices meet, in the order in which they meet them."""

import numpy as np
from numpy.typing import NDArray

from edgesim.methods.federated.data.shares import Shares

__all__ = ["DeviceStreams"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_AHEAD = 512  # images that are drawn ahead for a device, or two batches if they are more
_FIRST_CLASSES, _MORE_CLASSES = 0.4, 0.1  # of all at first, and more in each window [chosen]
_BRIGHTNESS = 0.1  # of an image in a window, as in the published code of HFedMS
_STYLE = 0.4  # how much brighter or darker a whole window is where style drifts [chosen]


class DeviceStreams:
    """For each device an endless row of images, of which it has seen so many.

    Without windows an image is drawn from all of a device's by its prior. With windows it is drawn
    from those of the window at hand, which are drawn by the prior from the classes that are there.

    Args:
        shares: who has which images.
        seed: draws the images.

    Attributes:
        shares: who has which images.
    """

    def __init__(self, shares: Shares, seed: np.random.SeedSequence) -> None:
        self.shares = shares
        devices = len(shares.owned)
        self._most = most = max(_AHEAD, 2 * shares.scenario.trained.batch)
        # A generator of its own for each device: what one is asked for changes nothing of others.
        self._rngs = [np.random.default_rng(child) for child in seed.spawn(devices)]
        self._ahead = np.empty((devices, most), np.int64)
        self._labels = np.empty((devices, most), np.int64)
        self._at = np.full(devices, most)
        self._window = -1
        self._own: list[Ints] = list(shares.owned)
        self._chances = [np.cumsum(weights) for weights in shares.weights]
        data = shares.scenario.data
        self._x = shares.images.x
        if data.window:
            count = data.window * devices
            self._x = np.empty((count, self._x.shape[1]), np.float32)
            self._y: Ints = np.empty(count, np.int64)
            self.begin_round(0)
        else:
            self._y = shares.images.y

    @property
    def windowed(self) -> bool:
        """Whether devices have a window of images at a time."""
        return self.shares.scenario.data.window > 0

    def begin_round(self, number: int) -> None:
        """Give devices new windows, where it is time for them."""
        data = self.shares.scenario.data
        if not data.window or number // data.every == self._window:
            return
        self._window = number // data.every
        for device in range(len(self._own)):
            self._fill_window(device)
        self._at[:] = self._most

    def window(self, device: int) -> tuple[Floats, Ints]:
        """The images that a device has now, and their classes: its window, or all of its own."""
        if not self.windowed:
            own = self.shares.owned[device]
            return self._x[own], self._y[own]
        own = self._places(device)
        return self._x[own], self._y[own]

    def _places(self, device: int) -> Ints:
        size = self.shares.scenario.data.window
        return np.arange(device * size, (device + 1) * size)

    def _fill_window(self, device: int) -> None:
        shares, rng = self.shares, self._rngs[device]
        data = shares.scenario.data
        own, weights = shares.owned[device], shares.weights[device]
        if data.drift == "classes":
            share = min(1.0, _FIRST_CLASSES + _MORE_CLASSES * self._window)
            met = shares.order[: max(1, round(share * shares.images.classes))]
            there = np.isin(shares.images.y[own], met) * (weights > 0)
            if there.any():
                weights = weights * there
        chosen = own[_drawn(rng, np.cumsum(weights), data.window)]
        places = self._places(device)
        bright = 1 + rng.uniform(-_BRIGHTNESS, _BRIGHTNESS, size=(data.window, 1))
        if data.drift == "style":
            bright = bright * (1 + _STYLE * np.sin(self._window + device))
        self._x[places] = np.clip(shares.images.x[chosen] * bright, 0, 1)
        self._y[places] = shares.images.y[chosen]

    def take(self, devices: NDArray[np.int64] | list[int], count: int) -> tuple[Floats, Ints]:
        """The next images of some devices: ``(devices, count, numbers)`` and their classes."""
        chosen = np.stack([self._next(int(device), count) for device in devices])
        return self._x[chosen], self._y[chosen]

    def next_counts(self, devices: NDArray[np.int64], count: int) -> NDArray[np.float64]:
        """How many of each class are among the next ``count`` images: devices x classes.

        Nothing is taken: who is not chosen keeps its batch.
        """
        for device in devices[self._at[devices] + count > self._most]:
            self._draw_ahead(int(device))
        columns = self._at[devices][:, None] + np.arange(count)
        classes = self.shares.images.classes
        labels = self._labels[devices[:, None], columns]
        flat = labels + classes * np.arange(len(devices))[:, None]
        found = np.bincount(flat.ravel(), minlength=classes * len(devices))
        return found.reshape(len(devices), classes).astype(float)

    def _next(self, device: int, count: int) -> Ints:
        parts = []
        while count:
            if self._at[device] == self._most:
                self._draw_ahead(device)
            at = int(self._at[device])
            some = min(count, self._most - at)
            parts.append(self._ahead[device, at : at + some].copy())
            self._at[device] += some
            count -= some
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _draw_ahead(self, device: int) -> None:
        """Fill what is drawn ahead again, behind what is left of it."""
        at = int(self._at[device])
        left = self._ahead[device, at:].copy()
        rng, more = self._rngs[device], self._most - len(left)
        if self.windowed:
            places = self._places(device)
            drawn = places[rng.integers(len(places), size=more)]
        else:
            drawn = self._own[device][_drawn(rng, self._chances[device], more)]
        self._ahead[device] = np.concatenate([left, drawn])
        self._labels[device] = self._y[self._ahead[device]]
        self._at[device] = 0


def _drawn(rng: np.random.Generator, chances: NDArray[np.float64], count: int) -> Ints:
    """Numbers drawn by chances, which are summed up."""
    found = np.searchsorted(chances, rng.random(count) * chances[-1], side="right")
    return np.asarray(np.minimum(found, len(chances) - 1), np.int64)
