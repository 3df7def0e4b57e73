"""Imports point one way, and starting up loads no TensorFlow."""

import ast
import functools
import graphlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "sasnet_core"

#: Rooms of sasnet_core from the ground up; rooms on one floor do not know each other.
FLOORS = (
    ("ground",),  # the modules that lie in sasnet_core itself
    ("structure",),
    ("network", "dataset", "conservation", "graph"),
    ("mining", "training", "scoring"),
    ("docking", "evaluation", "results"),
    ("shell",),
    ("doors",),  # what users and other programs import by a short name
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
DOORS = {"cli", "predict", "weights"}

ANYWHERE, IN_FUNCTION, FOR_TYPES = "anywhere", "in a function", "for types only"
#: Libraries that take time to import, or that few machines have, and where they may be imported.
HEAVY = {
    "gemmi": {
        "shell.download": IN_FUNCTION,
        "structure.assemblies": ANYWHERE,
        "structure.atom_site": ANYWHERE,
        "structure.cif_names": ANYWHERE,
        "structure.raw_residues": ANYWHERE,
        "structure.reading": ANYWHERE,
        "structure.writing": ANYWHERE,
    },
    "tensorflow": {
        "training.steps_tensorflow": ANYWHERE,
        "training.lattice_gradients": ANYWHERE,
        "network.tracing": IN_FUNCTION,
        "training.runlog": IN_FUNCTION,
        "network.precision": IN_FUNCTION,
        "network.devices": IN_FUNCTION,
    },
    "jax": {"training.steps_jax": ANYWHERE},
    "torch": {
        "training.steps_torch": ANYWHERE,
        "network.precision": IN_FUNCTION,
        "network.devices": IN_FUNCTION,
    },
    "keras": {
        "network.model": ANYWHERE,
        "network.folding": ANYWHERE,
        "network.lattice_tower": ANYWHERE,
        "network.linear_pairs": ANYWHERE,
        "network.pair_head": ANYWHERE,
        "network.preprocessing": ANYWHERE,
        "network.context": ANYWHERE,
        "network.network": ANYWHERE,
        "network.tracing": ANYWHERE,
        "network.weights": FOR_TYPES,
        "network.precision": IN_FUNCTION,
        "network.devices": IN_FUNCTION,
        "training.trainer": ANYWHERE,
        "training.linear_pairs_fit": ANYWHERE,
        "training.losses": ANYWHERE,
        "training.lattice_gradients": FOR_TYPES,
        "training.runlog": ANYWHERE,
        "training.steps": ANYWHERE,
        "training.steps_tensorflow": ANYWHERE,
        "training.steps_jax": ANYWHERE,
        "training.steps_torch": ANYWHERE,
        "training.frozen_embeddings": ANYWHERE,
        "scoring.predictor": ANYWHERE,
        "shell.cli": IN_FUNCTION,
        "shell.session": IN_FUNCTION,
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


@functools.cache
def imports_of(path, package=""):
    finder = ImportFinder(package)
    finder.visit(ast.parse(path.read_text()))
    return finder.found


def core_modules():
    return sorted(path for path in CORE.rglob("*.py") if path.stem != "__init__")


def name_of(path):
    """Name a module of the core without the package: "structure.reading"."""
    return ".".join(path.relative_to(CORE).with_suffix("").parts)


@functools.cache
def core_names():
    """Name all modules of the core."""
    return {name_of(path) for path in core_modules()}


def room_of(module):
    """Name the room of a module, given without the package."""
    if "." in module:
        return module.split(".")[0]
    return "doors" if module in DOORS else module if module in FLOOR else "ground"


def core_targets(path):
    """Name the modules of sasnet_core that a file imports, without the package."""
    targets = [found.target.split(".") for found in imports_of(path, "sasnet_core")]
    names = core_names()
    found = set()
    for package, *parts in targets:
        if package == "sasnet_core":
            dotted = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
            found.update([name for name in dotted if name in names][:1] or dotted[-1:])
    return found - {"__version__"}


def not_below(path):
    """List what a module imports of rooms that are not below its own."""
    here = room_of(name_of(path))
    rooms = {target: room_of(target) for target in core_targets(path)}
    return {t for t, room in rooms.items() if room != here and FLOOR[room] >= FLOOR[here]}


def found_in(paths, faults):
    """Map each file to its faults, without those that have none."""
    found = {str(path.relative_to(ROOT)): faults(path) for path in paths}
    return {path: some for path, some in found.items() if some}


def tops_of(path, package):
    """Name the packages and libraries that a file imports."""
    return {found.target.split(".")[0] for found in imports_of(path, package)}


def test_modules_import_only_from_their_own_room_and_from_rooms_below():
    rooms = {room_of(name_of(path)) for path in core_modules()}
    assert rooms <= set(FLOOR), "a new room needs its floor"
    assert not found_in(core_modules(), not_below)


def test_core_modules_import_in_no_circle():
    graph = {name_of(path): core_targets(path) for path in core_modules()}
    assert set(graphlib.TopologicalSorter(graph).static_order()) >= set(graph)


def test_each_room_says_in_a_few_lines_what_lives_there():
    rooms = [path for path in CORE.rglob("__init__.py") if path.parent != CORE]
    assert {name_of(path).split(".")[0] for path in rooms} == set(FLOOR) - {"ground", "doors"}
    for path in rooms:
        text = ast.get_docstring(ast.parse(path.read_text()))
        assert 1 <= len(text.splitlines()) <= 8, path
        assert not any(found.where == ANYWHERE for found in imports_of(path)
                       if found.target.split(".")[0] == "sasnet_core"), path  # fmt: skip


def test_each_module_has_a_test_file_of_its_name():
    def missing(path):
        parts = path.relative_to(CORE).with_name(f"test_{path.name}").parts
        there = (ROOT / "tests" / "core").joinpath(*parts).is_file()
        return not there and name_of(path) not in DOORS

    assert not found_in(core_modules(), missing)


def test_the_core_knows_neither_train_nor_plugin():
    others = {"train", "plugin", "sasnet_plugin", "tests"}
    assert not found_in(core_modules(), lambda path: tops_of(path, "sasnet_core") & others)


def misplaced(path):
    """List the heavy libraries that a module imports where it may not."""
    places = {ANYWHERE: {ANYWHERE, IN_FUNCTION, FOR_TYPES}}
    faults = set()
    for library, modules in HEAVY.items():
        allowed = modules.get(name_of(path))
        wheres = {f.where for f in imports_of(path) if f.target.split(".")[0] == library}
        if not wheres <= places.get(allowed, {allowed}):
            faults.add(library)
    return faults


def test_heavy_libraries_stay_in_their_modules():
    assert not found_in(core_modules(), misplaced)


def test_no_module_is_a_drawer_for_odds_and_ends():
    folders = (CORE, ROOT / "plugin", ROOT / "train", ROOT / "benchmarks", ROOT / "tests")
    names = {path.stem for folder in folders for path in folder.rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "misc", "common"}


def test_parsed_options_stay_in_the_shell():
    def knows(path):
        names = {getattr(node, "attr", getattr(node, "id", "")) for node in nodes_of(path)}
        return "Namespace" in names and room_of(name_of(path)) != "shell"

    assert not found_in(core_modules(), knows)


def nodes_of(path):
    return list(ast.walk(ast.parse(path.read_text())))


def classes_of(folder):
    return {
        node.name
        for path in folder.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    }


def test_core_and_plugin_share_no_name_of_a_module_or_class():
    core = {
        part for path in core_modules() for part in path.relative_to(CORE).with_suffix("").parts
    }
    plugin = {path.stem for path in (ROOT / "plugin").rglob("*.py")} - {"__init__"}
    assert not core & plugin
    assert not classes_of(CORE) & classes_of(ROOT / "plugin")


def test_training_scripts_stand_alone():
    def faults(path):
        tops = tops_of(path, "train")
        others = {"train", "plugin", "sasnet_plugin", "gemmi", "keras"}
        return tops & (others if path.stem == "fit" else others | {"tensorflow"})

    assert not found_in((ROOT / "train").glob("*.py"), faults)


def test_the_plugin_needs_only_python_and_pymol():
    known = sys.stdlib_module_names | {"pymol", "plugin"}
    paths = list((ROOT / "plugin").rglob("*.py"))
    assert not found_in(paths, lambda path: tops_of(path, "plugin") - known)
    absolute = found_in(paths, lambda path: tops_of(path, "") & {"plugin"})
    assert not absolute, "absolute import of the plugin's own name"


@pytest.mark.parametrize(
    ("room", "statement"),
    [
        ("structure", "from sasnet_core.scoring import predictor"),
        ("network", "from sasnet_core.dataset.complexes import Complex"),
        ("structure", "from sasnet_core import predict"),
    ],
)
def test_an_upward_or_sideward_import_would_be_seen(tmp_path, monkeypatch, room, statement):
    path = tmp_path / room / "chemistry.py"
    path.parent.mkdir()
    path.write_text(f"def f():\n    {statement}\n")
    modules = core_modules()
    monkeypatch.setitem(globals(), "core_modules", lambda: modules)
    names = {module: name_of(module) for module in modules} | {path: f"{room}.chemistry"}
    monkeypatch.setitem(globals(), "name_of", names.__getitem__)
    assert not_below(path)


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
from sasnet_core.shell import cli
from sasnet_core.shell import export_cli
try:
    {action or "pass"}
except SystemExit:
    pass
print("loaded", *sorted({{"tensorflow", "keras", "scipy", "requests"}} & set(sys.modules)))
"""
    done = run_python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded"
