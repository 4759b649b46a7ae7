"""Measure how good a model is: metrics, held-out material, known faults."""
