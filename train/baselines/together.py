"""Let a compared method and sasnet score together: an ensemble of two unlike networks.

    python -m train.baselines.together DB5_DATASET RUNS --method dtnn
    python -m train.baselines.together DB5_DATASET RUNS --method dtnn --pssm PROFILES
    python -m train.baselines.together DB5_DATASET RUNS --weights default --save WEIGHTS

Log odds of a pair: those of sasnet, plus those of the method's replicates (averaged, and smoothed
as sasnet's are) times a share. The share with the best mean AUROC on DB4U is kept. --name NAME also
writes the rows of table 2. Networks that see other things make other errors: the methods read the
features of residues on a graph, sasnet the atoms. --save writes both as weights: run
train.calibrate on them afterwards.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sasnet_core.config import TEST_SPLIT
from sasnet_core.conservation.residues import profile_finder
from sasnet_core.conservation.terms import find_info
from sasnet_core.dataset.complexes import Complex, benchmark_rows, load_complex
from sasnet_core.errors import SettingError, run_script
from sasnet_core.evaluation.compared import CONSERVATION, STRUCTURE, paired_cell, write_measured
from sasnet_core.evaluation.tables import with_interval
from sasnet_core.evaluation.test_set import add_test_set_options, record_access
from sasnet_core.graph.deep_tensor import DeepTensor
from sasnet_core.graph.stored import save_networks
from sasnet_core.metrics import auroc
from sasnet_core.network.weights_folder import GRAPH_FILE, find_folder, read_info
from sasnet_core.network.weights_writing import add_graph, check_graph
from sasnet_core.scoring.conserved import ConservedScorer
from sasnet_core.scoring.graph_terms import MARGIN, graph_log_odds
from sasnet_core.scoring.log_odds import logit
from sasnet_core.scoring.predictor import load_predictor
from sasnet_core.scoring.scorer import Scorer
from sasnet_core.scoring.smoothing import Smoother
from train.baselines import learning, runs
from train.baselines.evaluate import CHOSEN_BY, DOCS, best_replicates, file_hash
from train.baselines.pairs import load_pairs

#: Shares that are tried.
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("dataset", type=Path, help="dataset of train.db5")
    add("runs", type=Path, metavar="RUNS", help="folder of train.baselines.fit")
    add("--method", choices=runs.METHODS, default="dtnn", help="default: dtnn")
    add("--weights", type=Path, default=Path("default"), help="of sasnet (default: default)")
    add("--pssm", type=Path, metavar="PROFILES", help="the column with conservation")
    add("--rotations", type=int, default=2, metavar="N", help="default: 2")
    add("--kept", type=Path, metavar="SCORES", help="keep sasnet's scores in this folder")
    add("--save", type=Path, metavar="WEIGHTS", help="write both as weights into this folder")
    add("--name", help="write rows of table 2 under this name, which begins with sasnet")
    add("-o", "--output", type=Path, default=DOCS / "results" / "table2", metavar="FOLDER",
        help="of the rows (default: docs/results/table2)")  # fmt: skip
    add_test_set_options(parser, DOCS / "db5u_looks.csv")
    return parser.parse_args(arguments)


@dataclass(frozen=True)
class Case:
    """A complex, and the log odds of its pairs by both, shape (n_left, n_right)."""

    item: Complex
    ours: np.ndarray
    theirs: np.ndarray

    def aurocs(self, share: float) -> tuple[float, list[float]]:
        """Return the AUROC of pairs, and that of the residues of both sides, with a share."""
        scores, truth = self.ours + share * self.theirs, self.item.labels()
        sites = [auroc(truth.any(axis=axis), scores.max(axis=axis)) for axis in (1, 0)]
        return auroc(truth, scores), sites


def make_cases(options: argparse.Namespace, split: str, scorer: Scorer) -> list[Case]:
    """Score the complexes of a split by both; an access to the test set is recorded."""
    column = CONSERVATION if options.pssm else STRUCTURE
    folders = best_replicates(options.runs / f"{options.method}-{column}")
    info = read_info(options.weights)
    rows = benchmark_rows(options.dataset, split, "unbound")
    record_access(
        rows, allowed=options.look_at_db5u, record=options.looks,
        command="train.baselines.together", rotations=options.rotations,
        weights=[info.sha256, *(file_hash(folder / learning.WEIGHTS) for folder in folders)],
    )  # fmt: skip
    trained = [learning.load(folder) for folder in folders]
    profiles = runs.profile_reader(options.pssm) if options.pssm else None
    features = learning.read_facts(folders[0])["features"]
    graphs = load_pairs(options.dataset, rows, features, options.runs / runs.GRAPHS, profiles)
    cases = []
    for row, pair in zip(tqdm(rows, desc=split, disable=None), graphs, strict=True):
        item = load_complex(options.dataset / row["file"])
        matrix = scorer.score(item.left, item.right, options.rotations).matrix
        logits = np.mean([learning.score(one, pair) for one in trained], axis=0)
        smoother = Smoother(item.left, item.right, info.smoothing)
        theirs = graph_log_odds(logits, item.left, item.right, smoother)
        ours = logit(np.clip(matrix.astype(np.float64), MARGIN, 1 - MARGIN))
        cases.append(Case(item, ours, theirs))
    return cases


def load_scorer(options: argparse.Namespace) -> Scorer:
    """Load sasnet's network on atoms, with terms of conservation if profiles are named."""
    info = read_info(options.weights)
    scorer = load_predictor(info.folder, score_cache=options.kept, graphs=False)
    if options.pssm is None:
        return scorer
    terms = find_info([info.folder, find_folder("conservation")], info.sha256).terms
    return ConservedScorer(scorer, terms, profile_finder(options.pssm))


