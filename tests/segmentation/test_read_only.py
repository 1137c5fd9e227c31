"""Every public function takes arrays that it may not write, as other libraries hand them out."""

from __future__ import annotations

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

import segmentation


def frozen(array):
    array = np.array(array)
    array.setflags(write=False)
    return array


def drawing():
    """Two boxes in one, with a gap that is closed and specks of grain."""
    image = np.full((120, 160), 255, np.uint8)
    cv2.rectangle(image, (10, 10), (140, 100), 0, 3)
    cv2.line(image, (70, 10), (70, 100), 0, 3)
    image[50:54, 66:76] = 255
    image[30, 30] = image[80, 100] = 0
    return image


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_lines_are_read_off_a_read_only_picture(dtype, channels):
    grey = drawing()
    image = grey if not channels else np.repeat(grey[:, :, None], channels, axis=2)
    if channels in (2, 4):
        image[:, :, -1] = 255
    if dtype == np.uint16:
        image = image.astype(np.uint16) * 257
    elif dtype == np.float32:
        image = np.float32(image) / 255
    ours, theirs = segmentation.extract_lines(image), segmentation.extract_lines(frozen(image))
    assert np.array_equal(ours.ink, theirs.ink)
    assert np.array_equal(ours.darkness, theirs.darkness)


@pytest.mark.parametrize("gap_px", [None, 0, 12])
def test_read_only_lines_are_segmented(gap_px):
    lines = segmentation.extract_lines(drawing())
    locked = segmentation.LineArt(
        frozen(lines.darkness), frozen(lines.ink), frozen(lines.trace), lines.line_width_px
    )
    found = segmentation.segment(locked, gap_px)
    assert np.array_equal(found.labels, segmentation.segment(lines, gap_px).labels)
    assert found.labels.max() == (2 if gap_px == 0 else 3)


@pytest.mark.parametrize("dtype", [np.int32, np.uint16, np.int64])
def test_read_only_labels_are_measured_painted_and_shown(dtype):
    lines = segmentation.extract_lines(drawing())
    labels = segmentation.segment(lines).labels.astype(dtype)
    locked = frozen(labels)
    colors = np.arange((labels.max() + 1) * 4, dtype=np.uint8).reshape(-1, 4)
    assert np.array_equal(segmentation.expand_labels(locked), segmentation.expand_labels(labels))
    assert np.array_equal(
        segmentation.paint(locked, frozen(colors)), segmentation.paint(labels, colors)
    )
    assert np.array_equal(segmentation.preview(locked), segmentation.preview(labels))
    ours, theirs = segmentation.measure(labels), segmentation.measure(locked)
    assert np.array_equal(ours.area, theirs.area)


def locked_pieces(pieces):
    """Return pieces of which no array may be written."""

    def values(part):
        return {field.name: getattr(part, field.name) for field in fields(part)}

    def lock(value):
        return frozen(value) if isinstance(value, np.ndarray) else value

    passes = replace(
        pieces.passes, **{name: lock(value) for name, value in values(pieces.passes).items()}
    )
    own = {name: lock(value) for name, value in values(pieces).items() if name != "passes"}
    return replace(pieces, **own, passes=passes)


def test_read_only_pieces_and_colours_are_joined_and_divided():
    image = drawing()
    image[40:60, 66:76] = 255
    pieces = segmentation.find_pieces(segmentation.extract_lines(image), 30)
    assert pieces.passes.count
    locked = locked_pieces(pieces)
    colors = np.arange(pieces.count, dtype=np.int64) % 2
    votes = np.eye(2)[colors]
    for divide in (segmentation.merge_pieces, segmentation.cut_by_colors):
        theirs = divide(locked, frozen(colors))
        assert np.array_equal(divide(pieces, colors).labels, theirs.labels)
    theirs = segmentation.join_by_lines(locked)
    assert np.array_equal(segmentation.join_by_lines(pieces).labels, theirs.labels)
    assert np.array_equal(
        segmentation.label_pieces(pieces, votes), segmentation.label_pieces(locked, frozen(votes))
    )
