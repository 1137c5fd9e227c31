"""Draw frames of the Morevna puppet: poses in, ink and flat fills out.

The puppet is a set of Synfig files (CC0). Posing it means writing new numbers into values named
``(stk)-NAME``: joint angles in degrees, lengths in Synfig units and switches that choose a head,
a hand or a mouth. Each frame is rendered three times by the ``synfig`` program:

- *ink*: every filled region white and opaque, shading off; what is left is the drawn line, with
  the lines of parts that lie behind correctly hidden;
- *fill*: every outline off; what is left are flat colours, painted shadows among them;
- *base*: as *fill* without the painted shadows, which tells a shadow's edge from a part's edge.

Needs numpy, OpenCV and the ``synfig`` program.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

CHARACTER = Path("character-sample.male")
VARIANTS = ("ink", "fill", "base")
OVERSAMPLE = 2  # fills are rendered at twice the size, so that borders drawn from them are smooth

_OUTLINES = {"outline", "advanced_outline"}
_SOFT = {"linear_gradient", "shade"}
_NUMBER = r'<(real|angle) value="[^"]*"[^>]* id="\(stk\)-{name}" ?/>'
_VECTOR = r'<(vector) id="\(stk\)-{name}">.*?</vector>'
_MOVE = (
    '<layer type="translate" active="true" version="0.1"><param name="origin">{}</param></layer>'
)

Pose = Mapping[str, float | tuple[float, float]]


@dataclass(frozen=True)
class Layers:
    """The three renderings of one pose, RGBA uint8 with straight alpha.

    ``ink`` is (H, W, 4); ``fill`` and ``base`` are (2H, 2W, 4).
    """

    ink: NDArray[np.uint8]
    fill: NDArray[np.uint8]
    base: NDArray[np.uint8]


@dataclass
class MorevnaPuppet:
    """The puppet's files, prepared once for each of the three renderings.

    Parameters
    ----------
    data : Path
        Folder that holds ``character-sample.male`` (Morevna's ``sif`` folder).
    view : str
        ``front`` or ``side``.
    recolor : dict
        Linear-light colour of the files -> replacement, to dress a second character.
    """

    data: Path
    view: str
    recolor: Mapping[tuple[float, float, float], tuple[float, float, float]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="puppet-")
        root = Path(self._folder.name)
        source = self.data / CHARACTER
        if not (source / f"00-saha-{self.view}.sif").is_file():
            raise SystemExit(
                f"{source} holds no 00-saha-{self.view}.sif: give the folder of the Morevna "
                "puppets' Synfig sources with --data"
            )
        self._text: dict[str, str] = {}
        for variant in VARIANTS:
            for path in sorted(source.rglob("*.sif")):
                target = root / variant / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                tree = ET.parse(path)
                _prepare(tree.getroot(), variant, self.recolor)
                tree.write(target, encoding="utf-8", xml_declaration=True)
            main = root / variant / f"00-saha-{self.view}.sif"
            self._text[variant] = main.read_text(encoding="utf-8")
        self._root = root

    def render(
        self,
        poses: Sequence[Pose],
        box: tuple[float, float, float, float],
        size: tuple[int, int],
    ) -> Iterator[Layers]:
        """Draw poses, one after the other.

        Parameters
        ----------
        poses : sequence of mappings
            For each frame, value name (without ``(stk)-``) -> number or (x, y); the same names
            in each. The name ``shift`` moves the whole puppet.
        box : tuple
            Left, top, right, bottom of the camera in Synfig units (y grows upwards).
        size : tuple
            W, H of the frame in pixels.
        """
        # One run of the program draws all frames: reading the files takes most of its time.
        for variant in VARIANTS:
            self._draw(variant, poses, box, size)
        for index in range(len(poses)):
            yield Layers(*(self._read(variant, index, len(poses)) for variant in VARIANTS))

    def _draw(
        self,
        variant: str,
        poses: Sequence[Pose],
        box: tuple[float, float, float, float],
        size: tuple[int, int],
    ) -> None:
        if shutil.which("synfig") is None:
            raise SystemExit("the program synfig is missing: install it (apt-get install synfig)")
        scale = 1 if variant == "ink" else OVERSAMPLE
        posed = self._root / variant / "posed.sif"
        posed.write_text(_animate(self._text[variant], poses, box), encoding="utf-8")
        command = ["synfig", str(posed), "-t", "png", "-o", str(self._root / f"{variant}.png")]
        command += ["-w", str(size[0] * scale), "-h", str(size[1] * scale), "-T", "2"]
        if len(poses) == 1:
            command += ["--time", "0f"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"synfig could not draw the {variant}: {done.stderr[-300:]}")

    def _read(self, variant: str, index: int, count: int) -> NDArray[np.uint8]:
        name = f"{variant}.png" if count == 1 else f"{variant}.{index:04d}.png"
        image = cv2.imread(str(self._root / name), cv2.IMREAD_UNCHANGED)
        if image is None:
            raise SystemExit(f"synfig left no {name}")
        (self._root / name).unlink()
        return np.ascontiguousarray(image[..., [2, 1, 0, 3]])


def _animate(text: str, poses: Sequence[Pose], box: tuple[float, float, float, float]) -> str:
    """Write the poses, one a frame, and the camera into a Synfig document."""
    camera = " ".join(f"{value:.6f}" for value in box)
    text = re.sub(r'view-box="[^"]*"', f'view-box="{camera}"', text, count=1)
    text = re.sub(r'end-time="[^"]*"', f'end-time="{len(poses) - 1}f"', text, count=1)
    for name in poses[0]:
        values = [pose[name] for pose in poses]
        if name == "shift":
            head, foot, _ = text.rpartition("</canvas>")
            text = head + _MOVE.format(_waypoints("vector", "", values)) + foot
            continue
        pattern = (_VECTOR if isinstance(values[0], tuple) else _NUMBER).format(
            name=re.escape(name)
        )
        found = re.search(pattern, text, re.DOTALL)
        if found is None:
            raise SystemExit(f"the puppet has no value named (stk)-{name}")
        new = _waypoints(found[1], f' id="(stk)-{name}"', values)
        text = text[: found.start()] + new + text[found.end() :]
    return text


def _waypoints(kind: str, attributes: str, values: Sequence[float | tuple[float, float]]) -> str:
    """Write an animated value that jumps to a new value on every frame."""
    points = []
    for frame, value in enumerate(values):
        if isinstance(value, tuple):
            inner = f"<vector><x>{value[0]:.6f}</x><y>{value[1]:.6f}</y></vector>"
        else:
            inner = f'<{kind} value="{value:.6f}"/>'
        points.append(
            f'<waypoint time="{frame}f" before="constant" after="constant">{inner}</waypoint>'
        )
    return f'<animated type="{kind}"{attributes}>{"".join(points)}</animated>'


def _prepare(
    root: ET.Element,
    variant: str,
    recolor: Mapping[tuple[float, float, float], tuple[float, float, float]],
) -> None:
    """Switch layers off and recolour them so that `root` draws one of the three renderings."""
    for layer in root.iter("layer"):
        kind = layer.get("type")
        shade = _is_shading(layer)
        off = (
            (kind in _SOFT)
            or (kind in _OUTLINES and variant != "ink")
            or (kind == "radial_gradient")
            or (shade and variant != "fill")
        )
        if off:
            layer.set("active", "false")
        elif kind in {"region", "SolidColor"} and variant == "ink":
            # SolidColor is a tint over a hand; white tints nothing.
            _set_color(layer, (1.0, 1.0, 1.0))
        elif kind == "region" and recolor:
            _recolor(layer, recolor)


def _is_shading(layer: ET.Element) -> bool:
    """Tell a painted shadow or highlight: a fill or a group of fills that is partly transparent."""
    amount = layer.find("param[@name='amount']/real")
    if amount is None or layer.get("type") not in {"region", "PasteCanvas", "group", "SolidColor"}:
        return False
    return 0.0 < float(amount.get("value", "1")) < 0.99


def _set_color(layer: ET.Element, rgb: tuple[float, float, float]) -> None:
    param = layer.find("param[@name='color']")
    if param is None:
        return
    param.attrib.pop("use", None)
    for child in list(param):
        param.remove(child)
    color = ET.SubElement(param, "color")
    for name, value in zip("rgba", (*rgb, 1.0), strict=True):
        ET.SubElement(color, name).text = f"{value:.6f}"


def _recolor(
    layer: ET.Element,
    recolor: Mapping[tuple[float, float, float], tuple[float, float, float]],
) -> None:
    color = layer.find("param[@name='color']/color")
    if color is None:
        return
    own = [float(color.findtext(name, "0")) for name in "rgb"]
    for old, new in recolor.items():
        # The files write one paint with differences in the third digit.
        if max(abs(a - b) for a, b in zip(own, old, strict=True)) < 0.003:
            _set_color(layer, new)
