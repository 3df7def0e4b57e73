"""From a protein to a graph of its residues, and a small network on it.

Start with `residue_graph`, which describes every residue and its nearest neighbours, and
`residue_network` and `deep_tensor`, which score pairs of residues of two graphs.
"""
