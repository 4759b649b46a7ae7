"""Watching folders: which file is a bounce, and when it is finished."""
