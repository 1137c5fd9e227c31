"""Show chosen layers of a Pencil2D document, or put painted frames into it, without its window.

    python layers.py show SHOT.pclx OUT.pclx LAYER...
    python layers.py add SHOT.pclx OUT.pclx FRAMES LAYER

The first writes the document with these layers visible and the others hidden, for `pencil2d
--export`, which draws what is visible. The second adds the PNG files of the folder FRAMES, which
have the size of the camera, as a bitmap layer called Painted below LAYER.
"""

import re
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

_BITMAP, _CAMERA = "1", "5"  # kinds of layers


def show(root, names):
    """Let only the named layers be visible."""
    missing = set(names) - {layer.get("name") for layer in root.iter("layer")}
    if missing:
        sys.exit(f"there is no layer called {', '.join(sorted(missing))}")
    for layer in root.iter("layer"):
        if layer.get("type") != _CAMERA:
            layer.set("visibility", "1" if layer.get("name") in names else "0")


def add(root, frames, above):
    """Add a bitmap layer below another one; return its pictures by their names in the document."""
    layers = root.find("object")
    order = list(layers)
    place = [layer.get("name") for layer in order].index(above)
    camera = next(layer for layer in order if layer.get("type") == _CAMERA)
    left, top = (-int(camera.get(side)) // 2 for side in ("width", "height"))
    number = 1 + max(int(layer.get("id")) for layer in order)
    painted = ElementTree.Element(
        "layer", id=str(number), name="Painted", visibility="1", type=_BITMAP
    )
    pictures = {}
    for path in sorted(frames.glob("*.png")):
        frame = int(re.findall(r"[0-9]+", path.stem)[-1])
        source = f"{number:03d}.{frame:03d}.png"
        corner = {"topLeftX": str(left), "topLeftY": str(top)}
        ElementTree.SubElement(painted, "image", frame=str(frame), src=source, **corner)
        pictures[f"data/{source}"] = path.read_bytes()
    layers.insert(place, painted)
    return pictures


def main():
    """Read one document, write another."""
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    command, source, out, *words = sys.argv[1:]
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    root = ElementTree.fromstring(files["main.xml"])
    if command == "show":
        show(root, words)
    else:
        files |= add(root, Path(words[0]), words[1])
    files["main.xml"] = b"<!DOCTYPE PencilDocument>\n" + ElementTree.tostring(root)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


if __name__ == "__main__":
    main()
