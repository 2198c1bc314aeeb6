"""Ternary weights: what each rule costs in quality, trained from one model; speed by size."""

from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["TRAININGS", "learned", "paired", "tables", "timed"]

TRAININGS: tuple[Training, ...] = ()

_RULES = ("absmean", "fp32", "twn", "bias", "tequila")
_ITERATIONS = 150  # gradient steps of each, from the embedded model
_SIZES = ((128, 128), (512, 128), (512, 512), (1024, 512), (2048, 512), (2048, 2048), (4096, 2048))
_GROUP = 128


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``rules.csv``, ``differences.csv`` and ``speed.csv``; returns what was found."""
    iterations = max(2, round(_ITERATIONS * results.budget.steps))
    rows = learned(range(results.budget.seeds), iterations)
    write_table(folder, "rules", rows)
    differences = paired(rows)
    write_table(folder, "differences", differences)
    speed = timed(_SIZES if results.budget.steps >= 1 else _SIZES[:3])
    write_table(folder, "speed", speed)
    published = {"tequila": "ARC-e .645 against .603 (Llama 3.2 1B)"}
    found = [
        Finding(
            f"nats a character of {row['rule']} less absmean, {results.budget.seeds} seeds",
            f"{row['mean']:+.4f} ± {row['half']:.4f}",
            published.get(row["rule"]),
            "arXiv 2509.23809" if row["rule"] in published else "",
            remark="another model, task and size" if row["rule"] in published else "",
        )
        for row in differences
    ]
    for row in speed:
        found.append(
            Finding(
                f"speed of a product with one token, {row['out']} x {row['in']}",
                f"ternary {row['ternary']:.1f}, of bytes {row['ternary_bytes']:.1f}, int8"
                f" {row['int8']:.1f}, numpy {row['numpy']:.1f} times torch's fp32",
            )
        )
    return found


def learned(seeds: Sequence[int], iterations: int) -> list[dict[str, Any]]:
    """Nats a held-out character of every rule, trained on from the embedded model.

    Equal seeds see the same passages in the same order.
    """
    import torch

    from edgesim.services.text.learning import RECIPES, nats, quantising, trained

    torch.set_num_threads(1)
    model, recipe = trained("text_small"), RECIPES["text_small"]
    return [
        {
            "seed": seed,
            "rule": rule,
            "nats": float(
                nats(quantising(model, rule, iterations, recipe.batch, seed), 200).mean()
            ),
        }
        for seed in seeds
        for rule in _RULES
    ]


def paired(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every rule less absmean, paired by seed: mean and half of Student's 95 % interval."""
    from scipy.stats import t

    nats = {(row["rule"], row["seed"]): row["nats"] for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    found = []
    for rule in _RULES[1:]:
        values = np.array([nats[rule, seed] - nats["absmean", seed] for seed in seeds])
        half = np.nan
        if len(seeds) > 1:
            half = t.ppf(0.975, len(seeds) - 1) * values.std(ddof=1) / np.sqrt(len(seeds))
        found.append({"rule": rule, "mean": float(values.mean()), "half": float(half)})
    return found


def timed(sizes: Sequence[tuple[int, int]], repeats: int = 15) -> list[dict[str, Any]]:
    """How many times as fast as torch in single precision a product with one token is.

    Medians of CPU time, the kinds in turn, so that a machine that slows down does so for all.
    """
    import torch

    from edgesim.services.text.packed import Packed, pack, to_int8
    from edgesim.services.text.ternary import absmean

    torch.set_num_threads(1)
    rng, rows = np.random.default_rng(0), []
    for out, inputs in sizes:
        weights = rng.standard_normal((out, inputs)).astype(np.float32)
        found = absmean(torch.from_numpy(weights), _GROUP)
        packed = Packed(pack(found.signs.numpy(), _GROUP), found.scale.numpy())
        rounded = Packed(packed.packed, packed.scale, bytes_of_inputs=True)
        given = rng.standard_normal((1, inputs)).astype(np.float32)
        tensor, dense = torch.from_numpy(given), torch.from_numpy(weights)
        whole = to_int8(weights)
        kinds: dict[str, Any] = {
            "torch": lambda: torch.nn.functional.linear(tensor, dense),  # noqa: B023 # run below
            "numpy": lambda: given @ weights.T,  # noqa: B023
            "ternary": lambda: packed(given),  # noqa: B023
            "ternary_bytes": lambda: rounded(given),  # noqa: B023
            "int8": lambda: whole(given),  # noqa: B023
        }
        taken: dict[str, list[float]] = {kind: [] for kind in kinds}
        with torch.inference_mode():
            for _ in range(repeats):
                for kind, run in kinds.items():
                    taken[kind].append(_seconds(run))
        median = {kind: float(np.median(values)) for kind, values in taken.items()}
        row: dict[str, Any] = {"out": out, "in": inputs, "torch_us": median["torch"] * 1e6}
        row |= {kind: median["torch"] / median[kind] for kind in kinds if kind != "torch"}
        row |= {"memory": weights.nbytes / packed.nbytes, **_errors(packed, rounded, given)}
        rows.append(row)
    return rows


def _errors(packed: Any, rounded: Any, given: npt.NDArray[np.float32]) -> dict[str, float]:
    """How far the packed products lie from the dense one, relative to it."""
    true = given.astype(float) @ packed.dense().astype(float).T
    size = np.linalg.norm(true)
    return {
        "error": float(np.linalg.norm(packed(given) - true) / size),
        "error_bytes": float(np.linalg.norm(rounded(given) - true) / size),
    }


def _seconds(run: Any, times: int = 8) -> float:
    run()
    begun = process_time()
    for _ in range(times):
        run()
    return (process_time() - begun) / times
