"""A prediction in one call of Python: `sasnet_core.predict_interface`."""

from __future__ import annotations

import importlib
import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core.config import ROTATIONS
from sasnet_core.errors import SelectionError
from sasnet_core.results.formats.registry import chosen_formats
from sasnet_core.results.known_residues import find_known
from sasnet_core.shell.fetch import make_sources
from sasnet_core.shell.question import Question, read_partners
from sasnet_core.shell.result_folder import Content, write_result_folder
from sasnet_core.shell.run_numbers import check_numbers
from sasnet_core.shell.session import RunSettings, calibrated_weights, loaded, predict

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from sasnet_core.results.prediction import Prediction

#: Pairs of residues that tables and JSON list, the highest score first.
LISTED_PAIRS = 1000


@dataclass(frozen=True)
class Interface:
    """Where two proteins touch: the answer of `predict_interface`.

    The tables are pandas data frames where pandas is installed, otherwise lists of dicts.

    Attributes
    ----------
    prediction : Prediction
        All of it: partners, scores, weights, calibration.
    """

    prediction: Prediction

    @property
    def patches(self) -> Any:
        """Patches of both sides, the likeliest first: a table with the columns of patches.csv."""
        return as_table(self.prediction.patch_rows())

    @property
    def patch_pairs(self) -> Any:
        """Pairs of patches by falling chance that they touch: a table like patch_pairs.csv."""
        from sasnet_core.results.patches import pair_row

        return as_table([pair_row(pair) for pair in self.prediction.patch_pairs])

    @property
    def residues(self) -> Any:
        """Residues of both sides in file order: a table with the columns of residues.csv."""
        return as_table([asdict(row) for row in self.prediction.residue_rows()])

    @property
    def pairs(self) -> Any:
        """Residue pairs, the highest score first: a table with the columns of pairs.csv."""
        return as_table([asdict(row) for row in self.prediction.pair_rows(LISTED_PAIRS)])

    @property
    def scores(self) -> np.ndarray:
        """Scores of all residue pairs, shape (n_left, n_right), float32."""
        return self.prediction.scores.matrix

    @property
    def warnings(self) -> list[str]:
        """What may make the prediction unreliable."""
        return self.prediction.warnings()

    def __str__(self) -> str:
        """Return the summary that `sasnet_predict` prints."""
        from sasnet_core.results.summary import summary_lines

        return "\n".join(summary_lines(self.prediction))

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the content of result.json, and write it to a file if one is named."""
        return json_text(self.prediction.to_dict(LISTED_PAIRS), path)

    def save(
        self,
        folder: str | Path,
        export: str = "",
        *,
        picture: bool = False,
        report: bool = True,
    ) -> list[Path]:
        """Write a result folder, as `sasnet_predict` does.

        Parameters
        ----------
        folder : str or Path
            Made if it is not there; a result in it is replaced.
        export : str
            Formats to write too, like ``"haddock,chimerax"``.
        picture : bool
            Whether to let PyMOL draw picture.png and session.pse.
        report : bool
            Whether to write report.html.

        Returns
        -------
        list of Path
            The files.

        Raises
        ------
        SasnetError
            The folder cannot be written, or an export is not possible.
        """
        from sasnet_core.errors import ResultError
        from sasnet_core.results.output_folder import OutputFolder

        formats = tuple(chosen_formats(export)) if export else ()
        content = Content(LISTED_PAIRS, formats, picture=picture, report=report)
        partners = self.prediction.left, self.prediction.right
        inputs = [partner.structure.path for partner in partners]
        with OutputFolder(Path(folder), inputs=inputs) as output:
            messages = write_result_folder(self.prediction, output.staging, content)
            files = output.publish()
        for note in [*messages.notes, *output.removal_note()]:
            warnings.warn(note, stacklevel=2)
        if messages.problems:
            raise ResultError(
                f"the prediction was written, but not every export ({messages.problems[0]})"
            )
        return files


def call_settings(
    weights: str | Path | None, pair_count: int | None = None, **others: Any
) -> RunSettings:
    """Make the settings of a run from the arguments of a call; `others` as of `RunSettings`.

    Raises
    ------
    SettingError
        A number is out of its range.
    """
    numbers = ("rotations", "seed", "threshold", "threads", "memory")
    check_numbers({name: others[name] for name in numbers})
    folder = None if weights is None else Path(weights)
    return RunSettings(weights=folder, pair_count=pair_count, **others)


def as_table(rows: list[dict[str, Any]]) -> Any:
    """Return rows as a pandas data frame, or as they are if pandas is not installed."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return rows
    return pandas.DataFrame(rows)


def json_text(values: dict[str, Any], path: str | Path | None) -> str:
    """Return the text of result.json, and write it to a file if one is named."""
    from sasnet_core.files import written_whole

    text = json.dumps(values, indent=2, sort_keys=True) + "\n"
    if path is not None:
        with written_whole(Path(path)) as stream:
            stream.write(text)
    return text


def predict_interface(
    left: str | Path,
    right: str | Path | None = None,
    *,
    left_chains: str = "",
    right_chains: str = "",
    model: int = 1,
    assembly: str | None = None,
    rotations: int = ROTATIONS,
    seed: int = 0,
    threshold: float | None = None,
    include: str = "",
    exclude: str = "",
    mask: str = "",
    weights: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    memory: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Interface:
    """Predict where two proteins touch: the answer of the command `sasnet_predict`.

    Parameters
    ----------
    left : str or Path
        Structure file (PDB or mmCIF, plain or gzipped), or id of an entry; holds both partners if
        `right` is not given, and then both need their chains named.
    right : str or Path, optional
        The other partner's.
    left_chains, right_chains : str
        Chains, like ``"H,L"``; default: all of each file.
    model, assembly : int, str
        Coordinate model to read, and biological assembly to build first.
    rotations, seed : int
        Random rotations to average, and their seed.
    threshold : float, optional
        Residues of this probability or more are called likely; default: that of the weights, or
        the mean probability if that is higher.
    include, exclude, mask : str
        Residues that are in the interface, that are not, and that cannot be reached, like
        ``"left:A:45-52,B:7A"``.
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
    Interface
        Patches, residues and pairs as tables; `Interface.save` writes what the command writes.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.

    See Also
    --------
    predict_alone : Where another protein would bind, if the partner is not known.

    Examples
    --------
    >>> found = predict_interface("receptor.pdb", "ligand.pdb")  # doctest: +SKIP
    >>> print(found)  # doctest: +SKIP
    """
    settings = call_settings(
        weights, LISTED_PAIRS, rotations=rotations, seed=seed, threshold=threshold,
        device=device, precision=precision, threads=threads, memory=memory,
    )  # fmt: skip
    if right is None and not left_chains and not right_chains:
        raise SelectionError(
            f"{left}: one file needs both left_chains and right_chains; predict_alone answers for "
            "one protein"
        )
    structures = tuple(str(name) for name in (left, right) if name is not None)
    question = Question(structures, left_chains, right_chains, model, assembly)
    partners = read_partners(question, make_sources({}))
    named = {"include": include, "exclude": exclude, "mask": mask}
    known = find_known(named, partners)
    info = calibrated_weights(settings)
    with loaded(settings, info) as predictor:
        return Interface(predict(predictor, *partners, settings, info, progress, known))
