"""What tests of every part share: where the data lie, and a quiet TensorFlow."""

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

settings.register_profile("sasnet", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("sasnet")

ROOT = Path(__file__).parents[1]
#: Structures that are not part of the repository.
SHARED = Path(os.environ.get("SASNET_SHARED", ROOT.parent / "shared" / "data"))


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
