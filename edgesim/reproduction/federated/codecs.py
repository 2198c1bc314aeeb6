"""Codecs of updates: bytes, accuracy, and what a server reads out of one client's update."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.methods.federated.codecs import coded
from edgesim.reproduction.budget import Training
from edgesim.reproduction.federated.curves import curves
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve

__all__ = ["TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

_SCENARIO, _ROUNDS, _IMAGES = "factories", 20, 40


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``codecs.csv``: a row a codec, EGA's with and without the decoder."""
    rows: list[dict[str, Any]] = []
    leaks = results.kept("gradient inversion", {"images": _IMAGES, "scenario": _SCENARIO}, _leaks)
    for name in coded.NAMES:
        its = curves(results, _SCENARIO, f"fedavg:codec={name}", {"rounds": _ROUNDS})
        last = [float(np.mean(curve.accuracy[-3:])) for curve in its]
        up = float(np.mean([curve.edge_mb[-1][1] for curve in its]))
        for who, leak in leaks[name].items():
            rows.append(
                {
                    "codec": name,
                    "server": who,
                    "accuracy": float(np.mean(last)),
                    "up_mb": up,
                    "similarity": leak["similarity"],
                    "success": leak["success"],
                    "decoder": leak["holder"],
                }
            )
    write_table(folder, "codecs", rows)
    return _findings({(row["codec"], row["server"]): row for row in rows})


def _leaks() -> dict[str, dict[str, dict[str, Any]]]:
    """Each codec's inversion: of single images, by a server with and without the decoder."""
    import torch

    from edgesim.methods.federated.codecs.inversion import leak
    from edgesim.methods.federated.learning import Learning
    from edgesim.methods.federated.models import MLP

    learning = Learning(resolve(_SCENARIO), np.random.SeedSequence(0))
    model = learning.model
    assert isinstance(model, MLP)
    x = torch.from_numpy(learning.shares.images.x[:: len(learning.shares.images.x) // _IMAGES])
    y = torch.from_numpy(learning.shares.images.y[:: len(learning.shares.images.y) // _IMAGES])
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in coded.NAMES:
        found[name] = {}
        for who in ("with decoder", "without") if name.startswith("ega") else ("",):
            codec = coded.make(name, model.params, np.random.default_rng(0))
            told = leak(model, learning.first, x, y, codec, decoder=who != "without")
            found[name][who] = {
                "similarity": told.mean,
                "success": told.success,
                "holder": codec.decoder,
            }
    return found


def _findings(rows: dict[tuple[str, str], dict[str, Any]]) -> list[Finding]:
    plain, levels = rows["fp32", ""], rows["levels", ""]
    ega, blind = rows["ega", "with decoder"], rows["ega", "without"]
    return [
        Finding(
            "EGA's bytes beside plain levels of the same numbers",
            f"{ega['up_mb'] / levels['up_mb']:.2f} times",
            None,
            "",
            None,
            "the paper compares with 32-bit numbers and Paillier's ciphertexts",
        ),
        Finding(
            "accuracy after 20 rounds: fp32, unbiased levels, EGA's linear code",
            f"{plain['accuracy']:.3f}, {levels['accuracy']:.3f}, {ega['accuracy']:.3f}",
        ),
        Finding(
            "images that a server reads out of single updates: fp32, EGA with its decoder, without",
            f"{plain['success']:.2f}, {ega['success']:.2f}, {blind['success']:.2f}",
            None,
            "",
            None,
            f"similarity {plain['similarity']:.2f}, {ega['similarity']:.2f},"
            f" {blind['similarity']:.2f}; masks {rows['masks', '']['similarity']:.2f}",
        ),
    ]
