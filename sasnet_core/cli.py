"""The shell command sasnet_predict, under the name that other programs start it by.

PyMOL's plugin runs ``python -m sasnet_core.cli``; the command itself is `sasnet_core.shell.cli`.
"""

from sasnet_core.shell.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
