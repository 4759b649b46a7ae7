"""The network: its configuration, its layers, the transform around it, and the files that its weights are kept in."""
