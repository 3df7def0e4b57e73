"""sasnet: where do two proteins touch? (SASNet, arXiv 1807.01297)."""

__version__ = "0.1.0"
