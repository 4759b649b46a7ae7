"""Messages as a controller sends them."""

CC = 0xB0


def cc(surface, number, *values, at=0.0, channel=0):
    for value in values:
        surface.feed([CC | channel, number, value], at)
