"""Groups of things that are linked, directly or by way of others."""

from __future__ import annotations

import numpy as np


def connected(links: np.ndarray, count: int) -> np.ndarray:
    """Find the groups of things that links connect.

    Parameters
    ----------
    links : ndarray, shape (n_links, 2), int
        Rows (one thing, another thing).
    count : int
        Number of things.

    Returns
    -------
    ndarray, shape (count,), int64
        Group of each thing, counted from 0 in order of first member.

    Examples
    --------
    >>> connected(np.array([[0, 3], [2, 3]]), 4).tolist()
    [0, 1, 0, 0]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(links)), links.T), shape=(count, count))
    labels = connected_components(graph, directed=False)[1].tolist()
    first = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([first[label] for label in labels], np.int64)
