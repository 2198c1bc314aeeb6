"""Reading the CSV files that figures are drawn from."""

import csv
from pathlib import Path
from typing import Any

from edgesim.errors import InputError

__all__ = ["read"]


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of ``<name>.csv``: numbers as floats, empty cells as None, the rest as text.

    Raises:
        InputError: there is no such table, or it has no rows.
    """
    path = folder / f"{name}.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [
                {key: _value(value) for key, value in row.items()} for row in csv.DictReader(file)
            ]
    except OSError as error:
        raise InputError("table", str(path), f"cannot be read ({error.strerror})") from None
    if not rows:
        raise InputError("table", str(path), "has no rows")
    return rows


def _value(text: str) -> Any:
    if text in ("", "None"):
        return None
    try:
        return float(text)
    except ValueError:
        return text
