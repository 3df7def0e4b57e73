"""How sure a structure predictor was of each residue (pLDDT), where a file itself says so.

B factors are never taken for pLDDT because they look like it: only metadata decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Below this AlphaFold DB calls the confidence low.
LOW_PLDDT = 70.0
#: Titles of PDB files whose B factors are pLDDT: AlphaFold DB's, and ESMFold's public server's.
_TITLES = re.compile(r"(ALPHAFOLD\b.*|ESMFOLD V\d+) PREDICTION\b")

#: Chain as mmCIF labels it (label_asym_id), and position in its sequence.
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
        Which coordinate model.

    Returns
    -------
    dict
        pLDDT, 0 to 100, by place; empty if the file gives none.
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
    """Bring pLDDT to 0 to 100: ESMFold has written it as 0 to 1 too."""
    return [100.0 * value for value in values] if max(values, default=0.0) <= 1.0 else values
