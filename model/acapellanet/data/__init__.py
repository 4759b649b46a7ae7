"""Training data: folders of audio, what is held out of them, and the mashups that are made of them."""
