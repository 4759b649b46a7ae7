"""Other computers that estimate: pieces of mixtures go to a cluster of Dask distributed (extra `cluster`).

The mixture never leaves as a path or a file: each piece goes inline, on the estimator's own grid, and its estimate
comes back. Rendering and writing stay where the bounce is.
"""
