"""What was meant by a name that is not there: the field's synonyms first, then the spelling.

:data:`SYNONYMS` is the one table. A row says under which names edgesim has what other simulators,
libraries and papers call otherwise; the first of them that is known where it is asked for is meant.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

__all__ = ["SYNONYMS", "nearest", "nearest_key", "number_meant"]

SYNONYMS: dict[str, tuple[str, ...]] = {
    # commands
    "-v": ("--version",),
    "run": ("simulate",),
    "sim": ("simulate",),
    "play": ("simulate",),
    "rollout": ("simulate",),
    "learn": ("train",),
    "fit": ("train",),
    "test": ("evaluate",),
    "eval": ("evaluate",),
    "plot": ("reproduce", "figure"),
    "draw": ("reproduce",),
    "figures": ("reproduce", "figure"),
    "bench": ("benchmark",),
    "ls": ("list",),
    "show": ("list",),
    "info": ("list",),
    "diff": ("compare",),
    "what-if": ("whatif",),
    "what_if": ("whatif",),
    "scenarios": ("list", "scenario"),
    "agents": ("list", "agent"),
    "policies": ("list", "policy"),
    # keys of commands
    "base": ("scenario",),
    "changes": ("change",),
    "steps": ("total_steps",),
    "timesteps": ("total_steps",),
    "total_timesteps": ("total_steps",),  # stable-baselines3
    "iterations": ("total_steps",),
    "epochs": ("total_steps",),
    "eval_episodes": ("validation_episodes",),
    "eval_freq": ("validations",),
    "repetitions": ("episodes", "repeats"),
    "random_seed": ("seed", "world_seed"),
    "rng": ("seed",),
    "output": ("out",),
    "output_dir": ("out",),
    "outdir": ("out",),
    "logdir": ("runs",),
    "log_dir": ("runs",),
    "save_dir": ("runs", "out"),
    "folder": ("out", "runs"),
    "env": ("scenario",),
    "env_id": ("scenario",),
    "world": ("scenario",),
    "preset": ("scenario",),
    "problem": ("scenario",),
    "algo": ("agent", "policy"),
    "algorithm": ("agent", "policy"),
    "model": ("agent", "policy"),
    "method": ("policy", "agent"),
    "heuristic": ("policy",),
    "baseline": ("policy",),
    "strategy": ("policy",),
    "gpu": ("device", "cuda"),
    "cuda": ("device",),
    "backend": ("engine",),
    "jobs": ("threads",),
    "cores": ("threads",),
    "verbose": ("progress",),
    "continue": ("resume",),
    "restart": ("resume",),
    "upper_bound": ("bound",),
    # agents: names of other libraries' hyperparameters
    "lr": ("learning_rate",),
    "alpha": ("learning_rate",),
    "step_size": ("learning_rate",),
    "discount": ("gamma",),
    "discount_factor": ("gamma",),
    "entropy_coef": ("ent_coef",),
    "clip": ("clip_range",),
    "clip_ratio": ("clip_range",),
    "epsilon": ("clip_range", "exploration_final_eps"),
    "lambda": ("gae_lambda",),
    "lam": ("gae_lambda",),
    "minibatch_size": ("batch_size",),
    "batch": ("batch_size",),
    "replay_size": ("buffer_size",),
    "memory_size": ("buffer_size",),
    "workers": ("n_envs",),
    "hidden_sizes": ("policy_kwargs",),
    "layers": ("policy_kwargs",),
    "net_arch": ("policy_kwargs",),
    # scenarios
    "asps": ("provider_count",),
    "servers": ("provider_count", "hosts", "nodes"),
    "ues": ("users",),
    "clients": ("users",),
    "vnfs": ("types", "groups"),
    "arrival_rate": ("arrival_rate_hz",),
    "rate": ("arrival_rate_hz",),
    "load": ("arrival_rate_hz",),
    "duration": ("horizon_s",),
    "episode_length": ("horizon_s", "requests", "count"),
    "sim_time": ("horizon_s",),
    "area": ("side_m", "side_km"),
    "deadline": ("deadline_s",),
    "lifetime": ("holding_s", "lifetime_s"),
    "graph": ("source",),
    "latency": ("delay_ms", "delay_range_ms"),
    "mtbf": ("link_mtbf_s",),
    "mttr": ("link_mttr_s",),
    "power": ("site_power_dbm",),
    "frequency": ("carrier_ghz",),
    # scenarios, by the ids of their environments
    "edgesim/aigc_v0": ("aigc",),
    "edgesim/sfc_v0": ("sfc",),
    "edgesim/vne_v0": ("vne_wx100",),
    "vne": ("vne_wx100",),
    "edgesim/wantraining_v0": ("wan_training",),
    "chaos": ("wan_training", "greedy"),
    "edgesim/llmtraining_v0": ("llm_training",),
    "elastic_training": ("wan_training",),
    "federated": ("factories",),
    "fl": ("factories",),
    "cofed": ("silos",),
    # policies, agents, budgets
    "rr": ("round_robin",),
    "uniform": ("random",),
    "least_loaded": ("overload_avoidance",),
    "load_balancing": ("overload_avoidance",),
    "closest": ("nearest", "shortest_delay"),
    "shortest_path": ("shortest_delay", "nearest"),
    "oracle": ("prophet", "greedy"),
    "optimal": ("bound", "prophet"),
    "ilp": ("bound",),
    "brute_force": ("violent",),
    "mcts": ("planner",),
    "lookahead": ("planner",),
    "ucb": ("bandit",),
    "ff": ("first_fit",),
    "maskableppo": ("maskable_ppo",),
    "ddqn": ("dqn",),
    "fast": ("quick",),
    "paper": ("full",),
}
"""What is said elsewhere, in small letters with ``_`` between words, and what edgesim calls it."""


_COUNTS = ("n_", "num_", "number_of_", "no_of_")
# difflib's ratios: a slip of the keys; a word much like it; the same word, more or less
_CLOSE, _LIKE, _NEAR = 0.8, 0.7, 0.6


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant by another; None where none is near."""
    plain: dict[str, str] = {}
    for each in known:
        plain.setdefault(_plain(each), each)
    for meant in (name, *_synonyms(name), *_counted(name)):
        if _plain(meant) in plain:
            return plain[_plain(meant)]
    near = get_close_matches(_plain(name), list(plain), n=1, cutoff=_NEAR)
    if near:
        return plain[near[0]]
    begin = [each for key, each in plain.items() if len(name) > 1 and key.startswith(_plain(name))]
    return begin[0] if begin else None


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """The known dotted key that was most likely meant by another; None where none is near.

    The same last name or a synonym of it counts most, at the level that was given before others,
    and then what is spelt alike.
    """
    return next(_candidates(key, list(dict.fromkeys(known))), None)


