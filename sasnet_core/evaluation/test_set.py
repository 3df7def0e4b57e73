"""Access to the labels of the test set: on purpose only, and recorded."""

from __future__ import annotations

import csv
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sasnet_core.config import SELECTION_SPLITS, TEST_SPLIT
from sasnet_core.errors import SettingError
from sasnet_core.files import write_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

COLUMNS = ("date", "revision", "command", "weights", "state", "complexes", "rotations")
#: Digits of a hash that the record shows.
DIGITS = 12


def add_test_set_options(parser: argparse.ArgumentParser, record: Path) -> None:
    """Add the options of commands that may use the labels of the test set."""
    parser.add_argument(
        "--look-at-db5u",
        action="store_true",
        help="use the labels of the test set DB5U too; the access is recorded in --looks",
    )
    parser.add_argument(
        "--looks", type=Path, default=record, metavar="CSV", help="record of all accesses to DB5U"
    )


def refuse_test_set(rows: Iterable[Mapping[str, str]]) -> None:
    """Refuse a selection that holds test complexes.

    Parameters
    ----------
    rows : iterable of dict
        Rows of a manifest.

    Raises
    ------
    SettingError
        One of them belongs to the test set.
    """
    if any(row["split"] == TEST_SPLIT for row in rows):
        raise SettingError(
            f"{TEST_SPLIT} is the test set: nothing is fitted or chosen on it; use --split "
            f"{SELECTION_SPLITS} or one of them"
        )


def record_access(
    rows: Sequence[Mapping[str, str]],
    *,
    allowed: bool,
    record: Path,
    command: str,
    weights: Iterable[str],
    rotations: int,
    state: str = "unbound",
) -> None:
    """Record that labels of the test set are about to be used. Other complexes need no record.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a manifest that are to be evaluated.
    allowed : bool
        Whether the user asked for the test set (``--look-at-db5u``).
    record : Path
        CSV file of all accesses.
    command : str
        The command that uses the labels.
    weights : iterable of str
        Hashes of the weights; none for predictors without weights.
    rotations : int
        Rotations that are averaged.
    state : str
        "unbound", "bound" or both.

    Raises
    ------
    SettingError
        The rows hold test complexes and access is not allowed.
    """
    count = sum(row["split"] == TEST_SPLIT for row in rows)
    if not count:
        return
    if not allowed:
        raise SettingError(
            f"{count} of the complexes are of the test set {TEST_SPLIT}, which is for final tables "
            "only; use --split DB4U, or add --look-at-db5u"
        )
    entry = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "revision": revision(),
        "command": command,
        "weights": " ".join(sha256[:DIGITS] for sha256 in weights),
        "state": state,
        "complexes": count,
        "rotations": rotations,
    }
    accesses: list[Mapping[str, object]] = [*read_accesses(record), entry]
    write_table(accesses, record, COLUMNS)
    print(f"look {len(accesses)} at {TEST_SPLIT}, recorded in {record}")


def read_accesses(record: Path) -> list[dict[str, str]]:
    """Read the accesses so far."""
    if not record.is_file():
        return []
    with record.open(newline="") as stream:
        return list(csv.DictReader(stream))


def revision() -> str:
    """Return the revision of the code, with a + if code or weights have changed since."""
    root = Path(__file__).parents[2]

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    try:
        head = git("rev-parse", f"--short={DIGITS}", "HEAD").stdout.strip()
        changed = git("diff", "--quiet", "HEAD", "--", "sasnet_core", "train", "resources")
    except OSError:  # no git
        return "unknown"
    return f"{head}{'+' if changed.returncode else ''}" if head else "unknown"
