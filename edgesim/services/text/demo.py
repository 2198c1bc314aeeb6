"""``edgesim demo text``: a language model writes on where a file ends."""

from pathlib import Path

import numpy as np

from edgesim.config.services import CalibrateConfig, DemoConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.files import replacing
from edgesim.services.text.content import decoded, encoded
from edgesim.services.text.service import WEIGHTS, Text
from edgesim.tables import console
from edgesim.text_files import decoded as read

__all__ = ["demo"]

_DEFAULT = "text_small_absmean"
_LOOKS_BACK = 256  # characters of the file's end that the models see: twice what they learned with


def demo(config: DemoConfig) -> list[Path]:
    """Write on, print it, and keep it in ``<out>/text/<variant>.txt``.

    Returns:
        that file.

    Raises:
        InputError: the file is empty or no text, holds what the model has no token for, or there is
            no such variant.
    """
    variants = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))
    name = config.service or _DEFAULT
    if name not in variants:
        raise InputError("service", name, did_you_mean(name, variants))
    path = Path(config.input)
    prompt = read(path.read_bytes(), path, "input")[-_LOOKS_BACK:]
    if not prompt:
        raise InputError("input", config.input, "is empty: must hold a prompt")
    service = Text(name, CalibrateConfig(service=name, seed=config.seed))
    runner = service.runner
    try:
        tokens = encoded(prompt, runner.vocabulary)[None]
    except InputError as error:
        raise _of(error, config.input) from None
    rng = np.random.default_rng(config.seed)
    (found,) = runner.generate(tokens, [config.tokens], [rng], config.temperature)
    text = prompt + decoded(found, runner.vocabulary)
    to = console()
    to.print(f"{name}: {service.title}", soft_wrap=True)
    to.print(f"weights {runner.nbytes / 1e6:.2f} MB, {runner.parameters:,} parameters\n")
    to.print(prompt, style="dim", end="", markup=False)
    to.print(text[len(prompt) :], style="bold", markup=False)
    written = Path(config.out) / "text" / f"{name}.txt"
    try:
        written.parent.mkdir(parents=True, exist_ok=True)
        with replacing(written) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError("out", config.out, f"cannot be written: {error.strerror}") from None
    return [written]


def _of(error: InputError, thing: str) -> InputError:
    """The same error, told of another thing."""
    return InputError(thing, error.value, error.accepted)