def number_meant(text: str, whole: bool) -> str | None:
    """The number that was most likely meant by a text: ``100k``, ``100,000``, ``1e5``, ``10G``.

    Args:
        text: what stands where a number should.
        whole: whether a whole number is wanted.
    """
    plain = str(text).strip().replace("_", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+", plain):
        plain = plain.replace(",", "")
    found = re.fullmatch(r"([-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)\s*([kKMGT]?)", plain)
    if found is None:
        return None
    value = float(found[1]) * 1000.0 ** " KMGT".index(found[2].upper() or " ")
    if not whole:
        return f"{value:g}"
    return str(int(value)) if value.is_integer() else None


def _candidates(key: str, names: Sequence[str]) -> Iterator[str]:
    """What may have been meant by a dotted key, the likeliest first."""
    parent, _, leaf = key.rpartition(".")
    wanted = _plain(leaf)
    places: dict[str, list[str]] = {}  # the keys of each last name, the nearest level first
    beside: dict[str, str] = {}
    for name in sorted(names, key=lambda name: _far(name, parent)):
        place, _, last = name.rpartition(".")
        places.setdefault(_plain(last), []).append(name)
        if place == parent:
            beside.setdefault(_plain(last), name)
    if wanted in beside:
        yield beside[wanted]
    for meant in (*_synonyms(leaf), wanted, *_counted(leaf)):
        if meant in places:
            yield places[meant][0]
    for cutoff in (_CLOSE, _LIKE):
        for near in get_close_matches(wanted, list(beside), n=1, cutoff=cutoff):
            yield beside[near]
        for near in get_close_matches(wanted, list(places), n=1, cutoff=cutoff):
            yield places[near][0]
    if "." in parent and parent in names and not beside:  # it has no keys here
        yield parent


def _far(name: str, parent: str) -> tuple[bool, bool, int]:
    """How far a key is from a level: on it, in the same group, then by its depth."""
    place = name.rpartition(".")[0]
    group = parent.partition(".")[0]
    return (place != parent, not place.startswith(group), name.count("."))


def _plain(name: str) -> str:
    """A name as the table has it: small letters, ``_`` between words."""
    return str(name).strip().lower().replace("-", "_").replace(" ", "_")


def _synonyms(name: str) -> Sequence[str]:
    """What a name means by the table."""
    return SYNONYMS.get(name) or SYNONYMS.get(_plain(name), ())


def _counted(name: str) -> Sequence[str]:
    """What ``n_users`` or ``num_users`` may be called: user_count, users, a synonym of users."""
    for begin in _COUNTS:
        things = _plain(name).removeprefix(begin)
        if things != _plain(name):
            thing = things.removesuffix("s")
            return (f"{thing}_count", f"{thing}s", thing, *SYNONYMS.get(f"{thing}s", ()))
    return ()
