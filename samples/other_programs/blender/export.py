"""Render one layer of the Grease Pencil drawings of a document as pictures, exact in colour.

    blender --background SHOT.blend --python export.py -- Lines OUT/line/kite_#### [FRAME]

Every other layer of every Grease Pencil object is hidden, and so is all that is no Grease Pencil.
The background is clear. Without FRAME all frames of the scene are rendered.
"""

import os
import sys

import bpy

layer_name, pattern, *frames = sys.argv[sys.argv.index("--") + 1 :]
scene = bpy.context.scene
for item in scene.objects:
    item.hide_render = item.type != "GPENCIL"
    for layer in item.data.layers if item.type == "GPENCIL" else ():
        layer.hide = layer.info != layer_name
render = scene.render
render.engine = "BLENDER_WORKBENCH"
render.film_transparent = True
render.use_compositing = render.use_sequencer = False
render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
# Filmic, the usual one, would change every colour, and dithering scatters them by a level.
scene.view_settings.view_transform, scene.view_settings.look = "Standard", "None"
render.dither_intensity = 0
render.filepath = os.path.abspath(pattern)
if frames:
    scene.frame_start = scene.frame_end = int(frames[0])
bpy.ops.render.render(animation=True)
