"""Draw a kite with Grease Pencil and save it: the tiny shot of this recipe.

    blender --background --python kite.py -- kite.blend

One Grease Pencil object with two layers: Lines on eight frames, Color, flat fills, on frame 1.
"""

import math
import os
import sys

import bpy

FRAMES = 8
WIDTH, HEIGHT = 480, 270
# Corners of the kite's panels and of the bows on its tail, in metres; the camera sees 8 x 4.5.
TOP, RIGHT, BOTTOM, LEFT, MIDDLE = (0, 1.5), (1.1, 0.3), (0, -1.4), (-1.1, 0.3), (0, 0.3)
PANELS = {
    "red": (TOP, MIDDLE, LEFT),
    "yellow": (TOP, RIGHT, MIDDLE),
    "blue": (LEFT, MIDDLE, BOTTOM),
    "green": (MIDDLE, RIGHT, BOTTOM),
}
BOWS = {
    "violet": ((-0.9, -1.5), (-0.45, -1.75), (-0.9, -2.0)),
    "orange": ((0.0, -1.5), (-0.45, -1.75), (0.0, -2.0)),
}
SHAPES = {**PANELS, **BOWS}
COLORS = {
    "red": (0.80, 0.16, 0.14),
    "yellow": (0.95, 0.78, 0.20),
    "blue": (0.16, 0.38, 0.72),
    "green": (0.22, 0.58, 0.34),
    "violet": (0.48, 0.26, 0.60),
    "orange": (0.92, 0.50, 0.16),
}


def linear(value):
    """Turn a value of sRGB into the linear one that a material takes."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def material(name, color, *, fill):
    """Make a Grease Pencil material of one flat colour."""
    made = bpy.data.materials.new(name)
    bpy.data.materials.create_gpencil_data(made)
    style = made.grease_pencil
    style.show_stroke, style.show_fill = not fill, fill
    style.color = style.fill_color = (*map(linear, color), 1)
    return made


def stroke(frame, points, index, number):
    """Draw one closed stroke with the material of that index, posed for a frame."""
    made = frame.strokes.new()
    made.use_cyclic = True
    made.line_width, made.material_index = 50, index
    made.points.add(len(points))
    turn = math.radians(-20 + 6 * number)
    move = (-1.0 + 0.28 * number, 0.15 * math.sin(number))
    for point, (side, y) in zip(made.points, points, strict=True):
        sway = 0.25 * math.sin(0.9 * number) if y < -1.4 else 0.0  # the tail lags behind
        x = side + sway
        point.co = (
            x * math.cos(turn) - y * math.sin(turn) + move[0],
            0,
            x * math.sin(turn) + y * math.cos(turn) + move[1],
        )
        point.pressure = 1


def main():
    """Build the scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 8
    camera.location, camera.rotation_euler = (0, -10, 0), (math.pi / 2, 0, 0)
    pencil = bpy.data.objects.new("Kite", bpy.data.grease_pencils.new("Kite"))
    for item in (camera, pencil):
        scene.collection.objects.link(item)
    scene.camera = camera
    pencil.data.materials.append(material("ink", (0.08, 0.06, 0.10), fill=False))
    for name in SHAPES:
        pencil.data.materials.append(material(name, COLORS[name], fill=True))
    colors, lines = (pencil.data.layers.new(name) for name in ("Color", "Lines"))
    for layer in (colors, lines):
        layer.use_lights = False
    for number in range(1, FRAMES + 1):
        frame = lines.frames.new(number)
        for points in SHAPES.values():
            stroke(frame, points, 0, number)
    frame = colors.frames.new(1)
    for index, points in enumerate(SHAPES.values(), start=1):
        stroke(frame, points, index, 1)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.abspath(sys.argv[-1]))


main()
