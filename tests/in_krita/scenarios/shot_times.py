"""Where the sample shot's drawings lie in its Krita document; no Krita here, for the tests too."""

DRAWINGS = 14
CLONE, CLONED = 30, 4  # a key whose picture is that of another key, after a long hold
KEYS = (*range(0, 2 * DRAWINGS, 2), CLONE)  # on twos: every drawing is held for one frame more
OURS = KEYS[1:]  # all but the painted one
END = 33
