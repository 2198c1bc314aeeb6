"""A service that another program runs and answers for over HTTP.

Three requests, JSON both ways:

``GET <address>/service``
    what it is: ``name, title, task, unit, model`` (``id, parameters, licence``), ``plan`` (``items,
    work, batches, timed``), and what else :class:`edgesim.services.service.Service` may have:
    ``most_work, weights_bytes, memory_bytes_per_item``.
``POST <address>/run``
    ``{"items": [...], "work": [...]}``; the answer is ``{"outputs": [...]}``, one an item.
``POST <address>/score``
    ``{"work": [...], "outputs": [[...], ...]}``; the answer is ``{"scores": [[...], ...]}``, one an
    item at each work, in [0, 1].

An address of another machine than this one is asked only with ``trust=true``: what is sent there
leaves the machine. Redirections are not followed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.importing import trusting
from edgesim.profiles.profile import UNITS, Model
from edgesim.profiles.reading import build
from edgesim.services.service import Outputs, Plan, Scored

__all__ = ["Endpoint"]

_WAIT_S = 600.0  # of one batch: more is a service that hangs
_MOST_BYTES = 2**28  # of one answer


class Endpoint:
    """A service at an address, see the module.

    Args:
        config: ``service`` is the address, ``http://127.0.0.1:8000``.

    Raises:
        InputError: the address is not of this machine and not trusted, nothing answers there, or
            the answer is none.
    """

    device = None
    loading_is_timed = False  # another program loads it, out of sight

    def __init__(self, config: CalibrateConfig) -> None:
        self._address = config.service
        if config.clock == "cpu":
            raise InputError("clock", "cpu", "another program's CPU is out of sight: clock=wall")
        self.clock = "wall"
        self._parts = urlsplit(self._address)
        if not self._parts.hostname:
            raise InputError("service", self._address, "must be as http://127.0.0.1:8000")
        if not _is_this_machine(self._parts.hostname) and not trusting():
            accepted = "is not this machine: trust=true sends requests there"
            raise InputError("service", self._address, accepted)
        told = self._ask("GET", "/service", None)
        self.name = self._text(told, "name")
        if not re.fullmatch(r"[\w.-]+", self.name):
            raise self._wrong("name", self.name, "must be letters, digits, '_', '-' or '.'")
        self.title, self.task = self._text(told, "title"), self._text(told, "task")
        self.unit = self._text(told, "unit")
        if self.unit not in UNITS:
            raise self._wrong("unit", self.unit, f"must be one of {', '.join(UNITS)}")
        try:
            self.model = build(Model, told.get("model"), "model")
            self.plan = build(Plan, told.get("plan"), "plan")
            each = build(_Bytes, {key: told[key] for key in _BYTES if key in told})
        except InputError as error:
            raise self._wrong(error.thing, error.value, error.accepted) from None
        self.most_work = told.get("most_work")
        self.weights_bytes = each.weights_bytes or 4 * self.model.parameters
        self._bytes_per_item = each.memory_bytes_per_item
        self.note = "over HTTP; memory as the service states it"

    def load(self) -> None:
        """See :class:`edgesim.services.service.Service`: it is loaded already."""

    def memory_bytes(self, batch: int) -> int:
        """What the service states of a batch."""
        return self.weights_bytes + batch * self._bytes_per_item

    def run(self, items: Sequence[int], work: Sequence[float]) -> Outputs:
        """See :class:`edgesim.services.service.Service`."""
        told = self._ask("POST", "/run", {"items": list(items), "work": list(work)})
        outputs = told.get("outputs")
        if not isinstance(outputs, list):
            raise self._wrong("outputs", outputs, "must be a list, one an item")
        return outputs

    def score(self, work: Sequence[float], outputs: Sequence[Outputs]) -> Scored:
        """See :class:`edgesim.services.service.Service`."""
        given = {"work": list(work), "outputs": [list(found) for found in outputs]}
        scores = self._ask("POST", "/score", given).get("scores")
        if not isinstance(scores, list) or not all(_numbers(row) for row in scores):
            raise self._wrong("scores", scores, "must be a list of numbers for each work")
        return scores

    def _ask(self, method: str, path: str, given: Any) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            InputError: nobody answers, or not with an object of JSON.
        """
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        body = None if given is None else json.dumps(given).encode()
        try:
            asked = kind(self._parts.hostname or "", self._parts.port, timeout=_WAIT_S)
            asked.request(
                method,
                self._parts.path.rstrip("/") + path,
                body,
                {"Content-Type": "application/json"},
            )
            answer = asked.getresponse()
            text = answer.read(_MOST_BYTES + 1)
            asked.close()
        except (OSError, HTTPException, ValueError) as error:
            raise InputError("service", self._address, f"does not answer: {error}") from None
        if answer.status != 200:
            raise self._wrong(path, f"status {answer.status}", "must be 200")
        if len(text) > _MOST_BYTES:
            raise self._wrong(path, "answer", f"must have at most {_MOST_BYTES:,} bytes")
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise self._wrong(path, text[:40], "must be an object of JSON")
        return told

    def _text(self, told: dict[str, Any], key: str) -> str:
        value = told.get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, value, "must be text")
        return value

    def _wrong(self, thing: str, value: Any, accepted: str) -> InputError:
        return InputError(f"service {self._address}: {thing}", value, accepted)


@dataclass(frozen=True)
class _Bytes:
    """What a service may state of its memory."""

    weights_bytes: int | None = None
    memory_bytes_per_item: int = 0


_BYTES = ("weights_bytes", "memory_bytes_per_item")


def _numbers(row: Any) -> bool:
    return isinstance(row, list) and all(
        isinstance(it, int | float) and not isinstance(it, bool) for it in row
    )


def _is_this_machine(host: str) -> bool:
    """Whether a host is the loopback: its name, or an address of it."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
