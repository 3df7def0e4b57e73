"""How Sphinx builds these pages: `make docs`, strict, into build/docs."""

import re
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

# Loaded before the libraries below are mocked: when it is loaded, it looks for their arrays.
import scipy.stats  # noqa: F401
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project = "sasnet"
author = "the sasnet developers"
release = re.search(r'__version__ = "(.+)"', (ROOT / "sasnet_core/__init__.py").read_text())[1]

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["conf.py", "gallery.py", "gallery"]
myst_heading_anchors = 3
# A test runs the notebook; here it is shown as it was saved.
nb_execution_mode = "off"

# The reference needs only the names of these libraries, and loading them takes long.
autodoc_mock_imports = ["keras", "tensorflow", "torch", "jax"]


class _NoRealOnes(MetaPathFinder):
    """Hides the mocked libraries: Sphinx looks for their source, which would load TensorFlow."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Refuse to find a mocked library."""
        if fullname.split(".")[0] in autodoc_mock_imports:
            raise ImportError(f"{fullname} is mocked")


sys.meta_path.insert(0, _NoRealOnes())
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give types, shapes and units
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"sasnet {release}"


def setup(app: Sphinx) -> None:
    """Show PyMOL's commands as plain text."""
    app.add_lexer("pymol", TextLexer)
