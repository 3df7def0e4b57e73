"""From complexes to weights.

`trainer` runs the steps; `stream` orders the complexes, `batches` puts them in random poses, and
`losses` says what training minimizes. There is one module of steps for each Keras backend.
"""
