"""The test set is looked at on purpose, and every look is written down."""

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


def add_look_options(parser: argparse.ArgumentParser, record: Path) -> None:
    """Add the options of commands that may look at the test set."""
    parser.add_argument(
        "--look-at-db5u",
        action="store_true",
        help="compare with the labels of the test set DB5U too; written down in --looks",
    )
    parser.add_argument(
        "--looks", type=Path, default=record, metavar="CSV", help="record of looks at DB5U"
    )


def refuse_test_set(rows: Iterable[Mapping[str, str]]) -> None:
    """Refuse to choose or fit anything on the test set.

    Parameters
    ----------
    rows : iterable of dict
        Of a manifest.

    Raises
    ------
    SettingError
        One is of the test set.
    """
    if any(row["split"] == TEST_SPLIT for row in rows):
        raise SettingError(
            f"{TEST_SPLIT} is the test set, nothing is fitted or chosen on it; name --split "
            f"{SELECTION_SPLITS} or one of them"
        )


def note_look(
    rows: Sequence[Mapping[str, str]],
    options: argparse.Namespace,
    command: str,
    weights: Iterable[str],
    state: str = "unbound",
) -> None:
    """Write down that labels of the test set are about to be looked at; do nothing for others.

    Parameters
    ----------
    rows : sequence of dict
        Of a manifest: what is to be evaluated.
    options : argparse.Namespace
        With those of `add_look_options`, and rotations.
    command : str
        Who looks.
    weights : iterable of str
        Hashes of the weights; none for predictors without any.
    state : str
        "unbound", "bound" or both.

    Raises
    ------
    SettingError
        The rows hold test complexes and the flag is not given.
    """
    count = sum(row["split"] == TEST_SPLIT for row in rows)
    if not count:
        return
    if not options.look_at_db5u:
        raise SettingError(
            f"{count} of the complexes are of the test set {TEST_SPLIT}, which is looked at only "
            "for final tables; name --split DB4U, or add --look-at-db5u"
        )
    entry = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "revision": revision(),
        "command": command,
        "weights": " ".join(sha256[:DIGITS] for sha256 in weights),
        "state": state,
        "complexes": count,
        "rotations": options.rotations,
    }
    looks = [*read_looks(options.looks), entry]
    write_table(looks, options.looks, COLUMNS)
    print(f"look {len(looks)} at {TEST_SPLIT}, written down in {options.looks}")


def read_looks(record: Path) -> list[dict[str, str]]:
    """Read the looks so far."""
    if not record.is_file():
        return []
    with record.open(newline="") as stream:
        return list(csv.DictReader(stream))


def revision() -> str:
    """Name the revision of the code, with a + where code or weights were changed since."""
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
