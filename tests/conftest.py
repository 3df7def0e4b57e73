"""What all tests share: where the data lie, a quiet TensorFlow, sweeps, the end on SIGTERM."""

import contextlib
import importlib.util
import os
import signal
import warnings
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the processors already
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

#: Examples of each property test: in `make test`, and with the sweeps (`make test-all`).
EXAMPLES, SWEPT_EXAMPLES = 12, 100

ROOT = Path(__file__).parents[1]
#: Exit code of a process that SIGTERM ended.
ENDED = 128 + signal.SIGTERM
#: Structures that are not part of the repository.
SHARED = Path(os.environ.get("SASNET_SHARED", ROOT.parent / "shared" / "data"))


def pytest_addoption(parser):
    parser.addoption("--sweeps", action="store_true", help="run the tests marked sweep as well")


def pytest_configure(config):
    """Set how many examples are tried; end on SIGTERM, in the process that shares out tests too."""
    count = SWEPT_EXAMPLES if config.getoption("--sweeps") else EXAMPLES
    settings.register_profile("sasnet", deadline=None, max_examples=count, derandomize=True)
    settings.load_profile("sasnet")
    signal.signal(signal.SIGTERM, end_everything)


def pytest_collection_modifyitems(config, items):
    """Begin with the files that take long, and skip the sweeps unless they are asked for."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
    if config.getoption("--sweeps"):
        return
    for item in items:
        if item.get_closest_marker("sweep"):
            item.add_marker(pytest.mark.skip(reason="a sweep: make test-all"))


def pytest_runtest_setup(item):
    """Take SIGTERM back: a command that ran in the test before has set its own handler."""
    signal.signal(signal.SIGTERM, end_everything)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """End as well if a command that runs in a test took the signal."""
    if call.excinfo is not None and call.excinfo.errisinstance(SystemExit):
        if call.excinfo.value.code == ENDED:
            end_everything()
    return (yield)


def end_everything(*_):
    """End this process at once, and every process that the tests have started."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    for child in psutil.wait_procs(children, timeout=3)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(ENDED)


@pytest.fixture
def untraced_steps(request):
    """Take training steps untraced: tracing takes longer than the few steps of most tests."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Even though the `tf.config", UserWarning)
        tf.config.run_functions_eagerly(not request.node.get_closest_marker("traced"))
        yield
        tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of structures that is not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared data at {SHARED} (set SASNET_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def demo_pdb() -> Path:
    """PyMOL's demo structure 1TII: chains A, C and D to H."""
    spec = importlib.util.find_spec("pymol")
    for folder in spec.submodule_search_locations or [] if spec else []:
        path = Path(folder) / "data" / "demo" / "1tii.pdb"
        if path.is_file():
            return path
    pytest.skip("PyMOL with its demo structure is not installed")
