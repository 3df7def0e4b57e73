"""The shell commands, as other programs start them; they begin here.

PyMOL's plugin runs ``python -m sasnet_core.cli``, which is sasnet_predict. The commands themselves
are `cli`, `export_cli` and `rank_cli` in `sasnet_core.shell`. They are imported when signals are
handled already: that takes up to a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sasnet_core.ending import end_at_signals

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run sasnet_predict; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; default: that of this process.
    """
    if arguments is None:
        end_at_signals("sasnet_predict: stopped, no unfinished files were written")
    from sasnet_core.shell import cli

    return cli.main(arguments)


def export(arguments: Sequence[str] | None = None) -> int:
    """Run sasnet_export; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; default: that of this process.
    """
    if arguments is None:
        end_at_signals("sasnet_export: interrupted")
    from sasnet_core.shell import export_cli

    return export_cli.main(arguments)


def rank(arguments: Sequence[str] | None = None) -> int:
    """Run sasnet_rank; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; default: that of this process.
    """
    if arguments is None:
        end_at_signals("sasnet_rank: interrupted")
    from sasnet_core.shell import rank_cli

    return rank_cli.main(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
