"""Put painted frames under the Grease Pencil lines of a document, in its compositor.

    blender --background SHOT.blend --python add_painted.py -- FRAMES LAYER OUT.blend

FRAMES is the folder of the painted PNG files, one a frame of the scene; LAYER holds the lines.
What the compositor draws then are the frames, the lines over them; nothing else is kept of it.
"""

import os
import re
import sys

import bpy

folder, layer_name, out = sys.argv[sys.argv.index("--") + 1 :]
scene = bpy.context.scene
for item in scene.objects:
    item.hide_render = item.type != "GPENCIL"
    for layer in item.data.layers if item.type == "GPENCIL" else ():
        layer.hide = layer.info != layer_name
render = scene.render
render.engine = "BLENDER_WORKBENCH"
render.film_transparent = True
render.dither_intensity = 0
render.use_compositing = True
render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
scene.view_settings.view_transform, scene.view_settings.look = "Standard", "None"

names = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
numbers = [int(re.findall(r"[0-9]+", name)[-1]) for name in names]
painted = bpy.data.images.load(os.path.abspath(os.path.join(folder, names[0])))
painted.source = "SEQUENCE"
scene.use_nodes = True
tree = scene.node_tree
tree.nodes.clear()
frames = tree.nodes.new("CompositorNodeImage")
frames.image, frames.frame_duration = painted, numbers[-1] - numbers[0] + 1
frames.frame_start, frames.frame_offset = numbers[0], numbers[0] - 1
lines = tree.nodes.new("CompositorNodeRLayers")
over = tree.nodes.new("CompositorNodeAlphaOver")
result = tree.nodes.new("CompositorNodeComposite")
tree.links.new(frames.outputs["Image"], over.inputs[1])
tree.links.new(lines.outputs["Image"], over.inputs[2])
tree.links.new(over.outputs["Image"], result.inputs["Image"])
bpy.ops.wm.save_as_mainfile(filepath=os.path.abspath(out))
