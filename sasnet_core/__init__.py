"""sasnet: where do two proteins touch? (SASNet, arXiv 1807.01297)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sasnet_core.shell.one_call import Interface as Interface
    from sasnet_core.shell.one_call import predict_interface as predict_interface
    from sasnet_core.shell.one_protein import Site as Site
    from sasnet_core.shell.one_protein import predict_alone as predict_alone

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load what one call needs when it is first used: importing sasnet_core stays light."""
    if name in ("Interface", "predict_interface"):
        from sasnet_core.shell import one_call

        return getattr(one_call, name)
    if name in ("Site", "predict_alone"):
        from sasnet_core.shell import one_protein

        return getattr(one_protein, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
