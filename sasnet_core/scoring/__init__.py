"""From two proteins to scores and calibrated probabilities.

Start with `scorer`, which averages over rotations, and `predictor`, the network behind it.
Smoothing and calibration have modules of their own.
"""
