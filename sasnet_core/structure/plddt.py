"""The confidence of a structure predictor in each residue (pLDDT), if a file contains it.

Only metadata decide whether B factors are pLDDT, not the values themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: AlphaFold DB calls the confidence low below this.
LOW_PLDDT = 70.0
#: Titles of PDB files whose B factors are pLDDT: AlphaFold DB's, and ESMFold's public server's.
_TITLES = re.compile(r"(ALPHAFOLD\b.*|ESMFOLD V\d+) PREDICTION\b")

#: Chain in mmCIF (label_asym_id), and position in its sequence.
Place = tuple[str, int]


def bfactors_are_plddt(title: str) -> bool:
    """Tell from a PDB file's title whether its B factors are pLDDT."""
    return _TITLES.match(title.upper()) is not None


def local_plddt(
    metrics: Iterable[Mapping[str, str]], values: Iterable[Mapping[str, str]], model: str
) -> dict[Place, float]:
    """Read pLDDT from the tables of a ModelCIF file.

    Parameters
    ----------
    metrics : iterable of mapping
        Rows of ``_ma_qa_metric``: id, name, type, mode.
    values : iterable of mapping
        Rows of ``_ma_qa_metric_local``: model_id, label_asym_id, label_seq_id, metric_id,
        metric_value.
    model : str
        Number of the coordinate model.

    Returns
    -------
    dict
        Place to pLDDT, 0 to 100; empty if the file has none.
    """
    scales = {
        row["id"]: 100.0 if "[0,1]" in row["type"] else 1.0
        for row in metrics
        if "plddt" in (row["name"] + row["type"]).lower() and row["mode"].lower() == "local"
    }
    found: dict[Place, float] = {}
    for row in values:
        if row["metric_id"] in scales and row["model_id"] in (model, "", ".", "?"):
            try:
                value = float(row["metric_value"]) * scales[row["metric_id"]]
                found[row["label_asym_id"], int(row["label_seq_id"])] = value
            except ValueError:  # "." and "?": not known
                continue
    return found


def on_hundred(values: list[float]) -> list[float]:
    """Scale pLDDT to 0 to 100; some files of ESMFold have 0 to 1."""
    return [100.0 * value for value in values] if max(values, default=0.0) <= 1.0 else values
