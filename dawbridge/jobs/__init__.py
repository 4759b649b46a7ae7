"""Jobs: the ledger that outlives a crash, the board that decides what is next, the worker that does it."""
