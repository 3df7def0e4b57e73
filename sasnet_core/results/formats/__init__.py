"""Formats of other programs that a saved result can be exported to.

`registry` lists them; each of the other modules writes one family of files.
"""
