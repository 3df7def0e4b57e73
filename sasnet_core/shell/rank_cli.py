"""The shell command sasnet_rank."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core import __version__
from sasnet_core.errors import StructureError, run_script
from sasnet_core.files import write_json
from sasnet_core.results.output_folder import OutputFolder
from sasnet_core.results.spreadsheet import write_spreadsheet
from sasnet_core.shell.progress import rotation_progress
from sasnet_core.shell.question import check_sides, split_chains, with_blank_name
from sasnet_core.shell.rank_options import build_parser, check_options, pose_files, run_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    import numpy as np

    from sasnet_core.docking.agreement import Judge
    from sasnet_core.docking.quality import Reference
    from sasnet_core.docking.ranking import PoseReader, ScoredPose
    from sasnet_core.fitted import Calibration
    from sasnet_core.structure.models import Model
    from sasnet_core.structure.protein import Protein

OUTPUT = Path("sasnet_ranking")
TABLE, SKIPPED, SETTINGS, PLOT = "ranking.csv", "skipped.csv", "ranking.json", "ranking.png"
COLUMNS = ("rank", "pose", "model", "score", "pairs", "sites", "contacts", "left", "right")
QUALITY_COLUMNS = ("fnat", "irmsd", "lrmsd", "dockq")
#: Poses that the summary names, and skipped ones that get a line.
SHOWN, NAMED = 5, 10
#: Ranks up to which the best DockQ is printed.
LEVELS = (1, 10, 100)


@dataclass(frozen=True)
class Predicted:
    """The prediction that poses are compared with."""

    left: Protein
    right: Protein
    matrix: np.ndarray  # (n_left, n_right) pair scores
    calibration: Calibration
    settings: dict[str, Any]
    #: Of the residues, of a result in which some are known.
    probabilities: tuple[np.ndarray, np.ndarray] | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; default: that of this process.
    """
    return run_script("sasnet_rank", lambda: rank(build_parser().parse_args(arguments)))


def rank(options: argparse.Namespace) -> int:
    """Run the command with parsed options.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.
    """
    check_options(options)
    files = pose_files(options)
    reader = open_first(files[0], options)
    reference = read_reference(reader, options)
    folder = options.output or OUTPUT
    products = (TABLE, SKIPPED, SETTINGS, PLOT, *best_names(folder))
    inputs = [*files, *([options.reference] if options.reference else [])]
    with OutputFolder(folder, products, inputs, record=SETTINGS) as output:
        predicted = get_prediction(reader, options)
        skipped: list[dict[str, str]] = []
        poses = score_all(files, reader, predicted, reference, skipped, options)
        write_ranking(poses, skipped, output.staging, predicted, options)
        notes = [] if options.no_plot else draw(poses, output.staging / PLOT)
        written = output.publish()
    for text in [*skipped_notes(skipped), *notes, *output.removal_note()]:
        print(f"note: {text}", file=sys.stderr)
    if not options.quiet:
        print(*summary(poses, len(skipped)), "files:", *(f"  {p}" for p in written), sep="\n")
    return 0


def best_names(folder: Path) -> list[str]:
    """List the files of best poses that an earlier run left."""
    return sorted(path.name for path in folder.glob("best_[0-9][0-9][0-9].*") if path.is_file())


def open_first(path: Path, options: argparse.Namespace) -> PoseReader:
    """Read the first pose, which says what the others must hold."""
    from sasnet_core.docking.ranking import PoseReader
    from sasnet_core.structure.models import read_models

    first: Model = next(read_models(path))
    structure = first.structure()
    chains = [
        with_blank_name(structure, split_chains(names)) for names in (options.left, options.right)
    ]
    check_sides(structure, *chains)
    return PoseReader(first, *chains)


def read_reference(reader: PoseReader, options: argparse.Namespace) -> Reference | None:
    """Read the known complex, if there is one."""
    if options.reference is None:
        return None
    from sasnet_core.docking.ranking import make_reference
    from sasnet_core.structure import reading

    structure = reading.read(options.reference)
    left, right = (
        with_blank_name(structure, split_chains(names))
        for names in (
            options.reference_left or options.left,
            options.reference_right or options.right,
        )
    )
    check_sides(structure, left, right)
    return make_reference(structure, (left, right), reader.first)


def get_prediction(reader: PoseReader, options: argparse.Namespace) -> Predicted:
    """Predict the two proteins, or take a result that was saved."""
    if options.prediction is None:
        return predict_proteins(reader, options)
    from sasnet_core.fitted import Calibration
    from sasnet_core.results.reading import read_result

    result = read_result(options.prediction)
    weights = result.values["weights"]
    return Predicted(
        result.left.protein,
        result.right.protein,
        result.scores,
        Calibration.from_dict(weights["calibration"]),
        {"weights": weights["sha256"], "result": str(options.prediction)},
        (result.left.probability, result.right.probability),
    )


