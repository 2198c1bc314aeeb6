"""Any causal language model that transformers loads, by folder or hub id, as a text service.

Only safetensors are read, and no code that comes with a model runs.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.profiles.profile import Metric, Model, Score
from edgesim.services.service import Outputs, Plan
from edgesim.services.text.content import passage
from edgesim.services.text.service import METRICS, judged

__all__ = ["Causal", "is_causal"]

_PROMPT = 32  # tokens
_CHARACTERS = 8  # of a passage, for each token that may be asked: more than tokenizers put in one
_PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def is_causal(service: str) -> bool:
    """Whether a folder, or a hub id that is cached or can be reached, is no diffusers pipeline."""
    folder = Path(service)
    if folder.is_dir():
        return (folder / "config.json").is_file() and not (folder / "model_index.json").is_file()
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(service)
    except (OSError, ValueError):
        return False
    return True


class Causal:
    """A causal language model of transformers.

    Items are passages of the embedded held-out text, scored as the embedded models are; tokens are
    the model's own, so that accuracy and nats a token compare models of one tokenizer.

    Args:
        config: ``service`` is a folder or a hub id.

    Raises:
        InputError: there is none, it is no causal language model, lacks a tokenizer or
            safetensors, or its vocabulary does not fit its tokenizer.
    """

    task = "text_generation"
    unit = "token"

    def __init__(self, config: CalibrateConfig) -> None:
        self._config = config
        self.device = torch.device(config.device)
        default = "float32" if self.device.type == "cpu" else "float16"
        self._numbers = _PRECISIONS[config.precision or default]
        self._metric = config.metric or "accuracy"
        if self._metric not in METRICS:
            raise InputError("metric", self._metric, did_you_mean(self._metric, METRICS))
        self.calls = 0
        self.load()
        inside = Path(config.service)
        self.name = re.sub(r"[^\w.-]+", "-", inside.name) or "model"
        kind = type(self._model).__name__
        self.title = f"{kind}, text generation"
        self.most_work = float(self._most() - _PROMPT)
        parts = list(self._model.parameters())
        self.weights_bytes = sum(part.numel() * part.element_size() for part in parts)
        self.stored_bytes = _stored(inside, self.weights_bytes)
        self.model = Model(
            id=self.name if inside.is_dir() else config.service,
            parameters=sum(part.numel() for part in parts),
            licence=config.licence or "not stated: see the model card",
            kind=kind,
            weights_bytes=self.weights_bytes,
        )
        work = tuple(count for count in (8, 32, 96) if count <= self.most_work) or (1,)
        self.plan = Plan(items=16, work=work, batches=(1, 2, 4), timed=work, chunk=4)
        self.note = "the likeliest token; passages of embedded text; prompts of 32 tokens"

    def load(self) -> None:
        """See :class:`edgesim.services.service.Service`."""
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call] # not typed
        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # not typed
        service, loader, words = self._config.service, AutoModelForCausalLM, AutoTokenizer
        try:
            found: Any = loader.from_pretrained(service, dtype=self._numbers, use_safetensors=True)
            self._tokenizer: Any = words.from_pretrained(service)
        except Exception as error:  # files of any kind lie in a folder, and each fails in its way
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            accepted = f"must be a causal language model with its tokenizer: {reason}"
            raise InputError("service", service, accepted) from None
        self._model = found.to(self.device)
        known, held = len(self._tokenizer), int(self._model.config.vocab_size)
        if known > held:
            accepted = f"its tokenizer has {known} tokens, and the model {held}"
            raise InputError("service", service, accepted)

    def run(self, items: Sequence[int], work: Sequence[float]) -> Outputs:
        """See :class:`edgesim.services.service.Service`; a batch runs as long as its longest."""
        most = int(max(work))
        prompts = torch.from_numpy(self._tokens(items, 0)).to(self.device)
        written = []
        with torch.inference_mode():
            found = self._forward(prompts, None)
            for _ in range(most):
                tokens = found.logits[:, -1].argmax(dim=-1, keepdim=True)
                written.append(tokens)
                if len(written) < most:
                    found = self._forward(tokens, found.past_key_values)
        tokens = torch.cat(written, dim=1).cpu().numpy()
        return [
            self._tokenizer.decode(row[: int(count)], skip_special_tokens=True)
            for row, count in zip(tokens, work, strict=True)
        ]

    def score(
        self, work: Sequence[float], outputs: Sequence[Outputs]
    ) -> tuple[Mapping[str, Metric], Score]:
        """See :class:`edgesim.services.service.Service`: how what really follows is foretold."""
        right, nats = [], []
        for item in range(len(outputs[0])):
            tokens = torch.from_numpy(self._tokens([item], int(max(work)))).to(self.device)
            with torch.inference_mode():
                logits = self._model(tokens[:, :-1]).logits[:, _PROMPT - 1 :].double()
            truth = tokens[:, _PROMPT:]
            loss = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), truth, reduction="none"
            )
            nats.append(loss[0].cpu().numpy())
            right.append((logits.argmax(dim=-1) == truth)[0].cpu().numpy())
        return judged(work, np.stack(right), np.stack(nats), self._metric)

    def _forward(self, tokens: torch.Tensor, past: Any) -> Any:
        self.calls += 1
        return self._model(tokens, past_key_values=past, use_cache=True)

    def _tokens(self, items: Sequence[int], after: int) -> npt.NDArray[np.int64]:
        """Prompts of items and what follows, shape (items, prompt + after)."""
        length, rows = _PROMPT + after, []
        for item in items:
            text = passage(item, self._config.seed, _CHARACTERS * (_PROMPT + 512))
            row = self._tokenizer(text, add_special_tokens=False)["input_ids"][:length]
            if len(row) < length:
                accepted = (
                    f"its tokenizer makes {len(row)} tokens of a passage: {length} are needed"
                )
                raise InputError("service", self._config.service, accepted)
            rows.append(row)
        return np.array(rows, dtype=np.int64)

    def _most(self) -> int:
        """Tokens that the model can look back at; 2,048 where it does not say."""
        return int(getattr(self._model.config, "max_position_embeddings", None) or 2048)


def _stored(folder: Path, weights_bytes: int) -> int:
    """Bytes of a folder's weights; of a hub id, those in memory."""
    files = list(folder.glob("*.safetensors")) if folder.is_dir() else []
    return sum(path.stat().st_size for path in files) or weights_bytes
