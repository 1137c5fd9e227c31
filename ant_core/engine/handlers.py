"""What each request of the engine protocol does; one method a type.

Requests come checked against the schema. What they mean for one shot is `ShotSession`'s business.
"""

from __future__ import annotations

import importlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core import __version__
from ant_core.engine.job_queue import RequestJob
from ant_core.engine.model_store import answer_models, path_named
from ant_core.engine.process import give_back_memory, lower_priority, usable_cores
from ant_core.engine.protocol import MAX_PAYLOAD, PROTOCOL, check_planes
from ant_core.errors import InputError, ProtocolError
from ant_core.models import find_places
from ant_core.models.installed import find, locate
from ant_core.models.registry import EMBEDDED_NAME

if TYPE_CHECKING:
    from ant_core.engine.pictures import Picture
    from ant_core.engine.session import LayerFormat, ShotSession
    from ant_core.engine.shades import MovedPlane
    from ant_core.matching.matcher import Matcher

__all__ = ["Handlers"]

_MOST_SHOTS = 4  # open at a time; the one not used for longest is forgotten
_LARGE = ("explain", "propagate", "suggest")  # requests that take much memory for a while
_NO_HINTS: dict[str, Any] = {"schema": 1}

Fields = Mapping[str, Any]


class Handlers:
    """The engine's state, and what requests do with it."""

    def __init__(self) -> None:
        self._matcher: Matcher | None = None
        self._model_name = ""
        self._device: Any = "auto"
        self._threads = 1
        self._shots: OrderedDict[str, tuple[Any, ShotSession]] = OrderedDict()
        self._lock = threading.Lock()  # questions look up shots while the worker opens others
        self._handlers: dict[str, Callable[[RequestJob, Fields], None]] = {
            "hello": self._hello,
            "choose_model": self._choose_model,
            "open_shot": self._open_shot,
            "add_drawing": self._add_drawing,
            "add_reference": self._add_reference,
            "add_shade": self._add_shade,
            "remove_drawing": self._remove_drawing,
            "remove_reference": self._remove_reference,
            "add_model_sheet": self._add_model_sheet,
            "remove_model_sheet": self._remove_model_sheet,
            "propagate": self._propagate,
            "suggest": self._suggest,
            "preview": self._preview,
            "overlay": self._overlay,
            "segment_map": self._segment_map,
            "inspect": self._inspect,
            "explain": self._explain,
            "models": answer_models,
        }

    @property
    def greeted(self) -> bool:
        """Whether hello was said and answered."""
        return self._matcher is not None

    def work(self, job: RequestJob) -> None:
        """Do one request and answer it."""
        if self.greeted == (job.kind == "hello"):
            raise ProtocolError(
                "hello was said before: start another engine to change it"
                if self.greeted
                else f"{job.kind} came before hello: say hello first"
            )
        if self.greeted:
            self._limit_threads()
        self._handlers[job.kind](job, job.message.header)

    def clear(self, job: RequestJob) -> None:
        """Give back what a request took, however it ended."""
        if job.kind in _LARGE:
            give_back_memory()

    def _limit_threads(self) -> None:
        from ant_core.propagation.pipeline import limit_threads

        limit_threads(self._threads)  # of this thread: several do requests

    # ---- the engine

    def _hello(self, job: RequestJob, asked: Fields) -> None:
        if asked["protocol"] != PROTOCOL:
            raise ProtocolError(
                f"the plug-in speaks protocol {asked['protocol']} and this engine, ant_core "
                f"{__version__}, speaks {PROTOCOL}: install a plug-in and an engine of the same "
                "release"
            )
        background = asked.get("background", False)
        if background:
            lower_priority()
        self._device = asked.get("device", "auto")
        self._threads = asked.get("threads") or usable_cores(background=background)
        model = asked.get("model")
        if model:
            self._load(locate(path_named(model)), model)
        else:
            self._load(None, EMBEDDED_NAME)
        self._introduce(job)
        # The first shot needs it; imported now, while no request waits for it.
        importlib.import_module("ant_core.engine.session")
        notice = importlib.import_module("segmentation._jit").NOTICE
        notice.on_compile = lambda count: job.announce("compiling", done=count)

    def _choose_model(self, job: RequestJob, asked: Fields) -> None:
        before = self._matcher
        if "path" in asked:
            self._load(path_named(asked["path"]), asked["path"])
        else:
            self._load(find(find_places(), asked["name"]).path, asked["name"])
        assert before is not None
        assert self._matcher is not None
        if self._matcher.model_hash != before.model_hash:
            with self._lock:
                self._shots.clear()  # what they know was made with the other model
        self._introduce(job)

    def _load(self, path: Path | None, name: str) -> None:
        """Load a model; `name` is what the caller knows it by."""
        from ant_core.matching.matcher import Matcher

        self._matcher = Matcher(path, self._device, self._threads)
        self._model_name = name

    def _introduce(self, job: RequestJob) -> None:
        from ant_core.matching.fills import REVIEW_BELOW

        assert self._matcher is not None
        job.answer(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "engine": __version__,
                "model": {"name": self._model_name, "sha256": self._matcher.model_hash},
                "device": self._matcher.device,
                "threads": self._threads,
                "review_below": REVIEW_BELOW,
            }
        )

    # ---- shots and what is in them

    def _open_shot(self, job: RequestJob, asked: Fields) -> None:
        from ant_core.engine.session import ShotSession

        width, height = asked["width"], asked["height"]
        line, color = _format(asked["line"]), _format(asked["color"])
        size = width * height * max(line.pixel_bytes, color.pixel_bytes)
        if size > MAX_PAYLOAD:
            raise InputError(
                f"a frame of {width} x {height} pixels is {size >> 20} MiB and the engine takes "
                f"{MAX_PAYLOAD >> 20} MiB: work on a smaller picture"
            )
        key = (width, height, line, color)
        with self._lock:
            assert self._matcher is not None
            known = self._shots.pop(asked["shot"], None)
            if known is None or known[0] != key:
                session = ShotSession(width, height, line, color, self._matcher)
                known = (key, session)
            self._shots[asked["shot"]] = known
            while len(self._shots) > _MOST_SHOTS:
                self._shots.popitem(last=False)
        job.answer({"type": "ok"})

    def _shot(self, asked: Fields) -> tuple[tuple[int, int, LayerFormat, LayerFormat], ShotSession]:
        with self._lock:
            if asked["shot"] not in self._shots:
                raise ProtocolError(
                    f"the shot {ascii(asked['shot'])[:200]} is not open: send open_shot first, and "
                    "its drawings and references anew"
                )
            self._shots.move_to_end(asked["shot"])
            return self._shots[asked["shot"]]

    def _add_drawing(self, job: RequestJob, asked: Fields) -> None:
        (_, _, line, _), session = self._shot(asked)
        planes = asked.get("layers")
        layers = None
        payload = job.message.payload
        check_planes(planes or [], payload, line.pixel_bytes)
        if planes is not None:
            layers, offset = [], 0
            for plane in planes:
                layers.append((tuple(plane["box"]), payload[offset : offset + plane["bytes"]]))
                offset += plane["bytes"]
        known = session.add_drawing(asked["frame"], asked["hash"], layers)
        job.answer({"type": "ok" if known else "need"})

    def _add_reference(self, job: RequestJob, asked: Fields) -> None:
        (_, _, _, color), session = self._shot(asked)
        payload = job.message.payload
        check_planes([asked] if "box" in asked else [], payload, color.pixel_bytes)
        box = tuple(asked["box"]) if "box" in asked else None
        known = session.add_reference(
            asked["frame"], asked["hash"], asked["origin"], box, payload if box else None
        )
        job.answer({"type": "ok" if known else "need"})

    def _add_shade(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        form, payload, plane = _format(asked["format"]), job.message.payload, None
        check_planes([asked] if "box" in asked else [], payload, form.pixel_bytes)
        if "box" in asked:
            plane = tuple(asked["box"]), payload
        known = session.shades.add(asked["layer"], form, asked["frame"], asked["hash"], plane)
        job.answer({"type": "ok" if known else "need"})

    def _remove_drawing(self, job: RequestJob, asked: Fields) -> None:
        self._shot(asked)[1].remove_drawing(asked["frame"])
        job.answer({"type": "ok"})

    def _remove_reference(self, job: RequestJob, asked: Fields) -> None:
        self._shot(asked)[1].remove_reference(asked["frame"])
        job.answer({"type": "ok"})

    def _add_model_sheet(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        job.answer({"type": "ok"} | session.add_model_sheet(str(path_named(asked["path"]))))

    def _remove_model_sheet(self, job: RequestJob, asked: Fields) -> None:
        self._shot(asked)[1].remove_model_sheet(str(path_named(asked["path"])))
        job.answer({"type": "ok"})

    # ---- work on a shot

    def _propagate(self, job: RequestJob, asked: Fields) -> None:
        from ant_core.engine.planes import AskedShade
        from ant_core.propagation.options import RunOptions
        from ant_core.shot.hints import parse_hints

        _, session = self._shot(asked)
        hints = parse_hints(asked.get("hints") or _NO_HINTS, "the document")
        options = RunOptions(
            model_sheet=tuple(str(path_named(path)) for path in asked.get("model_sheets", [])),
            gap=asked.get("gap_px"),
            surface=asked.get("surface", "off"),
            threads=self._threads,
        )
        options.check()
        total = len(asked["frames"])
        job.tell("progress", done=0, total=total, stage="reading", text="")

        def notify(
            result: dict[str, Any],
            box: tuple[int, int, int, int] | None,
            plane: bytes | None,
            done: int,
            total: int,
            moved: Sequence[MovedPlane],
        ) -> None:
            """Send the result of a frame, its pixels and those of the further layers."""
            fields: dict[str, Any] = {"done": done, "total": total, "frame": result["frame"]}
            if box is not None:
                fields |= {"box": list(box), "bytes": len(plane or b"")}
                fields["hash"] = session.plane_hash(result["frame"])
            payload = plane or b""
            if moved:
                fields["shades"] = [
                    {"layer": m.layer, "box": list(m.box), "bytes": len(m.data), "hash": m.hash}
                    for m in moved
                ]
                payload = b"".join((payload, *(m.data for m in moved)))
            job.tell("frame_result", payload, **fields, result=result)

        summary = session.propagate(
            asked["frames"],
            asked["references"],
            hints,
            options,
            cancel=job.cancel,
            notify=notify,
            known=_by_frame(asked.get("known", {})),
            shades=[
                AskedShade(one["layer"], one["painted"], _by_frame(one.get("known", {})))
                for one in asked.get("shades", [])
            ],
        )
        job.answer({"type": "finished", "summary": summary})

    def _suggest(self, job: RequestJob, asked: Fields) -> None:
        from ant_core.propagation.suggest import suggest

        _, session = self._shot(asked)

        def done(at: int, total: int, text: str) -> None:
            job.tell("progress", done=at, total=total, stage="comparing", text=text)

        found = suggest(
            session.lines(),
            asked["painted"],
            session.matcher,
            count=asked.get("count"),
            gap_px=asked.get("gap_px"),
            done=done,
            cancel=job.cancel,
        )
        job.answer({"type": "suggest", "suggested": [one.to_json() for one in found]})

    def _preview(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        picture = session.preview(asked["frame"], asked.get("gap_px"), asked.get("max_side"))
        _show(job, "preview", picture)

    def _overlay(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        picture = session.overlay(
            asked["frame"], asked["segments"], asked.get("max_side"), asked.get("pieces")
        )
        _show(job, "picture", picture)

    def _segment_map(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        most, pieces = asked.get("max_side"), asked.get("pieces")
        _show(job, "segment_map", session.segment_map(asked["frame"], most, pieces))

    def _inspect(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        x, y = asked["point"]
        job.answer({"type": "inspect"} | session.inspect(asked["frame"], (x, y)))

    def _explain(self, job: RequestJob, asked: Fields) -> None:
        _, session = self._shot(asked)
        frame, segment, most = asked["frame"], asked["segment"], asked["max_side"]
        fields, payload = session.explain(frame, segment, most, job.cancel)
        job.answer({"type": "explain", "frame": frame} | fields, payload)


def _show(job: RequestJob, kind: str, picture: Picture) -> None:
    size = {"width": picture.width, "height": picture.height}
    job.answer({"type": kind} | size | picture.info, picture.data)


def _format(asked: Fields) -> LayerFormat:
    from ant_core.engine.session import LayerFormat

    return LayerFormat(asked["model"], asked["depth"], asked.get("profile", ""))


def _by_frame(known: Fields) -> dict[int, str]:
    return {int(frame): digest for frame, digest in known.items()}
