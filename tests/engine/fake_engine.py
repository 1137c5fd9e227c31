"""The real server in a process of its own, with a fake network and fake shots: quick to start."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

from ant_core.errors import Cancelled, InputError, ModelCorrupt


class LayerFormat:
    """Enough of the real one: 8-bit RGBA, and a sentence for the rest."""

    pixel_bytes = 4

    def __init__(self, model, depth, profile=""):
        if (model, depth) != ("RGBA", "U8"):
            raise InputError(f"{model} {depth} is not known here: use RGBA U8")
        self.key = (model, depth, profile)

    def __eq__(self, other):
        return self.key == other.key

    __hash__ = None


class FakeMatcher:
    def __init__(self, model, device, threads):
        if model is not None and not model.exists():
            raise InputError(f"no model at {model}: give another path")
        embedded = model is None or model.name == "default.antmodel"
        self.model_hash = ("0" if embedded else "1") * 64
        self.device, self.threads = "cpu", threads


class NoModelFile:
    """No file is a model here."""

    @staticmethod
    def read(path):
        raise ModelCorrupt(f"{path} is no model file: choose another")


class FakeShot:
    """Keeps what it is given; frames with special numbers misbehave in propagate."""

    SLOW, DEAF, BROKEN, HUNGRY, LOUD, LEAVING = 1001, 1002, 1003, 1004, 1005, 1006

    def __init__(self, width, height, line, color, matcher):
        self.size = (width, height)
        self.drawings, self.references, self.sheets = {}, {}, []
        self.shades = SimpleNamespace(add=lambda layer, form, frame, digest, plane: bool(plane))

    def add_drawing(self, frame, digest, layers):
        if layers is None and digest not in self.drawings.values():
            return False
        self.drawings[frame] = digest
        return True

    def add_reference(self, frame, digest, origin, box, data):
        if box is None and digest not in {known for known, _ in self.references.values()}:
            return False
        self.references[frame] = (digest, (box, data))
        return True

    def remove_drawing(self, frame):
        self.drawings.pop(frame, None)

    def remove_reference(self, frame):
        self.references.pop(frame, None)

    def add_model_sheet(self, path):
        if not Path(path).exists():
            raise InputError(f"{path} is missing: choose another picture")
        return {"name": Path(path).name, "width": 1, "height": 1, "segments": 0}

    def remove_model_sheet(self, path):
        pass

    def plane_hash(self, frame):
        return f"hash of {frame}"

    def propagate(self, frames, references, hints, options, *, cancel, notify, known, shades):
        for done, frame in enumerate(frames, start=1):
            self._misbehave(frame, cancel)
            box, plane = None, None
            if frame not in known and references and references[0] in self.references:
                box, plane = self.references[references[0]][1]
            notify({"frame": frame, "role": "predicted"}, box, plane, done, len(frames), [])
        return {"frames": len(frames)}

    def _misbehave(self, frame, cancel):
        if frame == self.SLOW and cancel.wait(60):
            raise Cancelled("stopped")
        if frame == self.DEAF:
            time.sleep(4)
        if frame == self.BROKEN:
            raise ZeroDivisionError("the moon\nis full")
        if frame == self.HUNGRY:
            raise MemoryError
        if frame == self.LOUD:
            print("a library that prints")  # noqa: T201 - what must not get into the stream
            sys.stdout.flush()
        if frame == self.LEAVING:
            raise SystemExit(3)

    def preview(self, frame, gap_px, max_side):
        return SimpleNamespace(width=2, height=1, data=bytes(8), info={"segments": 3})

    def overlay(self, frame, segments, max_side, pieces=None):
        return SimpleNamespace(width=2, height=1, data=bytes(8), info={})

    def segment_map(self, frame, max_side, pieces=None):
        return SimpleNamespace(width=2, height=1, data=bytes(8), info={})

    def inspect(self, frame, point):
        if frame not in self.drawings:
            raise InputError(f"frame {frame} is not known: send its drawing first")
        return {"segment": 1, "box": [0, 0, 1, 1], "result": None}

    def explain(self, frame, segment, max_side, cancel):
        return {"segment": segment, "matches": [], "layers": []}, bytes(4)


def install() -> None:
    """Put the fakes where the server looks for the real ones."""
    for name, contents in {
        "ant_core.engine.session": {"ShotSession": FakeShot, "LayerFormat": LayerFormat},
        "ant_core.matching.matcher": {"Matcher": FakeMatcher, "ModelFile": NoModelFile},
        "ant_core.propagation.pipeline": {"limit_threads": lambda threads: None},
        "ant_core.shot.hints": {"parse_hints": lambda document, place: document},
        "ant_core.matching.fills": {"REVIEW_BELOW": 0.6},
    }.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        sys.modules[name] = module


if __name__ == "__main__":
    install()
    from ant_core.cli import main

    raise SystemExit(main(["serve"]))