def predict_proteins(reader: PoseReader, options: argparse.Namespace) -> Predicted:
    """Predict the first pose, or the structures of --structures."""
    from sasnet_core.shell.session import calibrated_weights, loaded
    from sasnet_core.structure import reading

    left, right = reader.first.partners
    names = [str(reader.structure.path)]
    if options.structures:
        left, right = (reading.read(path).protein() for path in options.structures)
        names = [str(path) for path in options.structures]
    settings = run_settings(options)
    info = calibrated_weights(settings)
    style = "none" if options.quiet else "bar"
    with rotation_progress(settings.rotations, style) as show, loaded(settings, info) as predictor:
        if show is not None:
            show(0)
        scores = predictor.score(left, right, settings.rotations, settings.seed, show)
        done = {
            "weights": info.sha256,
            "rotations": settings.rotations,
            "seed": settings.seed,
            "precision": predictor.precision,
            "structures": names,
        }
    return Predicted(left, right, scores.matrix, info.needed_calibration(), done)


def score_all(
    files: Iterable[Path],
    reader: PoseReader,
    predicted: Predicted,
    reference: Reference | None,
    skipped: list[dict[str, str]],
    options: argparse.Namespace,
) -> list[ScoredPose]:
    """Score the poses in all files, the best first; list those that cannot be."""
    from tqdm import tqdm

    from sasnet_core.docking.ranking import best_first, match_residues, score_poses

    left, right = reader.first.partners
    rows = match_residues(left, predicted.left), match_residues(right, predicted.right)
    found = score_poses(
        files,
        reader,
        make_judge(predicted),
        rows,
        reference,
        lambda pose, reason: skipped.append({"pose": pose, "reason": reason}),
    )
    poses = best_first(tqdm(found, "poses", unit="", file=sys.stderr, disable=options.quiet))
    if not poses:
        raise StructureError(f"at least one pose is needed, none could be read: {skipped[0]}")
    return poses


def make_judge(predicted: Predicted) -> Judge:
    """Make what scores contacts."""
    from sasnet_core.docking.agreement import Judge
    from sasnet_core.structure.antibody import kinds_of
    from sasnet_core.structure.surface import exposed_area

    exposure = exposed_area(predicted.left), exposed_area(predicted.right)
    kinds = kinds_of(predicted.left, predicted.right)
    return Judge(predicted.matrix, predicted.calibration, exposure, kinds, predicted.probabilities)


def write_ranking(
    poses: Sequence[ScoredPose],
    skipped: Sequence[dict[str, str]],
    folder: Path,
    predicted: Predicted,
    options: argparse.Namespace,
) -> None:
    """Write the tables, the settings and the best poses."""
    columns = [*COLUMNS, *(QUALITY_COLUMNS if poses[0].quality else ())]
    rows = (table_row(rank, pose) for rank, pose in enumerate(poses, 1))
    write_spreadsheet(rows, folder / TABLE, columns)
    if skipped:
        write_spreadsheet(skipped, folder / SKIPPED, ["pose", "reason"])
    settings = {
        "version": __version__,
        "left": options.left,
        "right": options.right,
        "reference": str(options.reference) if options.reference else None,
        "prediction": predicted.settings,
        "poses": len(poses),
        "skipped": len(skipped),
    }
    write_json(settings, folder / SETTINGS)
    for rank, pose in enumerate(poses[: options.best], 1):
        write_pose(pose, folder, f"best_{rank:03d}")


def table_row(rank: int, pose: ScoredPose) -> dict[str, Any]:
    """Return a row of ranking.csv."""
    values = {**asdict(pose.agreement), **(asdict(pose.quality) if pose.quality else {})}
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
    return {"rank": rank, "pose": str(pose.path), "model": pose.model, **rounded}


def write_pose(pose: ScoredPose, folder: Path, name: str) -> None:
    """Write a pose as it is in its file, in a file of its own."""
    from sasnet_core.structure.models import read_models

    model = next(m for m in read_models(pose.path) if m.number == pose.model)
    (folder / f"{name}.{'pdb' if model.is_pdb else 'cif'}").write_bytes(model.own_text())


def draw(poses: Sequence[ScoredPose], path: Path) -> list[str]:
    """Draw the plot; return a note if that cannot be done."""
    if importlib.util.find_spec("matplotlib") is None:
        return ["no ranking.png: matplotlib is not installed (pip install matplotlib)"]
    from sasnet_core.docking.plot import plot

    plot(poses, path)
    return []


def skipped_notes(skipped: Sequence[dict[str, str]]) -> list[str]:
    """Say which poses were skipped, one line each; the first of many."""
    notes = [f"skipped {entry['pose']}: {entry['reason']}" for entry in skipped[:NAMED]]
    more = len(skipped) - len(notes)
    return [*notes, f"skipped {more} more, see {SKIPPED}"] if more else notes


def summary(poses: Sequence[ScoredPose], skipped: int) -> list[str]:
    """Say which poses are the best, and how near these are to the reference."""
    lines = [f"{len(poses)} poses ranked, {skipped} skipped; the best:"]
    for rank, pose in enumerate(poses[:SHOWN], 1):
        known = f", DockQ {pose.quality.dockq:.2f}" if pose.quality else ""
        lines.append(
            f"  {rank} {pose.label}: score {pose.agreement.score:.2f}, "
            f"{pose.agreement.contacts} contacts{known}"
        )
    qualities = [pose.quality.dockq for pose in poses if pose.quality]
    if qualities:
        tops = (f"{max(qualities[:n]):.2f} among {n}" for n in LEVELS if n <= len(qualities))
        lines.append(f"best DockQ: {', '.join(tops)}, {max(qualities):.2f} among all")
    return lines


if __name__ == "__main__":
    sys.exit(main())
