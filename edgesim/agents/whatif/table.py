"""The answer at a terminal."""

from collections.abc import Mapping

from rich.console import Console

from edgesim.agents.whatif.answer import Answer
from edgesim.agents.whatif.pairs import Pair
from edgesim.tables import console as at_terminal
from edgesim.tables import show_table

__all__ = ["print_answer"]

_RANKED = 20  # failures that the table shows
_FEWEST = 0.05  # drops an episode that are worth a word
_ELEMENTS = 5  # links, slices and so on of a kind


def print_answer(answer: Answer) -> None:
    """Print a table for each change, or the ranking of single failures."""
    console = at_terminal()
    base = answer.base.case
    episodes = len(answer.base.rows)
    console.print(
        f"{base.scenario.name}: {base.policy}, {episodes} held-out"
        f" episode{'s' if episodes > 1 else ''}, the same in all cases"
    )
    if answer.single:
        _print_ranking(console, answer)
    else:
        for number, case in enumerate(answer.cases):
            console.print(f"what if: {case.case.label}", soft_wrap=True)
            _print_metrics(console, answer.metrics_of(number), answer.score.metric)
            _print_elements(console, answer.elements_of(number))
    if episodes > 1:
        console.print(
            "difference: mean over episodes, one by one, with its 95 % interval (Student's t);"
        )
        console.print("* its interval excludes 0")
    else:
        console.print("difference: of a single episode, which is no claim")


def _print_metrics(console: Console, metrics: Mapping[str, Pair], score: str) -> None:
    shown = [name for name, pair in metrics.items() if pair.difference or name == score]
    rows = [[name, *_cells(metrics[name])] for name in shown]
    headings = ("metric", "as it is", "then", "difference", "95 % interval")
    show_table(
        console,
        headings,
        rows,
        words=("metric",),
        bold=[place for place, name in enumerate(shown) if name == score],
    )
    same = [name for name in metrics if name not in shown]
    if same:
        console.print(f"without any difference: {', '.join(same)}")


def _print_elements(console: Console, found: Mapping[tuple[str, str, str], Pair]) -> None:
    """The things of each kind whose load changes the most."""
    rows, sections = [], []
    for kind in dict.fromkeys(key[0] for key in found):
        loads = {
            name: pair
            for (of, name, figure), pair in found.items()
            if of == kind and figure == "load" and pair.difference
        }
        most = sorted(loads, key=lambda name: -abs(loads[name].difference))[:_ELEMENTS]
        share = kind != "slice"
        for name in most:
            late = found.get((kind, name, "latency_p95_s"))
            drops = found.get((kind, name, "drops"))
            rows.append(
                [
                    f"{kind} {name}" if not name.startswith(kind) else name,
                    _load(loads[name].base, share),
                    _change(loads[name], share),
                    "" if late is None else _late(late),
                    "" if drops is None or abs(drops.difference) < _FEWEST else _drops(drops),
                ]
            )
        if most:
            sections.append(len(rows) - 1)
    if not rows:
        return
    headings = ("what changes most", "load", "change of load", "of its p95 latency", "of its drops")
    show_table(console, headings, rows, words=("what changes most",), sections=sections[:-1])


def _print_ranking(console: Console, answer: Answer) -> None:
    score = answer.score.metric
    order = answer.ranked()
    rows = []
    for place, number in enumerate(order[:_RANKED], start=1):
        pair = answer.metrics_of(number).get(score)
        cells = [""] * 4 if pair is None else _cells(pair)
        rows.append([str(place), answer.cases[number].case.label, *cells[1:]])
    show_table(
        console,
        ("", "what fails", score, "difference", "95 % interval"),
        rows,
        words=("what fails",),
    )
    if len(order) > _RANKED:
        console.print(f"and {len(order) - _RANKED} more, see whatif.csv")
    pairs = [answer.metrics_of(number).get(score) for number in order]
    sure = sum(pair is not None and pair.sure for pair in pairs)
    base = next((pair.base for pair in pairs if pair is not None), float("nan"))
    console.print(
        f"{score} without a failure: {base:,.4g}; {len(order)} single failures, of which {sure}"
        f" make a sure difference (of as many that make none, about {len(order) / 20:.0f} would)"
    )


def _cells(pair: Pair) -> list[str]:
    star = " *" if pair.sure else ""
    interval = "" if pair.episodes < 2 else f"[{pair.low:+,.3g}, {pair.high:+,.3g}]"
    return [
        f"{pair.base:,.4g}",
        f"{pair.changed:,.4g}",
        f"{pair.difference:+,.3g}{star}",
        interval,
    ]


def _load(value: float, share: bool) -> str:
    return f"{value:.1%}" if share else f"{value:,.1f}"


def _change(pair: Pair, share: bool) -> str:
    star = " *" if pair.sure else ""
    if share:
        return f"{100 * pair.difference:+.1f} points{star}"
    return f"{pair.difference:+,.1f}{star}"


def _drops(pair: Pair) -> str:
    return f"{pair.difference:+,.3g}{' *' if pair.sure else ''}"


def _late(pair: Pair) -> str:
    star = " *" if pair.sure else ""
    if abs(pair.base) >= 1:
        return f"{pair.difference:+,.2f} s{star}"
    return f"{1000 * pair.difference:+,.2f} ms{star}"
