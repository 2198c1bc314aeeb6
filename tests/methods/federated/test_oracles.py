"""Cases with right answers: worked rounds, selections, groups, codes, votes.

They lie beside the checkout (``../shared/oracles/federated``), or in the folder that
``EDGESIM_FEDERATED_ORACLES`` names; every JSON file there is read. Truths worked by hand stand in
the other tests of this folder and run everywhere.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.methods.federated.codecs.levels import published_levels, stochastic_levels
from edgesim.methods.federated.codecs.linear import (
    code_bytes,
    error_bound,
    linear_code,
    orthonormal_encoder,
)
from edgesim.methods.federated.grouping.icg import (
    balanced_groupings,
    best_clusters,
    divergence,
    groupings_of,
    groups_by_index,
)
from edgesim.methods.federated.grouping.schedules import growth_groups, schedule_row
from edgesim.methods.federated.memory.distillation import distillation
from edgesim.methods.federated.memory.features import compensate, select_memory, shift_of_classes
from edgesim.methods.federated.selectors.balance import deviation, optimum, wanted_counts
from edgesim.methods.federated.selectors.gbp_cs import gbp_cs, grow
from edgesim.methods.federated.silos.voting import class_weights, vote
from edgesim.methods.federated.traffic import lasp_rows
from edgesim.methods.federated.worked import Parameters, compound_steps, train_chains

Case = dict[str, Any]
_BESIDE = Path(__file__).parents[4] / "shared/oracles/federated"
FOLDER = Path(os.environ.get("EDGESIM_FEDERATED_ORACLES", _BESIDE))


def _gbp_cs(it: Case) -> Case:
    devices = it["L_select"] + it["L_rnd"]
    y = wanted_counts(it["b"], it["P_real"], it["n"], devices)
    found = gbp_cs(it["A"], y, it["L_select"])
    best, least = optimum(it["A"], y, it["L_select"])
    grown = grow(it["A"], it["b"], it["P_real"], it["n"], it["L_select"], it["L_rnd"])
    return {
        "y": y,
        "init_set": found.start,
        "swaps_out_in": found.swaps,
        "distances": found.distances,
        "chosen": found.chosen,
        "distance": found.distance,
        "mean_distribution_l2": deviation(it["A"], y, found.chosen, it["n"], devices),
        "optimum_set": best,
        "optimum_distance": least,
        "grow_variant_chosen": grown.chosen,
        "grow_variant_distance": grown.distance,
    }


def _parameters(it: Parameters) -> Case:
    return {"W": it.W, "b": it.b} | ({} if it.loss is None else {"loss": it.loss})


def _compound(it: Case) -> Case:
    found = compound_steps(it["W0"], it["b0"], it["lr"], it["X"], it["Y"])
    internal = [[_parameters(step) for step in steps] for steps in found.internal]
    return {"internal": internal, "external": _parameters(found.external)}


def _chains(it: Case) -> Case:
    steps = it["full_batch_steps_per_device"]
    found = train_chains(it["W0"], it["b0"], it["lr"], steps, it["groups"], it["X"], it["Y"])
    ends = [_parameters(end) for end in found.chain_ends]
    return {"chain_ends": ends, "weights": found.weights, "merged": _parameters(found.merged)}


def _schedule(it: Case, rows: list[list[int]]) -> Case:
    keys = ("kind", "alpha", "beta", "K", "frequency", "kappa")
    given = {key: it[key] for key in keys}
    found = [schedule_row(round_=row[0], **given) for row in rows]
    return {"columns": list(found[0]._fields), "rows": [list(row) for row in found]}


def _growth(it: Case, rows: list[list[int]]) -> Case:
    return {
        "columns": ["round", "groups"],
        "rows": [
            [r, growth_groups(it["kind"], r, it["alpha"], it["beta"], it["K"])] for r, _ in rows
        ],
    }


def _icg(it: Case) -> Case:
    counts, groups = it["counts"], it["groups"]
    found = best_clusters(counts, groups)
    chosen = groups_by_index(found.clusters)
    allowed = [divergence(counts, grouping) for grouping in groupings_of(found.clusters)]
    all_ = [divergence(counts, grouping) for grouping in balanced_groupings(len(counts), groups)]
    return {
        "clusters": len(found.clusters),
        "cluster_size": len(found.clusters[0]),
        "best_clusters": found.clusters,
        "best_inertia": found.inertia,
        "groups_by_index_order": chosen,
        "divergence_by_index_order": divergence(counts, chosen),
        "divergence_icg_mean": np.mean(allowed),
        "divergence_icg_best": min(allowed),
        "divergence_icg_worst": max(allowed),
        "divergence_random_mean": np.mean(all_),
        "divergence_optimum": min(all_),
    }


def _lasp(it: Case) -> Case:
    rows = lasp_rows(**it)
    return {
        "columns": list(rows[0]._fields),
        "rows": [list(row) for row in rows],
        "total_server": sum(row.server_bytes_chain_passes_on for row in rows),
        "total_every_device": sum(row.bytes_every_device_reads_and_writes for row in rows),
    }


def _memory(it: Case) -> Case:
    found = select_memory(it["features"], it["labels"], it["capacity"])
    return {
        "class_means": {str(c): mean for c, mean in found.class_means.items()},
        "sq_distance": found.sq_distance,
        "nearest_overall": found.nearest_overall,
        "nearest_per_class_quota": found.nearest_per_class,
        "quota": found.quota,
    }


def _compensation(it: Case) -> Case:
    shift = shift_of_classes(
        it["features_old_model"], it["features_new_model"], it["labels"], it["classes"]
    )
    moved = compensate(it["memory_features"], it["memory_labels"], shift)
    return {"shift": shift, "compensated": moved}


def _kd(it: Case) -> Case:
    found = distillation(it["logits"], it["teacher_logits"], it["labels"], it["weight"])
    return {
        "ce": found.ce,
        "kl_sum_over_classes": found.kl,
        "kl_mean_over_classes": found.kl_mean,
        "loss_as_code": found.loss,
        "grad_logits_as_code_mean_over_batch": found.gradient,
    }


def _quantise(it: Case) -> Case:
    unbiased = stochastic_levels(it["gradient"], it["nu"], it["levels"], it["uniforms"])
    published = published_levels(it["gradient"], it["nu"], it["levels"])
    return {
        "scaled": unbiased.scaled,
        "stochastic": unbiased.levels,
        "stochastic_value": unbiased.value,
        "stochastic_variance": unbiased.variance,
        "released_code": published.levels,
        "released_code_value": published.value,
    }


def _linear(it: Case) -> Case:
    found = linear_code(it["encoder"], it["client_blocks"])._asdict()
    return dict(found)


def _bound(it: Case) -> Case:
    clients, variance = it["clients"], it["variance_of_mean_entry"]
    noise = it["noise_std_per_client_per_code_entry"]
    error, unexplained = error_bound(it["block"], it["code"], clients, variance, noise)
    # Monte Carlo: mean blocks of independent entries through a random rotation's rows.
    rng = np.random.default_rng(0)
    rows = orthonormal_encoder(it["block"], it["code"], rng)
    means = rng.standard_normal((2000, it["block"])) * np.sqrt(variance)
    noise_std = noise / np.sqrt(clients)
    codes = means @ rows.T + noise_std * rng.standard_normal((2000, it["code"]))
    decoded = codes @ rows * (variance / (variance + noise_std**2))
    return {
        "mse_per_entry": error,
        "unexplained": unexplained,
        "monte_carlo_mse": ((decoded - means) ** 2).mean(),
    }


def _bytes(it: Case) -> Case:
    found = code_bytes(**it)._asdict()
    found["paillier_2048_one_value_per_ciphertext_bytes"] = found.pop("paillier_bytes")
    return dict(found)


def _vote(it: Case) -> Case:
    gap, share = it["confidence_gap"], it["vote_share"]
    found = vote(it["classes_of_silo"], it["probabilities"], gap, share)
    return {
        "owners": {str(c): owners for c, owners in found.owners.items()},
        "accepted": {str(c): samples for c, samples in found.accepted.items()},
        "pseudo_labels_of_silo": [
            {str(c): samples for c, samples in silo.items()} for silo in found.pseudo_labels
        ],
    }


def _weights(it: Case) -> Case:
    return {"weights": class_weights(it["local_counts"], it["pseudo_counts"])}


KINDS: dict[str, Callable[..., Case]] = {
    "gbp_cs": _gbp_cs,
    "fedgs_compound_step": _compound,
    "gsp_schedule": _schedule,
    "gsp_schedule_alt": _growth,
    "icg": _icg,
    "stp_chain": _chains,
    "lasp_bytes": _lasp,
    "memory_selection": _memory,
    "compensation": _compensation,
    "kd_loss": _kd,
    "ega_quantise": _quantise,
    "ega_linear_codec": _linear,
    "ega_error_bound": _bound,
    "ega_bytes": _bytes,
    "cofed_vote": _vote,
    "cofed_class_weights": _weights,
}


def cases() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for kind, items in content.items():
            if isinstance(items, list):
                found += [pytest.param(kind, it, id=f"{kind}-{it['name']}") for it in items]
    return found


def same(found: Any, expected: Any, tol: float, where: str = "") -> None:
    """Hold what was found beside what is expected, part by part."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in found, f"{where}.{key}"
            same(found[key], value, tol, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, value in enumerate(expected):
            same(found[number], value, tol, f"{where}[{number}]")
    elif isinstance(expected, str) or tol == 0:
        assert found == expected, where
    else:
        assert found == pytest.approx(expected, abs=tol, rel=0), where


@pytest.mark.skipif(not cases(), reason="the cases lie beside the checkout, and are not here")
@pytest.mark.parametrize(("kind", "case"), cases())
def test_a_case_comes_out_as_it_should(kind: str, case: Case) -> None:
    given, expected = case["input"], case["expected"]
    if kind in ("gsp_schedule", "gsp_schedule_alt"):
        found = KINDS[kind](given, expected["rows"])
    else:
        found = KINDS[kind](given)
    same(found, expected, case["tol"], kind)
