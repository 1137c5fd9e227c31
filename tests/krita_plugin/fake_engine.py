"""An engine in the same process, which answers requests of the protocol after one turn each.

Every drawing has two segments, the left and the right half of the canvas; it paints both, around
the lines, in the colour that the nearest reference has in that half.
"""

import struct
from collections import deque

from krita_plugin.propagate_colors.signals import Signal
from krita_plugin.propagate_colors.state.pixels import fingerprint

MODEL = "ab" * 32
SIZES = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5}
BYTES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}


class FakeEngine:
    """Has what EngineClient has; tests set `crash_after`, `stop_after` and `failing`."""

    def __init__(self, hello, clock):
        self.changed = Signal()
        self.greeting = hello
        self.clock = clock
        self.state, self.problem, self.hello = "off", "", {}
        self.compiling = 0
        self.requests = []  # (type, header)
        self.starts = 0
        self.crash_after = None  # frames of a run
        self.stop_after = None  # frames, until go_on()
        self.failing = ()
        self.cannot = ""  # this type of request is answered by an error
        self.refuse = ""  # a start fails with this sentence
        self.refused = ""  # and this code
        self._shots = {}
        self._waiting = {}
        self._run = None
        self._last = 0
        self.silent = False  # to explain
        self._sources = {}  # what frames were coloured from, since the start

    # ---- as EngineClient

    def start(self, command, environment):
        self.starts += 1
        self._set("starting")
        self.clock.later(0, self._started)

    def _started(self):
        if self.refuse:
            self.problem = self.refuse
            self._set("failed")
            return
        self.hello = {"engine": "0.0", "device": "cpu", "review_below": 0.6,
                      "model": {"name": "fake", "sha256": MODEL}}  # fmt: skip
        self._set("ready")

    def stop(self):
        self._fail_all("off", "The engine was ended.")
        self._set("off")

    shutdown = stop

    def request(self, header, payload, callback):
        self._last += 1
        number = self._last
        self.requests.append((header["type"], header))
        if self.state != "ready":
            error = {"type": "error", "code": "off", "message": "The engine is not running."}
            self.clock.later(0, lambda: callback(error, b""))
            return number
        self._waiting[number] = callback
        self.clock.later(0, lambda: self._handle(number, header, payload))
        return number

    def can_send(self):
        return True

    def note_hello(self, header):
        self.hello = header

    def last_lines(self):
        return []

    @property
    def model_name(self):
        return self.hello.get("model", {}).get("name", "")

    @property
    def model_hash(self):
        return self.hello.get("model", {}).get("sha256", "")

    # ---- for tests

    def crash(self):
        """End as a killed process does."""
        self._shots, self._run, self._sources = {}, None, {}
        self.problem = "The engine has stopped unexpectedly; nothing was lost."
        self._set("crashed")
        self._fail_all("crashed", self.problem)

    def go_on(self):
        self.stop_after = None
        self._step()

    def asked(self, kind):
        return [header for name, header in self.requests if name == kind]

    # ---- inside

    def _set(self, state):
        self.state = state
        self.changed.emit(state)

    def _fail_all(self, code, message):
        waiting, self._waiting = self._waiting, {}
        for callback in waiting.values():
            callback({"type": "error", "code": code, "message": message}, b"")

    def _answer(self, number, header, payload=b""):
        callback = self._waiting.get(number)
        if header["type"] not in ("progress", "frame_result"):
            self._waiting.pop(number, None)
        if callback is not None:
            callback({"re": number, **header}, payload)

    def _handle(self, number, header, payload):
        if header["type"] == self.cannot:
            error = {"type": "error", "code": "input", "message": "it cannot be drawn"}
            self._answer(number, error)
        elif number in self._waiting:
            getattr(self, f"_{header['type']}")(number, header, payload)

    def _open_shot(self, number, header, _):
        known = self._shots.get(header["shot"])
        form = (header["width"], header["height"], str(header["line"]), str(header["color"]))
        if known is None or known["form"] != form:
            pixel = [
                SIZES[f["model"]] * BYTES[f["depth"]] for f in (header["line"], header["color"])
            ]
            empty = {"drawings": {}, "times": {}, "references": {}, "colors": {}, "shades": {}}
            self._shots[header["shot"]] = {"form": form, "pixel": pixel, **empty}
        self._answer(number, {"type": "ok"})

    def _canvas(self, shot, box, data, pixel):
        width, height = shot["form"][:2]
        x, y, w, _ = box
        assert (x, w) in ((0, width), (0, 0))
        above = bytes(y * width * pixel)
        return (above + data).ljust(width * height * pixel, b"\0")

    def _add_drawing(self, number, header, payload):
        shot = self._shots[header["shot"]]
        if header["hash"] not in shot["drawings"]:
            if "layers" not in header:
                self._answer(number, {"type": "need"})
                return
            assert sum(layer["bytes"] for layer in header["layers"]) == len(payload)
            planes, start = [], 0
            for layer in header["layers"]:
                data = payload[start : start + layer["bytes"]]
                planes.append(self._canvas(shot, layer["box"], data, shot["pixel"][0]))
                start += layer["bytes"]
            shot["drawings"][header["hash"]] = planes
        shot["times"][header["frame"]] = header["hash"]
        self._answer(number, {"type": "ok"})

    def _add_reference(self, number, header, payload):
        shot = self._shots[header["shot"]]
        if header["hash"] not in shot["colors"]:
            if "box" not in header:
                self._answer(number, {"type": "need"})
                return
            canvas = self._canvas(shot, header["box"], payload, shot["pixel"][1])
            assert fingerprint(canvas) == header["hash"]
            shot["colors"][header["hash"]] = canvas
        shot["references"][header["frame"]] = header["hash"]
        self._answer(number, {"type": "ok"})

    def _add_shade(self, number, header, payload):
        shot = self._shots[header["shot"]]
        known = shot["shades"].setdefault(header["layer"], {"hashes": {}, "frames": {}})
        known["pixel"] = SIZES[header["format"]["model"]] * BYTES[header["format"]["depth"]]
        if header["hash"] not in known["hashes"]:
            if "box" not in header:
                self._answer(number, {"type": "need"})
                return
            canvas = self._canvas(shot, header["box"], payload, known["pixel"])
            assert fingerprint(canvas) == header["hash"]
            known["hashes"][header["hash"]] = canvas
        known["frames"][header["frame"]] = header["hash"]
        self._answer(number, {"type": "ok"})

    def _propagate(self, number, header, _):
        assert self._run is None, "busy"
        self._run = (number, header, deque(header["frames"]))
        self._step()

    def _suggest(self, number, header, _):
        """Name the first drawing in the middle and the last; beside painted ones, the farthest."""
        times = sorted(self._shots[header["shot"]]["times"])
        assert set(header["painted"]) <= set(times)
        self._answer(number, {"type": "progress", "done": 1, "total": 2, "text": "compared"})
        if header["painted"]:
            near = {t: min(abs(t - p) for p in header["painted"]) for t in times}
            found = [max(times, key=near.get)] if max(near.values()) else []
        else:
            found = [times[len(times) // 2], times[-1]]
        suggested = [{"frame": time, "found": 0.5} for time in found]
        self._answer(number, {"type": "suggest", "suggested": suggested})

    def _explain(self, number, header, _):
        """Match a half with that half of its source and with the other one."""
        frame, segment = header["frame"], header["segment"]
        if self.silent:
            return
        if frame not in self._sources:
            text = (
                f"frame {frame} was not coloured since the engine was started: propagate again, "
                "then ask once more"
            )
            self._answer(number, {"type": "error", "code": "input", "message": text})
            return
        near, segments = self._sources[frame]
        size = {"width": 2, "height": 1, "bytes": 8}
        matches = [
            {"frame": near, "segment": one, "share": share, "picture": size,
             "color": segments[one - 1]["color"]}
            for one, share in ((segment, 0.8), (3 - segment, 0.15))
        ]  # fmt: skip
        layers = [
            {"layer": 1, "to": "itself", "most": [], "pictures": [{"frame": frame, **size}]},
            {"layer": 2, "to": "references", "most": [], "pictures": [{"frame": near, **size}]},
        ]
        answer = {"type": "explain", "frame": frame, "segment": segment, "picture": size,
                  "taken": True, "has_counterpart": 0.9, "matches": matches, "rest": 0.05,
                  "layers": layers}  # fmt: skip
        self._answer(number, answer, b"".join(bytes([place]) * 8 for place in range(5)))

    def _cancel(self, number, header, _):
        if self._waiting.get(header["job"]) is not None and self._run is None:
            error = {"type": "error", "code": "cancelled", "message": "stopped"}
            self._answer(header["job"], error)
        if self._run is not None and self._run[0] == header["job"]:
            self._run = None
            self._answer(
                header["job"], {"type": "error", "code": "cancelled", "message": "stopped"}
            )
        self._answer(number, {"type": "ok"})

    def _step(self):
        if self._run is None:
            return
        number, header, left = self._run
        done = len(header["frames"]) - len(left)
        if self.crash_after is not None and done >= self.crash_after:
            self.crash_after = None
            self.crash()
        elif self.stop_after is not None and done >= self.stop_after:
            return
        elif left:
            self._color(number, header, left.popleft(), done + 1)
            self.clock.later(0, self._step)
        else:
            self._run = None
            self._answer(number, {"type": "finished", "summary": {"warnings": []}})

    def _color(self, number, header, frame, done):
        shot = self._shots[header["shot"]]
        fields = {"type": "frame_result", "frame": frame, "done": done,
                  "total": len(header["frames"])}  # fmt: skip
        near = min(header["references"], key=lambda time: (abs(time - frame), time))
        if frame in self.failing:
            fields["result"] = {"frame": frame, "role": "failed", "error": "It is too odd.",
                                "confidence": 0.0, "doubtful": 0, "segments": []}  # fmt: skip
            self._answer(number, fields)
            return
        hints = [h for h in (header["hints"] or {}).get("hints", []) if h["frame"] == frame]
        plane, segments = self._paint(shot, frame, near, hints)
        self._sources[frame] = (near, segments)
        role = "reference" if frame in header["references"] else "predicted"
        fields["result"] = {
            "frame": frame, "role": role, "confidence": 0.75, "doubtful": 1,
            "sources": [{"frame": near, "kind": "painted", "offset": near - frame}],
            "segments": segments,
        }  # fmt: skip
        width, height = shot["form"][:2]
        if role == "reference" or header["known"].get(str(frame)) == fingerprint(plane):
            plane = b""
        else:
            fields.update(box=[0, 0, width, height], bytes=len(plane), hash=fingerprint(plane))
        moved = [self._moved(shot, frame, one, role) for one in header.get("shades", ())]
        moved = [one for one in moved if one is not None]
        if moved:
            fields["shades"] = [one for one, _ in moved]
            segments[1]["flags"] = ["shade"]
            fields["result"]["layers"] = [
                {"name": one["layer"], "surfaces": [], "doubtful": [2]} for one, _ in moved
            ]
        self._answer(number, fields, b"".join((plane, *(data for _, data in moved))))

    def _moved(self, shot, frame, asked, role):
        """Move a layer: the nearest painted frame of it, without the lines' place.

        Onto a reference nothing can be moved: what is known to have been moved there stays.
        """
        layer = shot["shades"][asked["layer"]]
        assert set(asked["painted"]) <= set(layer["frames"]) & set(shot["times"])
        if frame in asked["painted"]:
            return None
        (width, height), plane, pixel = shot["form"][:2], b"", layer["pixel"]
        empty = bytes(width * height * pixel)
        if role != "reference":
            near = min(asked["painted"], key=lambda time: (abs(time - frame), time))
            plane = layer["hashes"][layer["frames"][near]]
            plane = self._without_lines(shot, frame, plane, pixel)
        digest, known = fingerprint(plane or empty), asked["known"].get(str(frame))
        if known == digest or (role == "reference" and known is not None):
            return None
        box = [0, 0, width, height] if plane else [0, 0, 0, 0]
        return {"layer": asked["layer"], "box": box, "bytes": len(plane), "hash": digest}, plane

    @staticmethod
    def _without_lines(shot, frame, canvas, pixel):
        line_pixel, plane = shot["pixel"][0], bytearray(canvas)
        for lines in shot["drawings"][shot["times"][frame]]:
            for place in range(len(lines) // line_pixel):
                if any(lines[place * line_pixel : (place + 1) * line_pixel]):
                    plane[place * pixel : (place + 1) * pixel] = bytes(pixel)
        return bytes(plane)

    def _paint(self, shot, frame, near, hints):
        width, height = shot["form"][:2]
        pixel = shot["pixel"][1]
        taught = shot["colors"][shot["references"][near]]
        half = width // 2
        colors = [self._first(taught, width, height, pixel, side) for side in (0, 1)]
        for hint in hints:
            colors[hint["point"][0] >= half] = self._turned(hint["color"])
        row = colors[0] * half + colors[1] * (width - half)
        plane = self._without_lines(shot, frame, row * height, pixel)
        segments = [
            {"id": side + 1, "color": list(self._turned(colors[side])), "state": "painted",
             "confidence": 0.9 - 0.4 * side, "source": {"frame": near, "segment": side + 1},
             "box": [side * half, 0, half, height], "point": [side * half + half // 2, height // 2],
             "area": half * height}
            for side in (0, 1)
        ]  # fmt: skip
        return plane, segments

    @staticmethod
    def _turned(color):
        """Turn blue, green, red of the pixels into the red, green, blue of results, or back."""
        return (
            bytes((color[2], color[1], color[0], *color[3:])) if len(color) == 4 else bytes(color)
        )

    @staticmethod
    def _first(canvas, width, height, pixel, side):
        """Return the first painted pixel of a half."""
        for y in range(height):
            for x in range(side * (width // 2), width if side else width // 2):
                found = canvas[(y * width + x) * pixel : (y * width + x + 1) * pixel]
                if any(found):
                    return found
        return bytes(pixel)

    def _segment_map(self, number, header, _):
        shot = self._shots[header["shot"]]
        width, height = shot["form"][:2]
        half, pixel = width // 2, shot["pixel"][0]
        labels = ([1] * half + [2] * (width - half)) * height
        for lines in shot["drawings"][shot["times"][header["frame"]]]:
            for place in range(len(labels)):
                if any(lines[place * pixel : (place + 1) * pixel]):
                    labels[place] = 0
        data = struct.pack(f"<{len(labels)}i", *labels)
        self._answer(number, {"type": "segment_map", "width": width, "height": height}, data)

    def _picture(self, number, kind, header, rows):
        width, height = self._shots[header["shot"]]["form"][:2]
        data = b"\x10\x20\x30\x80" * (width * round(height * rows))
        data = data.ljust(width * height * 4, b"\0")
        self._answer(number, {"type": kind, "width": width, "height": height}, data)

    def _preview(self, number, header, _):
        self._picture(number, "preview", header, 1)

    def _overlay(self, number, header, _):
        """Mark the upper half; frame 0 holds nothing doubtful."""
        self._picture(number, "picture", header, 0.5 if header["frame"] else 0)

    def _models(self, number, header, _):
        self._answer(number, {"type": "models", "models": [{"name": "fake"}, {"name": "other"}]})

    def _choose_model(self, number, header, _):
        model = {"name": header["name"], "sha256": "cd" * 32}
        self._answer(number, {**self.hello, "type": "hello", "model": model})
