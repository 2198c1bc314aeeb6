"""A service of one's own: pictures made twice as large, cheaply.

By import string, from this folder, or over HTTP:

    edgesim calibrate service=enlarging:Enlarging
    python enlarging.py 8000 & edgesim calibrate service=http://127.0.0.1:8000
"""

import json
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np

from edgesim.profiles.profile import Model
from edgesim.services.service import Plan


class Enlarging:
    """Work is megapixels of the result: more of them show more of the same scene."""

    name, title, task = "enlarging", "pictures made twice as large", "upscaling"
    unit = "megapixel"
    model = Model(id="examples/enlarging", parameters=1, licence="MIT")
    plan = Plan(items=6, work=(0.01, 0.04, 0.16), batches=(1, 2, 4), timed=(0.01, 0.04, 0.16))

    def __init__(self, config: Any = None) -> None:
        self._seed = 0 if config is None else config.seed
        self.waves = np.zeros((0, 4))

    def load(self) -> None:
        """What scenes are made of: some waves, each of two frequencies, a phase and a strength."""
        self.waves = np.random.default_rng(self._seed).uniform(0, 6, size=(32, 8, 4))

    def _scene(self, item: int, side: int) -> Any:
        y, x = np.mgrid[0:side, 0:side] / side
        waves = self.waves[item % len(self.waves)]
        shown = sum(a * np.sin(3 * u * x + 3 * v * y + p) for u, v, p, a in waves)
        return 0.5 + shown / (2 * np.abs(shown).max())

    def run(self, items: Sequence[int], work: Sequence[float]) -> list[list[float]]:
        """Every second pixel doubled; of the result, how far each row is off, to be small."""
        found = []
        for item, amount in zip(items, work, strict=True):
            side = max(2, 2 * round(np.sqrt(amount * 1e6) / 2))
            truth = self._scene(item, side)
            made = truth[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
            found.append(np.abs(made - truth).mean(axis=1).round(6).tolist())
        return found

    def score(self, work: Sequence[float], outputs: Sequence[Sequence[Any]]) -> list[list[float]]:
        """One where nothing is off, zero where a tenth of the whole range is."""
        return [[max(0.0, 1.0 - float(np.mean(rows)) / 0.1) for rows in found] for found in outputs]


class _Answers(BaseHTTPRequestHandler):
    """The same over HTTP: three requests."""

    service = Enlarging()

    def do_GET(self) -> None:  # http.server's name
        plan = {
            key: getattr(self.service.plan, key) for key in ("items", "work", "batches", "timed")
        }
        model = {"id": "examples/enlarging", "parameters": 1, "licence": "MIT"}
        told = {key: getattr(self.service, key) for key in ("name", "title", "task", "unit")}
        self._say({**told, "plan": plan, "model": model, "memory_bytes_per_item": 2_000_000})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/run":
            self._say({"outputs": self.service.run(given["items"], given["work"])})
        else:
            self._say({"scores": self.service.score(given["work"], given["outputs"])})

    def _say(self, what: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(what).encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def serving(port: int) -> HTTPServer:
    """A server on this machine alone."""
    _Answers.service.load()
    return HTTPServer(("127.0.0.1", port), _Answers)


if __name__ == "__main__":
    serving(int(sys.argv[1])).serve_forever()
