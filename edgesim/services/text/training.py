"""The weights of the embedded language models, made again."""

from pathlib import Path
from time import process_time

from edgesim.config.services import CalibrateTrainConfig
from edgesim.errors import InputError
from edgesim.version import version

__all__ = ["train"]


def train(config: CalibrateTrainConfig) -> list[Path]:
    """Train a model, then each ternary variant from it, and write a file for each variant.

    ``iterations`` are those of the model; the variants take their recipe's part of them.

    Returns:
        the files ``<out>/<model>_<variant>.safetensors``.

    Raises:
        InputError: ``out`` cannot be written, or torch is not there.
    """
    import torch
    from rich.progress import track

    from edgesim.services.text.learning import RECIPES, nats, pretrained, quantising
    from edgesim.services.text.model import LanguageModel
    from edgesim.services.text.saving import save

    torch.set_num_threads(config.threads)
    recipe = RECIPES[config.service]
    iterations = recipe.iterations if config.iterations is None else config.iterations
    quantised = max(1, round(recipe.quantised * iterations / recipe.iterations))
    out, begun = Path(config.out), process_time()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", config.out, f"must be a folder: {error.strerror}") from None
    steps = iter(
        track(
            range(iterations + len(recipe.rules) * quantised),
            config.service,
            disable=not config.progress,
        )
    )
    written = []

    def step(done: int, loss: float) -> None:
        next(steps, None)

    def keep(model: LanguageModel, kind: str, done: int) -> None:
        name = f"{config.service}_{kind}"
        about = {"edgesim": version(), "seed": config.seed, "iterations": done}
        written.append(save(model, kind, out / f"{name}.safetensors", about))
        print(
            f"{name}: {done} iterations, {process_time() - begun:.0f} CPU-seconds in all,"
            f" {nats(model).mean():.4f} nats a held-out character"
        )

    model = pretrained(recipe, iterations, config.seed, step)
    for kind in ("fp32", "int8"):
        keep(model, kind, iterations)
    for rule in recipe.rules:
        made = quantising(model, rule, quantised, recipe.batch, config.seed, step)
        keep(made, rule, iterations + quantised)
    return written
