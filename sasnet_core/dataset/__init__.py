"""Complexes on disk: one file per complex, a manifest over them, and their splits.

Start with `complexes`. `db5` makes a dataset of docking benchmark 5, `splits` divides a dataset,
`overview` describes one.
"""
