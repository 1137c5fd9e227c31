"""The job that asks why a segment has its colour; it changes nothing."""

from __future__ import annotations

from typing import Any, Callable

from ..i18n import tr
from ..link.requests import ANSWER_SECONDS, EngineError, EngineRequests, Steps
from ..state import review
from ..state.model import UNPAINTED, Explained, LayerShown, MatchShown, Picture, Rgb
from ..state.shot import DocumentShot
from . import reading

_SIDE = 256  # pixels of the longer side of a picture: twice what is shown, for dense screens


class Explain:
    """Asks for the best matches of a segment of the last run; `steps()` returns Explained."""

    def __init__(
        self,
        shot: DocumentShot,
        requests: EngineRequests,
        frame: int,
        segment: int,
        display: Callable[[Any], Rgb],
    ) -> None:
        self._shot = shot
        self._requests = requests
        self._frame = frame
        self._segment = segment
        self._display = display

    def steps(self) -> Steps:
        """Run."""
        shot, requests = self._shot, self._requests
        reading.require_ready(shot)
        yield from reading.open_shot(shot, requests)
        # Where the artist drew on it since, the engine says so.
        yield from reading.teach_drawing(shot, requests, self._frame)
        call = requests.start(
            {
                "type": "explain",
                "shot": shot.document.key,
                "frame": self._frame,
                "segment": self._segment,
                "max_side": _SIDE,
            }
        )
        try:
            yield from requests.await_message(call, ANSWER_SECONDS)
        except TimeoutError:
            requests.stop(call)
            raise EngineError("silent", tr("The engine does not answer: start it again.")) from None
        except Exception:
            requests.stop(call)
            raise
        return self._explained(*call.take())

    def _explained(self, header: dict[str, Any], payload: bytes) -> Explained:
        pictures = _Pictures(payload)
        return Explained(
            picture=pictures.next(header["picture"]),
            taken=header["taken"],
            matches=tuple(self._match(one, pictures) for one in header["matches"]),
            rest=header["rest"],
            layers=tuple(
                LayerShown(
                    layer["layer"],
                    layer["to"] == "references",
                    tuple((_name(one), pictures.next(one)) for one in layer["pictures"]),
                )
                for layer in header["layers"]
            ),
        )

    def _match(self, one: dict[str, Any], pictures: _Pictures) -> MatchShown:
        color = None if one["color"] is None else review.as_color(one["color"])
        shown = None if color in {None, UNPAINTED} else self._display(color)
        picture = pictures.next(one["picture"])
        return MatchShown(_name(one), one["segment"], one["share"], shown, picture)


class _Pictures:
    """Takes pictures from a payload, one after the other."""

    def __init__(self, payload: bytes) -> None:
        self._payload, self._at = payload, 0

    def next(self, one: dict[str, Any]) -> Picture:
        """Return the next picture, as `one` describes it."""
        start, self._at = self._at, self._at + one["bytes"]
        return one["width"], one["height"], self._payload[start : self._at]


def _name(one: dict[str, Any]) -> int | str:
    """Return the number of a frame, or the name of a model sheet."""
    return one["sheet"] if "sheet" in one else one["frame"]
