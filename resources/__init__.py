"""Weights and their configuration, shipped with sasnet."""
