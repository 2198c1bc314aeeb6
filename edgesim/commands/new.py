"""``edgesim new``: a commented file to start from, for a scenario, an agent or a policy."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import fill, indent

from edgesim.config import agents
from edgesim.config.config import DEFAULT_SCENARIO
from edgesim.errors import InputError, did_you_mean
from edgesim.files import replacing
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, preset_file

__all__ = ["KINDS", "new", "usage"]


def usage() -> str:
    """How the command is called."""
    return f"usage: edgesim new {' | '.join(KINDS)} NAME [base=<a preset>]"


def new(words: Sequence[str]) -> str:
    """Write a file to start from into the working folder.

    Args:
        words: the kind, a name, and perhaps ``base=``: the preset that the scenario or agent stands
            on; of a policy, the scenario that it is for.

    Returns:
        what to say of it.

    Raises:
        InputError: unknown kind or base, a name that cannot be used, or a file that is there.
    """
    plain = [word for word in words if "=" not in word]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if not plain or plain[0] not in KINDS:
        raise InputError("new", plain[0] if plain else "", did_you_mean(" ".join(plain[:1]), KINDS))
    kind, *names = plain
    if len(names) != 1:
        raise InputError(f"new {kind}", " ".join(names), f"needs one name; {usage()}")
    for key, value in given.items():
        if key != "base":
            raise InputError(f"new {kind}: {key}", value, "accepted: base")
    name = names[0].removesuffix(".yaml").removesuffix(".py")
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        accepted = "must be letters, digits and '_', as the name of a file"
        raise InputError(f"new {kind}", names[0], accepted)
    path = Path(f"{name}.py" if kind == "policy" else f"{name}.yaml")
    if path.exists():
        raise InputError(f"new {kind}", str(path), "is there already, and stays as it is")
    text, told = KINDS[kind](name, given.get("base"))
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    return f"{path} is there to be changed. Then:\n\n{indent(told, '  ')}"


def _scenario(name: str, base: str | None) -> tuple[str, str]:
    base = base or DEFAULT_SCENARIO
    head = (
        f"A scenario that stands on {base}: what is written here holds, all else is as there."
        " Take the number sign off what is to differ, and change it. A list is replaced as a whole."
    )
    lines = [fill(head, 98, initial_indent="# ", subsequent_indent="# ")]
    lines += [f"base: {base}", f'title: "{name}, as {base} but for"', ""]
    lines += _commented(preset_file(base), ("problem", "title"))
    told = (
        f"edgesim simulate scenario={name}.yaml\nedgesim evaluate scenario={name}.yaml policy=all"
    )
    return "\n".join(lines) + "\n", told


def _agent(name: str, base: str | None) -> tuple[str, str]:
    base = base or PROBLEMS[preset(DEFAULT_SCENARIO)["problem"]].default_agent or "ppo"
    agents.values(base)  # is there one?
    head = (
        f"An agent that stands on {base}: what is written here holds in every scenario, all else is"
        " as there. Take the number sign off what is to differ, and change it."
    )
    lines = [fill(head, 98, initial_indent="# ", subsequent_indent="# ")]
    lines += [f"base: {base}", f'title: "{name}, as {base} but for"', ""]
    lines += _commented(agents.preset_file(base), ("title",))
    return "\n".join(lines) + "\n", f"edgesim train agent={name}.yaml"


def _commented(path: Path, left_out: Sequence[str]) -> Iterator[str]:
    """The lines of a preset's file as comments, without its head and some of its keys."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line and not line.startswith("#"))
    begun = False
    for line in lines[start:]:
        if not line.startswith(tuple(f"{key}:" for key in left_out)):
            begun = begun or bool(line)
            if begun:
                yield f"# {line}".rstrip()


def _policy(name: str, base: str | None) -> tuple[str, str]:
    from edgesim.envs.making import make_envs
    from edgesim.scenarios import resolve

    base = base or DEFAULT_SCENARIO
    (env,) = make_envs(resolve(base), 1)
    masked = hasattr(env.unwrapped, "action_masks")
    names = list(getattr(getattr(env.unwrapped, "observer", None), "names", ()))
    told = ", ".join(dict.fromkeys(re.sub(r"\b\d+\b", "k", it) for it in names))
    kind = "".join(part.capitalize() for part in name.split("_"))
    seen = fill(
        f"shape (environments, {', '.join(map(str, env.observation_space.shape or ()))})."
        + (f" The entries: {told}." if told else ""),
        98,
        initial_indent=" " * 12 + "observation: ",
        subsequent_indent=" " * 16,
        break_long_words=False,
    )
    masks = (
        "            action_masks: which actions make sense, shape (environments, actions).\n"
        if masked
        else ""
    )
    argument = ", action_masks=None" if masked else ""
    choice, why = (
        ("np.argmax(action_masks, axis=-1)", "the first that makes sense")
        if masked
        else ("np.stack([self.space.sample() for _ in observation])", "any")
    )
    text = f'''"""A policy for scenario={base}."""

import numpy as np


class {kind}:
    """What it does, in one line.

    Args:
        envs: the environments that it decides in, of one scenario.
        seed: of its own dice, if it has any.
    """

    def __init__(self, envs, seed):
        self.space = envs[0].action_space
        self.dice = np.random.default_rng(seed)

    def predict(
        self, observation, state=None, episode_start=None, deterministic=False{argument}
    ):
        """Decide for all environments at once.

        Args:
{seen}
            state: what the last call returned; None in the first.
            episode_start: which environments begin an episode, shape (environments,).
            deterministic: True in evaluation.
{masks}
        Returns:
            an action ({env.action_space}) an environment, and the state for the next call.
        """
        actions = {choice}  # {why}
        return actions, state
'''
    return text, f"edgesim evaluate scenario={base} policy={name}:{kind},random"


KINDS: dict[str, Callable[[str, str | None], tuple[str, str]]] = {
    "scenario": _scenario,
    "policy": _policy,
    "agent": _agent,
}
"""What there is to begin, and what gives its text and the commands that use it."""
