"""Training: the steps, the runs, and what else turns weights into other weights."""
