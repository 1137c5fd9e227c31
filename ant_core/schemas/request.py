"""The forms of the requests of the engine protocol."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta

from ant_core.schemas.forms import Form, Maybe, RuledForm, exactly_one, told

__all__ = ["FORMS", "MOST", "REQUESTS"]

# How many items or members a field of a request may have. The check of the protocol counts them
# first, so that its message can say how many there are.
MOST = {
    "frames": 20_000,
    "known": 20_000,
    "layers": 1000,
    "model_sheets": 1000,
    "painted": 20_000,
    "pieces": 100_000,
    "references": 20_000,
    "segments": 100_000,
    "shades": 100,
}

_INT32 = 2**31 - 1
FrameNumber = Annotated[int, Meta(ge=0, le=_INT32), told("frame number of the document")]
Frames = Annotated[list[FrameNumber], Meta(max_length=MOST["frames"])]
ShotName = Annotated[str, Meta(min_length=1, max_length=1000), told("the caller's name for a shot")]
ModelName = Annotated[str, Meta(min_length=1, max_length=200)]
FilePath = Annotated[str, Meta(min_length=1, max_length=4096, pattern="^[^\0]+$")]
PixelHash = Annotated[
    str,
    Meta(min_length=1, max_length=200),
    told("hash of the pixels, of the caller's choice"),
]
Known = Annotated[
    dict[Annotated[str, Meta(pattern="^(0|[1-9][0-9]{0,9})$")], PixelHash],
    Meta(max_length=MOST["known"]),
    told("hash of the plane that the caller still has, by frame"),
]
# No name but color: what follows looks ahead for the end of the text.
LayerName = Annotated[
    str,
    Meta(min_length=1, max_length=200, pattern=r"^(?!color(?![\s\S]))"),
    told("the caller's name for a further layer; color is that of the colours"),
]
Side = Annotated[int, Meta(ge=1, le=65535), told("pixels")]
MaxSide = Annotated[
    Side | None,
    told("longest side of the picture that is wanted, in pixels; null for full size"),
]
GapPx = Annotated[
    Annotated[float, Meta(ge=0, le=256)] | None,
    told("close gaps up to this width; null for the width that follows from the drawing"),
]
Numbers = Annotated[list[Annotated[int, Meta(ge=1, le=_INT32)]], Meta(max_length=MOST["segments"])]
Pieces = Annotated[
    Numbers | None,
    told(
        "of a kept result: how many pieces the drawing has, and which passes between them only "
        "the colours close"
    ),
]
Bytes = Annotated[int, Meta(ge=0, le=1 << 30)]
_Place = Annotated[int, Meta(ge=-65535, le=65535)]
_Length = Annotated[int, Meta(ge=0, le=65535)]
CanvasBox = Annotated[
    tuple[_Place, _Place, _Length, _Length],
    told("x, y, width, height in pixels of the canvas; may reach out of it"),
]
Coordinate = Annotated[float, Meta(ge=0, le=65535)]
_BOX_AND_BYTES = {"dependentRequired": {"box": ["bytes"], "bytes": ["box"]}}


class PlaneForm(Form):
    """Pixels of the payload."""

    box: CanvasBox
    bytes: Bytes


class LayerFormatForm(Form):
    """How a layer stores its pixels."""

    model: Annotated[str, Meta(max_length=100)]
    depth: Annotated[str, Meta(max_length=100)]
    profile: Maybe[Annotated[str, Meta(max_length=1000)]] = UNSET


class ShadesForm(Form):
    """A further layer of a run."""

    layer: LayerName
    painted: Frames
    known: Maybe[Known] = UNSET


# ---- requests


class _Request(Form, tag_field="type"):
    id: int


class _ShotRequest(_Request):
    shot: ShotName


class _FrameRequest(_ShotRequest):
    frame: FrameNumber


class HelloForm(_Request, tag="hello"):
    """Begins a session."""

    protocol: int
    plugin: Maybe[str] = UNSET
    host: Maybe[str] = UNSET
    model: Maybe[FilePath | None] = UNSET
    device: Maybe[Literal["auto", "cpu", "cuda"]] = UNSET
    threads: Maybe[Annotated[int, Meta(ge=1, le=1024)] | None] = UNSET
    background: Maybe[bool] = UNSET


class OpenShotForm(_ShotRequest, tag="open_shot"):
    """Begins a shot."""

    width: Side
    height: Side
    line: LayerFormatForm
    color: LayerFormatForm


class AddDrawingForm(_FrameRequest, tag="add_drawing"):
    """Gives the line art of a frame."""

    hash: PixelHash
    layers: Maybe[Annotated[list[PlaneForm], Meta(max_length=MOST["layers"])]] = UNSET


class AddReferenceForm(RuledForm, _FrameRequest, tag="add_reference"):
    """Gives the colours of a frame."""

    RULE: ClassVar[dict[str, Any]] = _BOX_AND_BYTES
    ASKED: ClassVar[str] = "box and bytes belong together"

    hash: PixelHash
    origin: Literal["painted", "accepted"]
    box: Maybe[CanvasBox] = UNSET
    bytes: Maybe[Bytes] = UNSET


class AddShadeForm(RuledForm, _FrameRequest, tag="add_shade"):
    """Gives a further painted layer of a frame."""

    RULE: ClassVar[dict[str, Any]] = _BOX_AND_BYTES
    ASKED: ClassVar[str] = "box and bytes belong together"

    layer: LayerName
    format: LayerFormatForm
    hash: PixelHash
    box: Maybe[CanvasBox] = UNSET
    bytes: Maybe[Bytes] = UNSET


class RemoveDrawingForm(_FrameRequest, tag="remove_drawing"):
    """Takes a drawing back."""


class RemoveReferenceForm(_FrameRequest, tag="remove_reference"):
    """Takes the colours of a frame back."""


class AddModelSheetForm(_ShotRequest, tag="add_model_sheet"):
    """Adds a painted picture outside the shot."""

    path: FilePath


class RemoveModelSheetForm(_ShotRequest, tag="remove_model_sheet"):
    """Takes a model sheet back."""

    path: FilePath


class PropagateForm(_ShotRequest, tag="propagate"):
    """Asks for the colours of frames; all shades have at most 20,000 painted and known frames."""

    frames: Frames
    references: Frames
    model_sheets: Maybe[Annotated[list[FilePath], Meta(max_length=MOST["model_sheets"])]] = UNSET
    hints: Maybe[dict[str, Any] | None] = UNSET
    gap_px: Maybe[GapPx] = UNSET
    known: Maybe[Known] = UNSET
    surface: Maybe[Literal["auto", "off"]] = UNSET
    shades: Maybe[Annotated[list[ShadesForm], Meta(max_length=MOST["shades"])]] = UNSET


class SuggestForm(_ShotRequest, tag="suggest"):
    """Asks which frames to paint."""

    painted: Frames
    count: Maybe[Annotated[int, Meta(ge=1, le=24)]] = UNSET
    gap_px: Maybe[GapPx] = UNSET


class PreviewForm(_FrameRequest, tag="preview"):
    """Asks for a picture of the segments."""

    gap_px: Maybe[GapPx] = UNSET
    max_side: Maybe[MaxSide] = UNSET


class OverlayForm(_FrameRequest, tag="overlay"):
    """Asks for a picture of some segments."""

    segments: Literal["doubtful"] | Numbers
    max_side: Maybe[MaxSide] = UNSET
    pieces: Maybe[Pieces] = UNSET


class SegmentMapForm(_FrameRequest, tag="segment_map"):
    """Asks for the segment of every pixel."""

    max_side: Maybe[MaxSide] = UNSET
    pieces: Maybe[Pieces] = UNSET


class InspectForm(_FrameRequest, tag="inspect"):
    """Asks for the segment under a point."""

    point: tuple[Coordinate, Coordinate]


class ExplainForm(_FrameRequest, tag="explain"):
    """Asks why a segment has its colour."""

    segment: Annotated[int, Meta(ge=1, le=_INT32)]
    max_side: Annotated[int, Meta(ge=16, le=512), told("longer side of each picture, in pixels")]


# Which field an action of `models` cannot do without.
_NEEDED = {"download": "name", "remove": "name", "import": "path"}


class ModelsForm(RuledForm, _Request, tag="models"):
    """Lists, fetches, removes or checks models."""

    RULE: ClassVar[dict[str, Any]] = {
        "allOf": [
            {
                "if": {"properties": {"action": {"const": action}}, "required": ["action"]},
                "then": {"required": [field]},
            }
            for action, field in _NEEDED.items()
        ]
    }

    action: Literal["list", "download", "remove", "verify", "import"]
    name: Maybe[ModelName] = UNSET
    path: Maybe[FilePath] = UNSET

    def __post_init__(self) -> None:
        """Raise ValueError when the action lacks what it is about."""
        field = _NEEDED.get(self.action)
        if field is not None and getattr(self, field) is UNSET:
            raise ValueError(f"{self.action} needs the field `{field}`")


class ChooseModelForm(RuledForm, _Request, tag="choose_model"):
    """Chooses the model by its name or its file."""

    RULE: ClassVar[dict[str, Any]] = exactly_one("name", "path")
    ASKED: ClassVar[str] = "exactly one of name and path is given"

    name: Maybe[ModelName] = UNSET
    path: Maybe[FilePath] = UNSET


class CancelForm(_Request, tag="cancel"):
    """Stops a job."""

    job: int


class ShutdownForm(_Request, tag="shutdown"):
    """Ends the engine."""


FORMS: tuple[type[Form], ...] = (
    HelloForm,
    OpenShotForm,
    AddDrawingForm,
    AddReferenceForm,
    AddShadeForm,
    RemoveDrawingForm,
    RemoveReferenceForm,
    AddModelSheetForm,
    RemoveModelSheetForm,
    PropagateForm,
    SuggestForm,
    PreviewForm,
    OverlayForm,
    SegmentMapForm,
    InspectForm,
    ExplainForm,
    ModelsForm,
    ChooseModelForm,
    CancelForm,
    ShutdownForm,
)
REQUESTS = {str(form.__struct_config__.tag): form for form in FORMS}  # by their type
