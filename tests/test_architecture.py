"""Imports point one way, and starting up loads no TensorFlow."""

import ast
import graphlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "sasnet_core"

#: Each module may import those of earlier lines and of its own.
ORDER = (
    ("errors", "chemistry", "confidence", "files", "entries", "workers", "threedmol", "grouping"),
    ("settings",),
    ("config", "fitted"),
    ("pdb_records", "shelf", "ahead"),
    ("sources",),
    ("protein", "rotations", "metrics", "markdown", "paper"),
    ("voxels", "lattice", "surroundings", "interface", "scores", "structure", "homology"),
    ("shared_tower", "mixture", "kept_scores", "rotation_sums"),
    ("complexes", "baselines", "rules", "similarity", "memory"),
    ("scorer",),
    ("ensemble",),
    ("evaluation", "looks", "fixed_pairs", "sites", "fit_set", "targets"),
    ("summaries", "trends", "stream"),
    ("db5", "mining", "splits"),
    ("harvest",),
    ("model", "inference", "context", "layers", "pipeline"),
    ("lattice_tower", "pair_head"),
    ("network",),
    ("weights", "embeddings", "losses", "checkpoints", "runlog", "precision"),
    ("steps",),
    ("steps_tensorflow", "steps_jax", "steps_torch"),
    ("predict", "training", "prediction"),
    ("result", "top_pairs", "summary", "picture", "overview"),
    ("haddock", "viewers", "cofolding", "plain_pdb", "report", "explain", "json_schema", "formats"),
    ("export", "options", "partners", "devices", "progress", "doctor"),
    ("answer", "attached", "predicting"),
    ("batch",),
    ("cli", "export_cli"),
)
RANK = {module: rank for rank, group in enumerate(ORDER) for module in group}

ANYWHERE, IN_FUNCTION, FOR_TYPES = "anywhere", "in a function", "for types only"
HEAVY = {
    "gemmi": {"structure": ANYWHERE},
    "tensorflow": {
        "steps_tensorflow": ANYWHERE,
        "network": IN_FUNCTION,
        "runlog": IN_FUNCTION,
        "precision": IN_FUNCTION,
        "devices": IN_FUNCTION,
    },
    "jax": {"steps_jax": ANYWHERE},
    "torch": {
        "steps_torch": ANYWHERE,
        "precision": IN_FUNCTION,
        "devices": IN_FUNCTION,
    },
    "keras": {
        "model": ANYWHERE,
        "inference": ANYWHERE,
        "lattice_tower": ANYWHERE,
        "pair_head": ANYWHERE,
        "layers": ANYWHERE,
        "training": ANYWHERE,
        "losses": ANYWHERE,
        "runlog": ANYWHERE,
        "steps": ANYWHERE,
        "steps_tensorflow": ANYWHERE,
        "steps_jax": ANYWHERE,
        "steps_torch": ANYWHERE,
        "context": ANYWHERE,
        "network": ANYWHERE,
        "embeddings": ANYWHERE,
        "precision": IN_FUNCTION,
        "predict": ANYWHERE,
        "weights": FOR_TYPES,
        "cli": IN_FUNCTION,
        "devices": IN_FUNCTION,
        "predicting": IN_FUNCTION,
    },
}


@dataclass(frozen=True)
class Import:
    """One imported module and where the statement stands."""

    target: str
    where: str


class ImportFinder(ast.NodeVisitor):
    """Collects imports with their place."""

    def __init__(self, package):
        self.package, self.where, self.found = package, ANYWHERE, []

    def visit_Import(self, node):  # noqa: N802
        self.found += [Import(alias.name, self.where) for alias in node.names]

    def visit_ImportFrom(self, node):  # noqa: N802
        module = node.module or ""
        if node.level:
            module = ".".join(filter(None, [self.package, module]))
        self.found += [Import(f"{module}.{alias.name}", self.where) for alias in node.names]

    def visit_If(self, node):  # noqa: N802
        typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        self.walk_inside(node, FOR_TYPES if typing and self.where == ANYWHERE else self.where)

    def visit_FunctionDef(self, node):  # noqa: N802
        self.walk_inside(node, IN_FUNCTION)

    def walk_inside(self, node, where):
        outside, self.where = self.where, where
        self.generic_visit(node)
        self.where = outside


