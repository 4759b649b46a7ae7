"""Train networks: steps, runs, and other ways from weights to weights."""
