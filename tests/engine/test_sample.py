"""The bundled shot, with the embedded model: a session gives what the command line writes."""

import threading
from pathlib import Path

import cv2
import numpy as np

from ant_core.cli import main
from ant_core.engine.session import LayerFormat, ShotSession
from ant_core.matching.matcher import Matcher
from ant_core.propagation.options import RunOptions
from ant_core.shot.hints import HintSet

SHOT = Path(__file__).parents[2] / "samples" / "saha"
FRAMES = range(1, 9)


def bgra(path: Path) -> np.ndarray:
    """Read a file as Krita would hold it."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return image if image.shape[2] == 4 else cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)


def test_a_session_fills_as_the_command_line_does(tmp_path, capfd):
    assert main(["propagate", str(SHOT), "--out", str(tmp_path), "--frames", "1-8"]) == 0
    capfd.readouterr()
    layer = LayerFormat("RGBA", "U8")
    height, width = bgra(SHOT / "line" / "0001.png").shape[:2]
    box = (0, 0, width, height)
    session = ShotSession(width, height, layer, layer, Matcher(None, "cpu"))
    for frame in FRAMES:
        data = bgra(SHOT / "line" / f"{frame:04d}.png").tobytes()
        session.add_drawing(frame, str(frame), [(box, data)])
    painted = bgra(SHOT / "color" / "0001.png").tobytes()
    session.add_reference(1, "painted", "painted", box, painted)
    planes = {}

    def keep(result, box, data, done, total, moved):
        if data is not None:
            x, y, wide, high = box
            canvas = np.zeros((height, width, 4), np.uint8)
            part = np.frombuffer(data, np.uint8).reshape(high, wide, 4)
            canvas[y : y + high, x : x + wide] = part
            planes[result["frame"]] = canvas

    session.propagate(
        FRAMES, [1], HintSet(), RunOptions(), cancel=threading.Event(), notify=keep, known={}
    )
    assert sorted(planes) == list(FRAMES)[1:]
    for frame, plane in planes.items():
        assert (plane == bgra(tmp_path / "color" / f"{frame:04d}.png")).all(), frame
