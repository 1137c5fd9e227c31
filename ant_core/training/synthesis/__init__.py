"""Training data: clips of parts with known identity, drawn in ink and segmented like real drawings.

    source.py    what a source yields, and the list of sources
    puppet/      a source: dressed 2D puppets of the Glitch rig
    scene3d/     a source: skeletal 3D characters among things
    ink/         planes of ids -> line drawings
    clip.py      drawings -> segments -> descriptors with their true parts, stored as .npz
    wild.py      clips in circumstances, as other people draw
    stream.py    clips without end, for a training in the background
    layouts.py   clips in the folders of AnimeRun and PaintBucket-Character
    pages.py     looking at the result

Nothing here is imported when drawings are coloured; the sources need the extra ``train``.
"""