def imports_of(path, package=""):
    finder = ImportFinder(package)
    finder.visit(ast.parse(path.read_text()))
    return finder.found


def core_modules():
    return sorted(path for path in CORE.glob("*.py") if path.stem != "__init__")


def core_targets(path):
    """Name the modules of sasnet_core that a file imports."""
    parts = [found.target.split(".") for found in imports_of(path, "sasnet_core")]
    return {part[1] for part in parts if part[0] == "sasnet_core" and part[1] in RANK}


@pytest.mark.parametrize("path", core_modules(), ids=lambda path: path.stem)
def test_a_core_module_imports_only_its_own_group_and_those_below(path):
    assert path.stem in RANK, "a new module needs its place in ORDER"
    upward = {t for t in core_targets(path) if RANK[t] > RANK[path.stem]}
    assert not upward


def test_core_modules_import_in_no_circle():
    graph = {path.stem: core_targets(path) for path in core_modules()}
    assert set(graphlib.TopologicalSorter(graph).static_order()) >= set(graph)


@pytest.mark.parametrize("path", core_modules(), ids=lambda path: path.stem)
def test_the_core_knows_neither_train_nor_plugin(path):
    tops = {found.target.split(".")[0] for found in imports_of(path, "sasnet_core")}
    assert not tops & {"train", "plugin", "sasnet_plugin", "tests"}


@pytest.mark.parametrize("library", HEAVY)
@pytest.mark.parametrize("path", core_modules(), ids=lambda path: path.stem)
def test_heavy_libraries_stay_in_their_modules(path, library):
    allowed = HEAVY[library].get(path.stem)
    wheres = {f.where for f in imports_of(path) if f.target.split(".")[0] == library}
    assert wheres <= ({ANYWHERE, IN_FUNCTION, FOR_TYPES} if allowed == ANYWHERE else {allowed})


@pytest.mark.parametrize("path", sorted((ROOT / "train").glob("*.py")), ids=lambda path: path.stem)
def test_a_training_script_stands_alone(path):
    tops = {found.target.split(".")[0] for found in imports_of(path, "train")}
    assert not tops & {"train", "plugin", "sasnet_plugin", "gemmi", "keras"}
    assert path.stem == "fit" or "tensorflow" not in tops


@pytest.mark.parametrize(
    "path", sorted((ROOT / "plugin").rglob("*.py")), ids=lambda path: path.stem
)
def test_the_plugin_needs_only_python_and_pymol(path):
    tops = {found.target.split(".")[0] for found in imports_of(path, "plugin")}
    assert tops <= sys.stdlib_module_names | {"pymol", "plugin"}
    absolute = {found.target.split(".")[0] for found in imports_of(path, "")}
    assert "plugin" not in absolute, "absolute import of the plugin's own name"


def test_the_order_would_catch_an_upward_import(tmp_path):
    path = tmp_path / "chemistry.py"
    path.write_text("def f():\n    from sasnet_core import predict\n")
    assert [t for t in core_targets(path) if RANK[t] > RANK[path.stem]] == ["predict"]


def run_python(code, folder):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "action",
    [
        "",
        "cli.main(['--help'])",
        "cli.main(['no_such_file.pdb', '--left', 'A', '--right', 'B'])",
        "export_cli.main(['--help'])",
        "export_cli.main(['no_such_folder', '--to', 'haddock'])",
    ],
    ids=["import", "help", "bad input", "help of export", "bad input of export"],
)
def test_start_up_loads_no_tensorflow(action, tmp_path):
    code = f"""
import sys
from sasnet_core import cli, export_cli
try:
    {action or "pass"}
except SystemExit:
    pass
print("loaded", *sorted({{"tensorflow", "keras", "scipy", "requests"}} & set(sys.modules)))
"""
    done = run_python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded"
