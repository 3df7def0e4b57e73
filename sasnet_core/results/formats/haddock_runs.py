"""Settings of HADDOCK 3 runs, ready to start, for the restraints of a result."""

from __future__ import annotations

import json

#: Models of the rigid stage, and those that go on to the flexible one (HADDOCK's defaults).
SAMPLING, SELECTED = 1000, 200


def run_lines(
    name: str, comments: list[str], molecules: list[str], restraints: str, bodies: str | None
) -> list[str]:
    """Return the lines of a TOML file: topologies, rigid, flexible and last stage, clusters.

    Parameters
    ----------
    name : str
        Name of the file, without ``.toml``.
    comments : list of str
        What the file says at its top.
    molecules : list of str
        PDB files.
    restraints : str
        File of the restraints between the molecules. HADDOCK leaves out a random half of them for
        each model (its ``ambig_fname``).
    bodies : str or None
        File of the restraints within the molecules, all of which always hold.

    Returns
    -------
    list of str
        Lines without line ends.
    """
    files = [f"ambig_fname = {json.dumps(restraints)}"]
    if bodies is not None:
        files.append(f"unambig_fname = {json.dumps(bodies)}")
    return [
        *(f"# {comment}" for comment in comments),
        f"# In this folder: haddock3 {name}.toml",
        f"run_dir = {json.dumps(name + '_run')}",
        f"molecules = {json.dumps(molecules)}",
        "",
        "[topoaa]",
        "",
        *["[rigidbody]", *files, f"sampling = {SAMPLING}", ""],
        *["[seletop]", f"select = {SELECTED}", ""],
        *["[flexref]", *files, ""],
        *["[emref]", *files, ""],
        "[clustfcc]",
        "",
        "[seletopclusts]",
        "",
        "[caprieval]",
    ]
