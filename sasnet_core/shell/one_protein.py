"""One protein in one call of Python: `sasnet_core.predict_alone`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.config import ROTATIONS
from sasnet_core.shell.alone import alone_fit, predict_protein, require_one_chain
from sasnet_core.shell.fetch import make_sources
from sasnet_core.shell.one_call import as_table, call_settings, json_text
from sasnet_core.shell.question import Question, read_one, split_chains

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from sasnet_core.results.alone import AlonePrediction


@dataclass(frozen=True)
class Site:
    """Where another protein would bind one protein: the answer of `predict_alone`.

    The tables are pandas data frames where pandas is installed, otherwise lists of dicts.

    Attributes
    ----------
    prediction : AlonePrediction
        All of it: protein, site scores, weights, calibration.
    """

    prediction: AlonePrediction

    @property
    def patches(self) -> Any:
        """Patches, the likeliest first: a table with the columns of patches.csv."""
        return as_table(self.prediction.patch_rows())

    @property
    def residues(self) -> Any:
        """Residues in file order: a table with the columns of residues.csv."""
        return as_table(self.prediction.residue_rows())

    @property
    def probability(self) -> np.ndarray:
        """Probability that each residue binds another protein, shape (n_residues,)."""
        return self.prediction.probability

    @property
    def warnings(self) -> list[str]:
        """What may make the prediction unreliable."""
        return self.prediction.warnings()

    def __str__(self) -> str:
        """Return the summary that `sasnet_predict` prints."""
        return "\n".join(self.prediction.summary_lines())

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the content of result.json, and write it to a file if one is named."""
        return json_text(self.prediction.to_dict(), path)

    def save(self, folder: str | Path) -> list[Path]:
        """Write a result folder, as `sasnet_predict` does for one protein.

        Parameters
        ----------
        folder : str or Path
            Made if it is not there; a result in it is replaced.

        Returns
        -------
        list of Path
            The files.

        Raises
        ------
        SasnetError
            The folder cannot be written.
        """
        from sasnet_core.results.output_folder import OutputFolder

        inputs = [self.prediction.partner.structure.path]
        with OutputFolder(Path(folder), inputs=inputs) as output:
            self.prediction.write(output.staging)
            files = output.publish()
        for note in output.removal_note():
            warnings.warn(note, stacklevel=2)
        return files


def predict_alone(
    structure: str | Path,
    *,
    chains: str = "",
    model: int = 1,
    assembly: str | None = None,
    rotations: int = ROTATIONS,
    seed: int = 0,
    threshold: float | None = None,
    weights: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Site:
    """Predict where another protein would bind a protein, if no partner is known.

    This is the answer of the command ``sasnet_predict structure`` with one protein. If you know the
    partner, call `predict_interface` with both.

    Parameters
    ----------
    structure : str or Path
        Structure file (PDB or mmCIF, plain or gzipped), or id of an entry.
    chains : str
        Chains of the protein, like ``"H,L"``; may be left out if there is one.
    model, assembly : int, str
        Coordinate model to read, and biological assembly to build first.
    rotations, seed : int
        Random rotations to average, and their seed.
    threshold : float, optional
        Residues of this probability or more are called likely; default: that of the weights.
    weights : str or Path, optional
        Folder, or name of weights that come with sasnet.
    device, precision : str
        As of `sasnet_predict`.
    threads : int, optional
        Processor threads; default: all.
    memory : float, optional
        GB to stay within.
    progress : callable, optional
        Called with 0 when the network is loaded, and with the number of rotations after each.

    Returns
    -------
    Site
        Patches and residues as tables; `Site.save` writes what the command writes.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.

    Examples
    --------
    >>> found = predict_alone("receptor.pdb", chains="A")  # doctest: +SKIP
    >>> print(found)  # doctest: +SKIP
    """
    settings = call_settings(
        weights, rotations=rotations, seed=seed, threshold=threshold,
        device=device, precision=precision, threads=threads, memory=memory,
    )  # fmt: skip
    question = Question((str(structure),), model=model, assembly=assembly)
    protein = read_one(question, make_sources({}), split_chains(chains))
    if not chains:
        require_one_chain(protein, "the chains of one protein must be named")
    return Site(predict_protein(protein, settings, *alone_fit(settings), progress))
