"""The knobs: their table, where they are, presets, and moves over time."""
