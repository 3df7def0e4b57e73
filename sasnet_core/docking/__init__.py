"""From the poses of a complex to a ranking by how far they agree with a prediction.

Start with `agreement`, which scores the contacts of a pose, and `ranking`, which goes through
files of poses. `quality` compares poses with a known complex.
"""
