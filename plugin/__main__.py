"""Run by PyMOL's Python, ``python -m sasnet_plugin`` lets PyMOL load the plugin from now on.

For a sasnet that pip installed beside PyMOL: puts a file of three lines into PyMOL's start-up
folder. The zip for the Plugin Manager does not need this.
"""

from __future__ import annotations

import sys
from pathlib import Path

NAME = "sasnet.py"
_TEXT = '''"""Loads the sasnet plugin that pip installed; made by python -m sasnet_plugin."""

from sasnet_plugin import __init_plugin__
'''


def main() -> int:
    """Register the plugin, and say where."""
    from pymol import plugins
    from pymol.plugins import installation

    plugins.initialize(-2)  # reads the preferences, loads nothing
    folder = Path(installation.get_default_user_plugin_path())
    if (folder / "sasnet_plugin").exists():
        print(
            f"sasnet_plugin: {folder / 'sasnet_plugin'} is there from the Plugin Manager; "
            "uninstall that one first",
            file=sys.stderr,
        )
        return 2
    head = (Path(__file__).parent / "__init__.py").read_text(encoding="utf-8").split('"""')[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(head + _TEXT, encoding="utf-8")
    known = plugins.get_startup_path(True)
    if str(folder) not in known:
        plugins.set_startup_path([str(folder), *known], False)
        plugins.pref_save(quiet=1)
    print(f"PyMOL will load the plugin: wrote {folder / NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
