"""Load a network and score proteins: the part of `sasnet_core.scoring.predictor` for users."""

from sasnet_core.scoring.predictor import Predictor, load_predictor

__all__ = ["Predictor", "load_predictor"]
