"""Networks on residue graphs, which score beside the network on atoms.

`fit` trains one, `join` puts some beside the weights of a network on atoms.
"""
