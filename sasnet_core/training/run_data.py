"""What a run learns from, kept beside its settings: it goes on with the same, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sasnet_core.errors import SettingError
from sasnet_core.files import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sasnet_core.training.stream import Source

DATA_FILE = "data.json"


def data_facts(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Describe what a run learns from, for JSON; where the datasets lie does not matter."""
    return [source.facts() for source in sources]


def settle_data(output: Path, sources: Sequence[Source], begun: bool, chief: bool = True) -> None:
    """Keep with a run what it learns from; a run that has begun goes on with the same.

    Otherwise a network of a fold could go on with the complexes that it is to be judged on.

    Parameters
    ----------
    output : Path
        Folder of the run.
    sources : sequence of Source
        What it is to learn from.
    begun : bool
        Whether there are checkpoints.
    chief : bool
        Whether this process writes the run's files.

    Raises
    ------
    SettingError
        The run has begun with other data.
    """
    path, given = output / DATA_FILE, data_facts(sources)
    if begun and path.is_file():
        kept = json.loads(path.read_text())["sources"]
        if kept != given:
            raise SettingError(
                f"{output}: the run must go on with the complexes that it has begun with: "
                f"{_in_words(kept)}; got {_in_words(given)}; name the same, or make a new run with "
                f"--start {output / 'last'}"
            )
    elif chief:
        write_json({"sources": given}, path)


def _in_words(facts: Sequence[dict[str, Any]]) -> str:
    return ", ".join(
        f"split {one['splits'] or 'any'}"
        + (f" without fold {one['left_out_fold']}" if one["left_out_fold"] else "")
        + f" of the dataset with manifest {one['manifest_sha256'][:12]}..."
        for one in facts
    )
