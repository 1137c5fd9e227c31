"""Further painted layers of a shot, shadows and the like, that go where its segments go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.formats.base import FrameReader
from ant_core.propagation.output import Output
from ant_core.shot.shot import Shot

__all__ = ["Shade", "left_on_references", "load_shade"]


@dataclass(frozen=True)
class Shade:
    """One painted layer and where its frames go.

    Attributes
    ----------
    name : str
    reader : FrameReader
        Its painted frames.
    output : Output
        Holds the frames that are kept as they are.
    pixels : PixelFormat
        Of what is written.
    painted, kept : mapping of int to str
        Frames painted in the shot, and in the output; with the digest of each.
    """

    name: str
    reader: FrameReader
    output: Output
    pixels: PixelFormat
    painted: Mapping[int, str]
    kept: Mapping[int, str]

    def digest(self, frame: int) -> str:
        """Return the digest of what is painted on a frame, "" where nothing is."""
        return self.kept.get(frame) or self.painted.get(frame, "")

    def nearest(self, frame: int, among: Sequence[int]) -> int | None:
        """Return the painted one of some frames that is nearest to a frame; None without any."""
        found = [other for other in among if self.digest(other)]
        return min(found, key=lambda other: (abs(other - frame), other), default=None)

    def image(self, frame: int) -> NDArray[Any]:
        """Return what is painted on a frame, (H, W, C) of `pixels`."""
        source: Any = self.output if frame in self.kept else self.reader
        return self.pixels.convert(source.read(frame), source.place(frame))

    def raw(self, frame: int) -> bytes:
        """Return a painted frame as it is packed."""
        return (self.output if frame in self.kept else self.reader).raw(frame)


def left_on_references(shot: Shot, output: Output, taken: Collection[int]) -> list[int]:
    """Return the frames with given colours on which a layer has to stay as runs have left it.

    No match leads to their drawings, so that it could not be made there again.

    Parameters
    ----------
    taken : collection of int
        Frames that are painted on the layer. What a frame of the same drawing shows is made of it.
    """
    bare = [drawing for drawing in shot.drawings if not set(drawing.frames).intersection(taken)]
    among = {frame for drawing in bare for frame in drawing.frames}
    given = [reference.frame for reference in shot.references]
    return [frame for frame in given if frame in among and output.has_ours(frame)]


def load_shade(
    name: str,
    reader: FrameReader,
    output: Output,
    shot: Shot,
    painted: Sequence[int],
    kept: Sequence[int],
) -> Shade:
    """Check the pictures of a further layer.

    Parameters
    ----------
    painted : sequence of int
        Its frames that have a line drawing.
    kept : sequence of int
        Frames whose file in the output stays as it is.

    Raises
    ------
    InputError
        When there is none, or they differ in size or depth.
    """
    sources: list[tuple[int, Any]] = [(frame, output) for frame in kept]
    sources += [(frame, reader) for frame in painted if frame not in kept]
    if not sources:
        raise InputError(
            f"--shade {name} has no painted frame with a line drawing: save what goes with the "
            "segments under the number of a painted frame"
        )
    infos = {frame: source.probe(frame) for frame, source in sources}
    first = next(iter(infos.values()))
    for frame, source in sources:
        info = infos[frame]
        if (info.height, info.width) != shot.size:
            raise InputError(
                f"frame {frame} of --shade {name} ({source.place(frame)}) is {info.width} x "
                f"{info.height} but the shot is {shot.size[1]} x {shot.size[0]}: export all "
                "frames at the same size"
            )
        if (info.depth, info.floating) != (first.depth, first.floating):
            raise InputError(
                f"the painted frames of --shade {name} differ in depth ({source.place(frame)}): "
                "export all with the same"
            )
    channels = max(info.channels for info in infos.values())
    return Shade(
        name,
        reader,
        output,
        PixelFormat(first.depth, channels, first.floating),
        {frame: infos[frame].digest for frame in infos if frame not in kept},
        {frame: infos[frame].digest for frame in infos if frame in kept},
    )
