"""A song and its stems as one web page; needs matplotlib (extra `listen`)."""
