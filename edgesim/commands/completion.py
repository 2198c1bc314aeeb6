"""Completion at the shell: a script a shell, and the candidates that the script asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from edgesim.commands.names import COMMANDS, TASKS
from edgesim.errors import InputError, did_you_mean

__all__ = ["SHELLS", "candidates", "completion", "usage"]

_BASH = r"""_edgesim_complete() {
    local line="${COMP_LINE:0:COMP_POINT}" current="${COMP_WORDS[COMP_CWORD]}" word typed item
    word="${line##*[[:space:]]}"
    # bash ends words at = and : and wants only what follows; edgesim answers whole words
    case "$current" in "=" | ":") current="" ;; esac
    typed="${word%"$current"}"
    COMPREPLY=()
    while IFS= read -r item; do
        COMPREPLY+=("${item#"$typed"}")
    done < <("${COMP_WORDS[0]}" completion query "$line" 2>/dev/null)
}
complete -o nospace -o default -F _edgesim_complete edgesim
"""

_ZSH = r"""_edgesim_complete() {
    local -a found
    local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    found=("${(@f)$("${words[1]}" completion query "$line" 2>/dev/null)}")
    if [[ -n "$found" ]]; then
        compadd -Q -S '' -- "${found[@]}"
    else
        compset -P '*='
        _files
    fi
}
compdef _edgesim_complete edgesim
"""

_FISH = r"""function __edgesim_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] completion query (string join ' ' -- $words) 2>/dev/null | string trim
end
complete -c edgesim -f -a '(__edgesim_complete)'
"""

SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def usage() -> str:
    """How to switch completion on."""
    return (
        'bash, in ~/.bashrc:                   eval "$(edgesim completion bash)"\n'
        'zsh, in ~/.zshrc after compinit:      eval "$(edgesim completion zsh)"\n'
        "fish, in ~/.config/fish/config.fish:  edgesim completion fish | source"
    )


def completion(words: Sequence[str]) -> str:
    """What ``edgesim completion <words>`` prints: a script, its help, or the answer to a query.

    Raises:
        InputError: no such shell.
    """
    if any(word in ("-h", "--help") for word in words):
        return f"usage: edgesim completion <shell>\n\n{COMMANDS['completion']}\n\n{usage()}\n"
    if words and words[0] == "query":
        found = candidates(words[1] if len(words) > 1 else "")
        return "".join(f"{item}\n" for item in found)
    shell = words[0] if words else ""
    if shell not in SHELLS or len(words) > 1:
        raise InputError("completion", " ".join(words), did_you_mean(shell, SHELLS))
    return SHELLS[shell]


def candidates(line: str) -> list[str]:
    """What the last word of a line can become: whole words, with a space after a finished one.

    Args:
        line: the command line up to the cursor, the program's name included.
    """
    from edgesim.commands.listing import SECTIONS

    *words, current = [*line.split(), ""] if line[-1:].isspace() else line.split() or [""]
    if len(words) <= 1:
        return _starting(current, COMMANDS) if words else []
    done = words[1:]
    command, given = done[0], done[1:]
    if command in TASKS:
        key, equals, value = current.partition("=")
        if equals:
            return _values(command, key, value, given)
        return _keys(command, current, given)
    names = {"list": tuple(SECTIONS), "completion": tuple(SHELLS)}
    return _starting(current, names.get(command, ()))


def _starting(current: str, names: Iterable[str]) -> list[str]:
    """Finished words that start as the current one does."""
    return [f"{name} " for name in names if name.startswith(current)]


def _keys(command: str, current: str, given: Sequence[str]) -> list[str]:
    """Keys and options; the keys of a group one level at a time."""
    if current.startswith("-"):
        return _starting(current, ("--help", "--multirun"))
    sign = current[: len(current) - len(current.lstrip("+~"))]
    parent, dot, leaf = current.lstrip("+~").rpartition(".")
    tree: Any = _tree(command, given)
    for part in parent.split(".") if dot else ():
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    taken = {word.partition("=")[0].lstrip("+~") for word in given}
    found = []
    for name, below in (tree if isinstance(tree, Mapping) else {}).items():
        key = f"{parent}{dot}{name}"
        if not name.startswith(leaf):
            continue
        if key not in taken and (key in ("scenario", "agent") or not isinstance(below, Mapping)):
            found.append(f"{sign}{key} " if sign == "~" else f"{sign}{key}=")
        if isinstance(below, Mapping):
            found.append(f"{sign}{key}.")
    return found


def _tree(command: str, given: Sequence[str]) -> dict[str, Any]:
    """The keys of a command as nested dictionaries, those of the chosen presets included."""
    from edgesim.config import agents
    from edgesim.config.config import DEFAULT_SCENARIO, SCHEMAS, AgentConfig
    from edgesim.scenarios import preset

    chosen = dict(word.partition("=")[::2] for word in given)
    scenario = chosen.get("scenario", DEFAULT_SCENARIO).partition(",")[0]
    agent = chosen.get("agent", "").partition(",")[0]
    tree: dict[str, Any] = {}
    for item in fields(SCHEMAS[command]):
        if item.metadata["help"]:
            tree[item.name] = None
    try:
        if "scenario" in tree:
            tree["scenario"] = preset(scenario)
        if "agent" in tree:
            values = agents.values(agent or agents.default_for(scenario))
            names = [item.name for item in fields(AgentConfig) if item.name != "scenarios"]
            tree["agent"] = {name: values.get(name) for name in names}
    except InputError:
        pass  # the choice itself is misspelt: its keys are not known
    return tree


def _values(command: str, word: str, value: str, given: Sequence[str]) -> list[str]:
    """Values of a key; those before a comma are kept, as a sweep or a list has them."""
    from edgesim.commands.choices import choices

    kept, comma, last = value.rpartition(",")
    names = choices(command, word.lstrip("+"), dict(item.partition("=")[::2] for item in given))
    if comma:
        names = [name for name in names if name != "all"]
    return [f"{word}={kept}{comma}{item}" for item in _starting(last, names)]
