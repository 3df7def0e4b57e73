# Author: the sasnet developers
# License: see LICENSE of sasnet
# Version: 0.1.0
# Citation-Required: No
"""SASNet predicts where two proteins touch.

Two selections in, residues coloured by the probability that they belong to the interface. The
prediction runs in a child process, the program ``sasnet_predict``, which is installed apart
from PyMOL ("help sasnet_predict" says how it is found).

In the window: Plugin > SASNet: predict interface. Without a window: ``import sasnet_plugin``
(or ``plugin_load sasnet_plugin`` where the Plugin Manager installed it), then
``sasnet_predict chain D, chain E``.

This package imports the standard library and pymol only.
"""

from pymol import cmd

from . import commands

# The commands come with the import: PyMOL without a window may never call __init_plugin__.
commands.register(cmd)


def __init_plugin__(app=None):  # noqa: N807 (PyMOL's name for it)
    """Add the entry to the Plugin menu; PyMOL calls this once it has loaded the plugin.

    Parameters
    ----------
    app : object, optional
        PyMOL's application object, not used.
    """
    from pymol.plugins import QtNotAvailableError, addmenuitemqt

    try:
        addmenuitemqt("SASNet: predict interface", _open_panel)
    except QtNotAvailableError:
        return  # no window: the commands are all there is
    from . import window

    window.keep_alive()


def _open_panel():
    from . import window

    window.open_panel()
