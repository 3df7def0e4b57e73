"""Where weights are: the part of `sasnet_core.network.weights` for users."""

from sasnet_core.network.weights import default_folder, read_info

__all__ = ["default_folder", "read_info"]
