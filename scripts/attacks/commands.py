"""Every command that writes, each on a small production of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ant_core.formats.png import encode_png
from ant_core.matching.model_file import default_model
from scripts.attacks.engine import drawing, painting
from scripts.attacks.readers import FIXTURES
from tests.support import loopback

__all__ = ["COMMANDS", "Command", "make_shot"]

_SIZE = (180, 260)
_FRAMES = 5


def _nothing(folder: Path) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Command:
    """How a command is run in a folder with `in`, which it only reads, and `out`.

    `server` is a context manager of what must be there while it runs, `loads` what it imports
    beside what all commands do. With `before` a run of these arguments comes first, undisturbed,
    then `change` changes the inputs; `history` are files beside the outputs that tell of both.
    """

    make: Callable[[Path], None]
    arguments: Callable[[Path], list[str]]
    environment: Callable[[Path], dict[str, str]] = _nothing
    server: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    loads: tuple[str, ...] = ()
    before: Callable[[Path], list[str]] | None = None
    change: Callable[[Path], object] = _nothing
    history: tuple[str, ...] = ()


def make_shot(folder: Path, seed: int = 0, painted: int = 1) -> Path:
    """Draw a shot of a few frames, the first `painted` of them painted."""
    for name in ("line", "color"):
        (folder / name).mkdir(parents=True)
    for frame in range(1, _FRAMES + 1):
        lines = drawing(_SIZE, np.random.default_rng(seed), 2 * frame)
        (folder / "line" / f"{frame:04d}.png").write_bytes(encode_png(lines))
        if frame <= painted:
            (folder / "color" / f"{frame:04d}.png").write_bytes(encode_png(painting(lines)))
    return folder


def _shot(work: Path) -> None:
    (work / "out").mkdir()
    make_shot(work / "in" / "shot")


def _shaded_shot(work: Path) -> None:
    """Draw a shot with a shadow layer; two frames show the second drawing, one in other bytes."""
    _shot(work)
    shot = work / "in" / "shot"
    lines = drawing(_SIZE, np.random.default_rng(0), 4)
    shutil.copy(shot / "line" / "0002.png", shot / "line" / "0004.png")
    packed = cv2.imencode(".png", lines, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    (shot / "line" / "0005.png").write_bytes(packed)
    shadow = painting(drawing(_SIZE, np.random.default_rng(0), 2))
    shadow[:90] = 0
    (shot / "shadow").mkdir()
    (shot / "shadow" / "0001.png").write_bytes(encode_png(shadow))


def _repaint(work: Path) -> None:
    """Give every segment of the painted frame another colour."""
    path = work / "in" / "shot" / "color" / "0001.png"
    image = painting(drawing(_SIZE, np.random.default_rng(0), 2))
    image[:, :, :3] = image[:, :, 2::-1]
    path.write_bytes(encode_png(image))


def _hint(frame: int, point: tuple[int, int] = (60, 60)) -> Callable[[Path], None]:
    """Return what writes a hint on a frame."""

    def write(work: Path) -> None:
        hints = [{"frame": frame, "point": point, "color": [250, 1, 2, 255]}]
        (work / "in" / "hints.json").write_text(json.dumps({"schema": 1, "hints": hints}))

    return write


def _documents(work: Path) -> None:
    (work / "in").mkdir()
    (work / "out").mkdir()
    shutil.copy(FIXTURES / "krita_6.0.4_rgba_u8.kra", work / "out" / "shot.kra")


def _palettes(work: Path) -> None:
    (work / "out").mkdir()
    make_shot(work / "in" / "shot", painted=_FRAMES)
    for name, blue in (("day", 151), ("night", 40)):
        text = f"GIMP Palette\nName: {name}\n37 91 {blue} First\n74 182 {2 * blue % 256} Second\n"
        (work / "in" / f"{name}.gpl").write_text(text)


def _production(work: Path) -> None:
    (work / "out").mkdir()
    make_shot(work / "in" / "shot", painted=2)


def _two_shots(work: Path) -> None:
    (work / "out").mkdir()
    for number in range(2):
        make_shot(work / "in" / f"shot{number}", seed=number)
    (work / "in" / "list.txt").write_text("shot0\nshot1\n")


def _model(work: Path) -> None:
    (work / "in").mkdir()
    (work / "out").mkdir()
    shutil.copy(default_model(), work / "in" / "mine.antmodel")


def _own_models(work: Path) -> dict[str, str]:
    return {"ANT_CORE_MODELS": str(work / "out"), "NO_PROXY": "127.0.0.1"}


def _steadily(request: loopback.Handler, data: bytes) -> None:
    """Send the embedded model in pieces, slowly enough for a kill within."""
    data, first = default_model().read_bytes(), request.start or 0
    headers = {"Content_Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if first else {}
    request.answer(206 if first else 200, b"", len(data) - first, **headers)
    for at in range(first, len(data), 1 << 18):
        request.send(data[at : at + (1 << 18)])
        time.sleep(0.01)


_port = 0


@contextlib.contextmanager
def _mirror() -> Iterator[None]:
    global _port  # noqa: PLW0603 - the registry of the one command that needs it names it
    with loopback.serving() as server:
        server.always = _steadily
        _port = server.port
        yield


def _registry(work: Path) -> None:
    (work / "in").mkdir()
    (work / "out").mkdir()
    data = default_model().read_bytes()
    entry = {
        "name": "inks", "version": "1.0", "size": len(data), "licence": "Apache-2.0",
        "sha256": hashlib.sha256(data).hexdigest(), "minimum_engine": "0.1.0", "card": "# inks",
    }  # fmt: skip
    document = {"schema": 1, "mirrors": [f"http://127.0.0.1:{_port}"], "models": [entry]}
    (work / "in" / "registry.json").write_text(json.dumps(document))


def _named(*arguments: str) -> Callable[[Path], list[str]]:
    """Return the arguments of a command, with IN and OUT put in."""

    def of(work: Path) -> list[str]:
        places = {"IN": str(work / "in"), "OUT": str(work / "out")}
        return [re.sub("IN|OUT", lambda found: places[found[0]], item) for item in arguments]

    return of


_LAYERS = ("--line", 'Line "co" <ü>', "--color", "Color")
_SHADED = ("propagate", "IN/shot", "--shade", "shadow", "--out", "OUT/shot")
_IN_PLACE = ("propagate", "OUT/shot.kra", *_LAYERS, "--in-place")
_HINTS = ("--hints", "IN/hints.json")
# Runs that go on from another one, of inputs that have changed since.
_AGAIN = {
    "repainted": Command(
        _shaded_shot,
        _named(*_SHADED),
        before=_named(*_SHADED),
        change=_repaint,
        history=("review.html",),
    ),
    "hinted": Command(
        _shaded_shot,
        _named(*_SHADED, *_HINTS),
        before=_named(*_SHADED),
        change=_hint(2),
        history=("review.html",),
    ),
    "hinted_kra": Command(
        _documents,
        _named(*_IN_PLACE, *_HINTS),
        before=_named(*_IN_PLACE),
        change=_hint(3, (30, 30)),
        history=("shot.review.html",),
    ),
}
COMMANDS = _AGAIN | {
    "propagate": Command(_shot, _named("propagate", "IN/shot", "--out", "OUT/shot")),
    "propagate_kra": Command(_documents, _named(*_IN_PLACE)),
    "segment": Command(
        _shot,
        _named(
            "segment",
            "IN/shot/line/0001.png",
            "--out",
            "OUT/labels.png",
            "--preview",
            "OUT/preview.png",
        ),
    ),
    "recolor": Command(
        _palettes,
        _named(
            "recolor",
            "IN/shot/color",
            "--from",
            "IN/day.gpl",
            "--to",
            "IN/night.gpl",
            "--out",
            "OUT/night",
        ),
    ),
    "batch": Command(_two_shots, _named("batch", "IN/list.txt", "--out", "OUT/batch")),
    "import": Command(_model, _named("models", "import", "IN/mine.antmodel"), _own_models),
    "download": Command(
        _registry,
        _named("models", "download", "inks", "--registry", "IN/registry.json"),
        _own_models,
        _mirror,
    ),
    "finetune": Command(
        _production,
        # By pairs: how many a time holds is chance, and so would be the model.
        _named(
            "finetune", "IN/shot", "--out", "OUT/new.antmodel", "--minutes", "60", "--pairs", "20"
        ),
        loads=("ant_core.training.network.export", "ant_core.training.network.finetune"),
    ),
}
