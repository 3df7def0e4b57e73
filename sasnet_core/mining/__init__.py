"""From a folder of structures to a dataset of complexes.

`run` mines a whole folder and can be interrupted; `candidates` mines one entry; `rules` decides
what a complex must be. `similarity` holds the sequence rules.
"""
