"""Measurements: commands that print tables. What depends on the machine is here, not in the tests."""
