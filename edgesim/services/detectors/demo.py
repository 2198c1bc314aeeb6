"""``edgesim demo detect FLOWS``: what a detector makes of the flows in a file."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.files import replacing
from edgesim.services.detectors.detectors import found_kinds
from edgesim.services.detectors.metrics import confusion, confusion_metrics
from edgesim.services.detectors.readers import read_features
from edgesim.services.detectors.service import KINDS, DetectorService
from edgesim.services.extras import needs_extra
from edgesim.tables import console, show_table

if TYPE_CHECKING:
    from edgesim.config.services import DemoConfig

__all__ = ["demo"]

_SHOWN = 12  # flows of the table
_THRESHOLD = 0.5


def demo(config: "DemoConfig") -> list[Path]:
    """Show what a detector finds, and write a row for every flow.

    Returns:
        the CSV file that was written.

    Raises:
        InputError: the file cannot be read, lacks a column, or the service is none of detectors.
    """
    needs_extra("services", "demo", "detect")
    name = config.service or "ids_boosting"
    if name not in KINDS:
        raise InputError("service", name, did_you_mean(name, KINDS))
    service = DetectorService(name, KINDS[name], config.seed)
    values, labels = read_features(config.input, service.features)
    scores = service.scores(values)
    found = found_kinds(scores, _THRESHOLD)
    alarm = 1.0 - scores[:, 0]
    shown = np.argsort(-alarm, kind="stable")[:_SHOWN]
    classes = service.classes
    rows = [
        (str(row + 1), classes[found[row]], f"{alarm[row]:.3f}", *_telling(service, values[row]))
        for row in shown.tolist()
    ]
    heads = ("flow", "found as", "attack", *_TELLING)
    console().print(f"{name}: the {len(rows)} likeliest attacks of {len(found)} flows")
    show_table(console(), heads, rows, words=("found as",))
    counts = Counter(classes[kind] for kind in found.tolist())
    told = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    console().print(f"found at a threshold of {_THRESHOLD}: {told}")
    if labels is not None and set(labels) <= set(classes):
        true = np.array([classes.index(label) for label in labels])
        of = confusion_metrics(confusion(true, found, len(classes)))
        console().print(
            f"of the attacks {of.attack_detected_share:.1%} detected, {of.right_type_share:.1%} as"
            f" what they are; false alarms {of.false_alarm_share:.2%} of benign flows"
        )
    path = Path(config.out) / "detect" / f"{Path(config.input).stem}_{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["flow,found,attack"]
    lines += [f"{k + 1},{classes[found[k]]},{alarm[k]:.6f}" for k in range(len(found))]
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [path]


_TELLING = ("duration_s", "bytes_out", "bytes_in", "port")  # columns that the table shows


def _telling(
    service: DetectorService, values: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> list[str]:
    return [f"{values[service.features.index(name)]:.6g}" for name in _TELLING]
