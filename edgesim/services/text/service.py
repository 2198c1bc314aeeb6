"""Text as a service: characters written after a prompt, in one of several variants of a model.

Work is counted in tokens, here characters. Item k is a passage of held-out text: its first
:data:`PROMPT` characters are the prompt, and what really follows is what quality is scored on. All
variants are asked the same items, so that their differences are paired.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.profiles.profile import Metric, Model, Score
from edgesim.services.scores import ItemMetric, metric_of_items, score_of
from edgesim.services.service import Outputs, Plan
from edgesim.services.text.content import decoded, encoded, passage
from edgesim.services.text.running import Runner, read_runner
from edgesim.services.titles import TITLES

__all__ = ["METRICS", "PROMPT", "Text", "embedded", "foretold", "judged"]

PROMPT = 64
"""Characters of a prompt."""

WEIGHTS = Path(__file__).parent / "weights"
"""Folder of the weights that come with the package."""

METRICS: Mapping[str, ItemMetric] = {
    # Who always says the most frequent character (a space) is right with .15 of them; no model of
    # this size is right with .65. Both hold for every variant.
    "accuracy": ItemMetric(np.asarray, "", "higher", 0.15, 0.65, needs_truth=True),
    # 3.3 nats: a model that knows how often each character is, and nothing else.
    "nats": ItemMetric(np.asarray, "nats", "lower", 3.3, 1.0, needs_truth=True),
    "perplexity": ItemMetric(np.asarray, "", "lower", 27.0, 1.0, needs_truth=True),
}
"""Metrics of a passage: share of characters that are foretold, mean negative log-likelihood, and
e to that. The score's ends are declared, and hold for every variant."""


class Text:
    """An embedded language model.

    Args:
        name: of the variant, and of its file of weights.
        config: seed of passages and of what is drawn; ``metric``, the one that is the score.
    """

    task = "text_generation"
    unit = "token"
    device = None
    note = "characters; passages of held-out text, prompts of 64"
    plan = Plan(items=32, work=(16, 64, 192), batches=(1, 2, 4), timed=(16, 64, 192), chunk=16)

    def __init__(self, name: str, config: CalibrateConfig) -> None:
        self.name, self.title, self._seed = name, TITLES[name], config.seed
        self._path = WEIGHTS / f"{name}.safetensors"
        self._metric = config.metric or "accuracy"
        if self._metric not in METRICS:
            raise InputError("metric", self._metric, did_you_mean(self._metric, METRICS))
        if config.device != "cpu":
            raise InputError("device", config.device, "runs on a CPU: device=cpu")
        self.load()
        self.model = Model(
            id=f"edgesim/{name}",
            parameters=self._runner.parameters,
            licence="MIT",
            kind=name.rpartition("_")[2],
            weights_bytes=self._runner.nbytes,
        )

    def load(self) -> None:
        """See :class:`edgesim.services.service.Service`."""
        self._runner = read_runner(self._path)
        self.weights_bytes, self.stored_bytes = self._runner.nbytes, self._path.stat().st_size

    @property
    def runner(self) -> Runner:
        """The model at work."""
        return self._runner

    @property
    def calls(self) -> int:
        """Passes through the network so far."""
        return self._runner.calls

    def run(self, items: Sequence[int], work: Sequence[float]) -> Outputs:
        """See :class:`edgesim.services.service.Service`: the characters that are written."""
        known = self._runner.vocabulary
        prompts = np.stack([encoded(self._passage(k, 0), known) for k in items])
        rngs = [np.random.default_rng([self._seed, k, 1]) for k in items]
        found = self._runner.generate(prompts, [int(count) for count in work], rngs)
        return [decoded(tokens, known) for tokens in found]

    def score(
        self, work: Sequence[float], outputs: Sequence[Outputs]
    ) -> tuple[Mapping[str, Metric], Score]:
        """See :class:`edgesim.services.service.Service`: how what really follows is foretold."""
        most, known = int(max(work)), self._runner.vocabulary
        rows = range(len(outputs[0]))
        tokens = np.stack([encoded(self._passage(k, most), known) for k in rows])
        right, nats = foretold(self._runner, tokens)
        return judged(work, right, nats, self._metric)

    def _passage(self, item: int, after: int) -> str:
        # Always drawn as long: which passage it is does not depend on how much of it is used.
        return passage(item, self._seed, PROMPT + int(self.plan.work[-1]) * 4)[: PROMPT + after]


def foretold(
    runner: Runner, tokens: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Whether each character after the prompt was held the likeliest, and its nats.

    Args:
        runner: the model.
        tokens: passages with their prompts, shape (n, PROMPT + characters).

    Returns:
        two arrays of shape (n, characters).
    """
    right, nats = [], []
    for first in range(0, len(tokens), 8):
        part = tokens[first : first + 8]
        logits = runner.logits(part[:, :-1])[:, PROMPT - 1 :].astype(float)
        truth = part[:, PROMPT:, None]
        peak = logits.max(axis=-1, keepdims=True)
        total = peak[..., 0] + np.log(np.exp(logits - peak).sum(axis=-1))
        nats.append(total - np.take_along_axis(logits, truth, axis=-1)[..., 0])
        right.append(logits.argmax(axis=-1) == truth[..., 0])
    return np.concatenate(right), np.concatenate(nats)


def judged(
    work: Sequence[float],
    right: npt.NDArray[np.bool_],
    nats: npt.NDArray[np.float64],
    metric: str,
) -> tuple[Mapping[str, Metric], Score]:
    """Metrics and score over the first characters of every passage."""
    counts = [int(amount) for amount in work]
    mean = [nats[:, :count].mean(axis=1) for count in counts]
    values = {
        "accuracy": [right[:, :count].mean(axis=1) for count in counts],
        "nats": mean,
        "perplexity": [np.exp(found) for found in mean],
    }
    metrics = {name: metric_of_items(METRICS[name], work, found) for name, found in values.items()}
    return metrics, score_of(metric, METRICS[metric], work, values[metric])


def embedded(config: CalibrateConfig) -> Text:
    """The embedded service that a configuration names."""
    return Text(config.service, config)
