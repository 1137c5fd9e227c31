"""Training data: clips of parts with known identity, drawn in ink and segmented like real drawings.

    source.py    what a source yields, and the list of sources
    splits.py    which part, character and movement trains, validates or tests
    glitch.py    a source: dressed 2D puppets (glitch_parts, puppet, scenery, raster, islands)
    scene3d.py   a source: skeletal 3D characters
    ink.py       planes of ids -> line drawings
    clip.py      drawings -> segments -> descriptors with their true parts, stored as .npz
    pages.py     looking at the result

Nothing here is imported when drawings are coloured; the sources need the extra ``train``.
"""
