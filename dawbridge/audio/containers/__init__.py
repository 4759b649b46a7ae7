"""Containers of audio, one module each: `table` finds them, and asks the one that recognises a file.

A new format is a new module here with a `CONTAINERS` tuple; nothing else has to know of it.
"""
