"""The form of a run's report, and of what other documents take from it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, field

from ant_core.schemas.forms import (
    Box,
    Count,
    CountsForm,
    Form,
    Maybe,
    OneOrMore,
    Point,
    RuledForm,
    Sha256,
    Share,
    Size,
    exactly_one,
    told,
)

__all__ = ["FORMS", "FrameResultForm", "LinesForm", "ModelFileForm", "SummaryForm"]

Color = Annotated[
    Annotated[list[float | None], Meta(min_length=1, max_length=5)] | Literal["unpainted"] | None,
    told(
        "channel values as stored, in the shot's depth, alpha last (null for a float that JSON "
        'cannot hold); "unpainted"; null where nothing is known'
    ),
]
Ends = Annotated[list[float], Meta(min_length=2, max_length=2)]


# ---- segments


class SurfaceForm(Form):
    """Where painted pixels come from: a segment of a painted frame."""

    frame: Count
    segment: OneOrMore
    map: Annotated[
        list[float],
        Meta(min_length=6, max_length=6),
        told("pixel x, y comes from pixel m0 x + m1 y + m2, m3 x + m4 y + m5 of that frame"),
    ]
    share: Annotated[
        Share,
        told(
            "share of the segment whose optical flow returns to its place; of maps through other "
            "drawings the product"
        ),
    ]
    by: Annotated[
        Literal["direct", "composed", "placed"],
        told("from flow to the painted frame, through other drawings, or from places and areas"),
    ]


class SourceForm(RuledForm):
    """The segment that a colour is from, of a frame or of a model sheet.

    The segments of a model sheet are numbered on from view to view.
    """

    RULE: ClassVar[dict[str, Any]] = exactly_one("frame", "sheet")
    ASKED: ClassVar[str] = "a source has a frame or a sheet, and not both"

    segment: OneOrMore
    frame: Maybe[int] = UNSET
    sheet: Maybe[str] = UNSET


class OtherColorForm(Form):
    """A colour that would come next."""

    color: Color
    share: Annotated[Share, told("of all similarity")]


class SecondColorForm(Form):
    """The other colour of a segment that is not flat."""

    color: Color
    share: Share
    at: Annotated[Point, told("a pixel x, y of the second colour")]


class SegmentForm(Form):
    """A segment of a drawing and its colour."""

    id: OneOrMore
    box: Annotated[Box, told("x, y, width, height in pixels")]
    point: Annotated[Point, told("a pixel x, y well inside, as hints take it")]
    area: Annotated[Count, told("in pixels, lines left out")]
    color: Color
    state: Literal[
        "painted", "unpainted", "no_counterpart", "not_flat", "locked", "failed", "never"
    ]
    confidence: Share
    source: SourceForm | None
    others: Maybe[
        Annotated[
            list[OtherColorForm], Meta(min_length=1, max_length=2), told("the likeliest first")
        ]
    ] = UNSET
    flags: Maybe[
        Annotated[
            list[Literal["sides_disagree", "hint", "dab", "surface", "shade"]], Meta(min_length=1)
        ]
    ] = UNSET
    cover: Maybe[
        Annotated[
            Share, told("where it is not flat: share of its inside that has the colour meant")
        ]
    ] = UNSET
    surface: Maybe[SurfaceForm] = UNSET
    second: Maybe[SecondColorForm] = UNSET


# ---- frames


class LinesForm(Form):
    """What was taken for lines."""

    ground: Annotated[Literal["light", "dark", "transparent"], told("what they lie on")]
    rough: Annotated[
        Literal["none", "kept", "ignored"],
        told("whether a light coloured sketch under the ink belongs to them"),
    ]


class ClosedGapForm(Form):
    """A hole in a line that was closed: its two sides in pixels."""

    from_: Ends = field(name="from")
    to: Ends
    by: Annotated[
        Literal["lines", "colors"],
        told("whether the lines alone or the colours beside them decided it"),
    ]


class FrameSourceForm(RuledForm):
    """A drawing that a frame was coloured from."""

    RULE: ClassVar[dict[str, Any]] = exactly_one("frame", "sheet")
    ASKED: ClassVar[str] = "a source has a frame or a sheet, and not both"

    kind: Literal["painted", "predicted", "sheet"]
    offset: Annotated[int, told("target frame minus source frame")]
    frame: Maybe[Count] = UNSET
    sheet: Maybe[Annotated[str, told("name of a model sheet")]] = UNSET


class MovedForm(SurfaceForm):
    """A segment whose pixels were moved."""

    id: OneOrMore


class FrameLayerForm(Form):
    """A further layer (--shade) of a frame."""

    name: str
    file: str
    surfaces: list[MovedForm]
    doubtful: Maybe[
        Annotated[list[OneOrMore], told("ids of the segments whose flag shade is about this layer")]
    ] = UNSET


class FrameResultForm(Form):
    """A frame and what came of it."""

    frame: Count
    role: Literal["reference", "held_reference", "locked", "predicted", "failed"]
    drawing: Annotated[str, told("hash of the decoded line drawing")]
    drawing_frame: Annotated[
        Count, told("the frame under which the drawing was coloured; another one for a hold")
    ]
    recomputed: Annotated[
        str, told("why it was computed in this run; empty when it was kept from an earlier one")
    ]
    gap_px: Size
    lines: LinesForm
    closed_gaps: list[ClosedGapForm]
    pieces: Annotated[
        Annotated[list[Annotated[int, Meta(ge=1, le=2**31 - 1)]], Meta(max_length=1_000_000)]
        | None,
        told(
            "where colours divided the drawing: how many pieces it has, then in order the numbers "
            "of the passes between them, from 1 on, that only the colours close; null where its "
            "segments are those that the lines alone divide"
        ),
    ]
    confidence: Share
    doubtful: Count
    sources: list[FrameSourceForm]
    line_file: str
    color_file: str | None
    segments: list[SegmentForm]
    error: Maybe[str] = UNSET
    name: Maybe[
        Annotated[
            str,
            told(
                "of the drawing as the files have it, where names carry letters; frame is then "
                "its place in order"
            ),
        ]
    ] = UNSET
    layers: Maybe[Annotated[list[FrameLayerForm], Meta(min_length=1)]] = UNSET
    notes: Maybe[
        Annotated[
            list[str],
            Meta(min_length=1),
            told("what a painted frame has that a flat one has not, in sentences"),
        ]
    ] = UNSET


class RecomputedForm(Form):
    """Frames that were computed for one reason."""

    reason: str
    frames: list[Count]


class SummaryForm(CountsForm):
    """What a run did, in numbers and frames."""

    doubtful_frames: list[Count]
    failed: list[Count]
    recomputed: list[RecomputedForm]
    kept: list[Count]


# ---- the report


class ModelFileForm(Form):
    """The model that was used."""

    name: str
    sha256: Sha256


class RunSettingsForm(Form):
    """What the run was told."""

    gap_px: float | None
    max_references: Count
    max_pairs: Count
    disagreement_share: Share
    cached_segments: Count
    threads: int | None
    review_below: Share
    max_columns: Count
    rough: Literal["auto", "keep", "ignore"]


class ReferenceForm(Form):
    """A frame whose colours were given."""

    frame: Count
    origin: Literal["painted", "locked"]


class SheetFileForm(Form):
    """A reference outside the shot."""

    name: str
    path: str
    sha256: Sha256


class ShotForm(Form):
    """What was coloured."""

    width: OneOrMore
    height: OneOrMore
    depth: Annotated[Literal[8, 16, 32], told("bits a channel")]
    floating: Annotated[bool, told("whether the channel values are floating-point numbers")]
    channels: Annotated[
        Literal[1, 2, 3, 4, 5], told("1 grey, 2 grey + alpha, 3 RGB, 4 RGBA, 5 CMYK + alpha")
    ]
    frames: list[Count]
    references: list[ReferenceForm]
    model_sheets: list[SheetFileForm]


class StageForm(Form):
    """How long a stage took."""

    count: Count
    total_s: Size
    median_s: Size


class TimingsForm(Form):
    """How long the run took."""

    wall_s: Size
    per_computed_drawing_s: Annotated[
        Size | None,
        told("wall time by drawings coloured in this run; null when there is none"),
    ]
    stages: dict[str, StageForm]


class PaletteColorForm(Form):
    """A colour that was used."""

    color: Color
    names: Annotated[list[str], told("none where the palette lacks the colour")]
    segments: OneOrMore


class PaletteForm(Form):
    """The colours used, named by --palette."""

    file: str
    left_out: Annotated[
        Count, told("colours of the file in models that have no raw values, such as Lab")
    ]
    colors: list[PaletteColorForm]


# Those of further packages may be added.
_VERSIONS = ("ant_core", "python", "numpy")


class ReportForm(Form):
    """Report of a run of ant_core propagate."""

    schema: Literal[2]
    kind: Literal["propagate"]
    versions: Annotated[dict[str, str], Meta(extra_json_schema={"required": _VERSIONS})]
    model: ModelFileForm
    device: Literal["cpu", "cuda"]
    settings: RunSettingsForm
    hints: Annotated[dict[str, Any], told("the hints file as given; {} without")]
    shot: ShotForm
    timings: TimingsForm
    summary: SummaryForm
    warnings: list[str]
    frames: list[FrameResultForm]
    palette: Annotated[PaletteForm | None, told("null without --palette")]

    def __post_init__(self) -> None:
        """Raise ValueError as msgspec says it when a version is missing."""
        for name in _VERSIONS:
            if name not in self.versions:
                raise ValueError(f"object missing required field `{name}` - at `$.versions`")


FORMS = (ReportForm,)