def describe(cases: Sequence[Case], share: float) -> str:
    """Write the measures of a share."""
    pairs, sites = zip(*(case.aurocs(share) for case in cases), strict=True)
    return f"CAUROC {with_interval(pairs)}, mean {np.mean(pairs):.4f}, sites {np.mean(sites):.4f}"


def exported(trained: learning.Trained) -> DeepTensor:
    """Take the arrays of a trained DTNN for use without Keras.

    Raises
    ------
    SettingError
        It has several convolutions.
    """
    sizes = trained.facts["sizes"]
    if sizes["method"] != "dtnn" or len(sizes["filters"]) != 1:
        raise SettingError(
            f"--save needs a DTNN of one convolution, got {sizes['method']} of {sizes['filters']}"
        )
    layers = {layer.name: layer.get_weights() for layer in trained.model.layers if layer.weights}
    (first, first_bias), (second,) = layers.pop("first"), layers.pop("second")
    score, score_bias = layers.pop("score")
    shapes = {values[0].shape: values for values in layers.values()}  # all differ
    n, f = sizes["n_features"], sizes["filters"][0]
    (nodes, nodes_bias), (edges, edges_bias) = shapes[n, f], shapes[sizes["edge_features"], f]
    return DeepTensor(
        {
            "mean": trained.scale.mean, "deviation": trained.scale.deviation,
            "nodes": nodes, "nodes_bias": nodes_bias, "edges": edges, "edges_bias": edges_bias,
            "factors": shapes[f, n][0], "first": first, "first_bias": first_bias,
            "second": second, "score": score[:, 0], "score_bias": score_bias[0],
        }
    )  # fmt: skip


def save_both(options: argparse.Namespace, share: float) -> None:
    """Write sasnet's network and the method's replicates as one set of weights."""
    info = read_info(options.weights)
    folders = best_replicates(options.runs / f"{options.method}-{STRUCTURE}")
    networks = [exported(learning.load(folder)) for folder in folders]
    check_graph(info, share)
    save_networks(networks, options.save / GRAPH_FILE)
    add_graph(info, share, options.save)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = parse(arguments)
    if options.save and options.pssm:
        raise SettingError("--save is for structure alone; omit --pssm")
    scorer = load_scorer(options)
    cases = make_cases(options, CHOSEN_BY, scorer)
    for share in SHARES:
        print(f"{CHOSEN_BY}, share {share:g}: {describe(cases, share)}", flush=True)
    chosen = max(SHARES, key=lambda share: np.mean([case.aurocs(share)[0] for case in cases]))
    found = {CHOSEN_BY: cases}
    if options.look_at_db5u:
        found[TEST_SPLIT] = make_cases(options, TEST_SPLIT, scorer)
    rows: list[dict[str, object]] = []
    for split, some in found.items():
        after, before = (
            {case.item.name: case.aurocs(share)[0] for case in some} for share in (chosen, 0.0)
        )
        print(f"{split}, share {chosen:g}: {describe(some, chosen)}")
        print(f"{split}, minus sasnet alone: {paired_cell(after, before)}")
        rows += [
            {"split": split, "id": name, "replicate": 1, "auroc": round(value, 6)}
            for name, value in after.items()
        ]
    if options.save:
        save_both(options, chosen)
    if options.name:
        column = CONSERVATION if options.pssm else STRUCTURE
        print(write_measured(options.output, options.name, column, rows))
    return 0


if __name__ == "__main__":
    sys.exit(run_script("train.baselines.together", main))
