"""acapellabot, the network of 2017 that this one descends from: its layers, and how it hears."""

ARCHITECTURE = "acapellabot-2017"
"""Name of the architecture in weights files, and of the model that users bring."""
