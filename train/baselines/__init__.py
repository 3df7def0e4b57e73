"""The graph networks that the paper compares SASNet with, trained on the same complexes.

`features` describes each residue, `graphs` joins it to its neighbours, `methods` holds the five
networks, `learning` trains and applies them; `fit` and `evaluate` are the commands.
"""
