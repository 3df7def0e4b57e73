"""Measurements that docs/benchmarks.md shows; ``make bench`` runs them all."""
