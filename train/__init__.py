"""Scripts that mine, train and evaluate; run them from a clone as ``python -m train.NAME``."""
