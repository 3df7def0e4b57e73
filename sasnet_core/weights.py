"""Where weights are: the part of `sasnet_core.network.weights_folder` for users."""

from sasnet_core.network.weights_folder import default_folder, read_info

__all__ = ["default_folder", "read_info"]
