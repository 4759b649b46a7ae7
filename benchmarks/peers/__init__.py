"""Other separators beside dawbridge on the same file with the same threads: `make bench-peers`. Speed, never quality.

`__main__` starts one process after the other (`children`) and prints their figures (`table`). `ours` runs in
dawbridge's environment; `theirs` runs in the peers' own, and so must not import dawbridge, nor what it needs alone.
"""
