"""Kernels that read pixels into ink."""

# ruff: noqa: PLR1714 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel

# Alpha from which a pixel hides what is below, and tones that are surely white or ink.
_SOLID = 250
_WHITE = 240
_DARK = 128
# Pixels that are looked at together: most of a drawing is bare, and all of one value.
_STRETCH = 32


@kernel("boolean(uint8[::1], uint8)")
def all_equal(values: Array, value: int) -> bool:
    """Tell whether all of some values equal one.

    Without a way out half way: the processor compares many at once.
    """
    away = np.uint8(0)
    for i in range(values.size):
        away = max(away, np.uint8(values[i] ^ value))
    return bool(away == 0)


@kernel("Tuple((uint8[:,::1], uint8[:,::1]))(uint8[:,:,::1], boolean)")
def coloured(pixels: Array, opaque: bool) -> tuple[Array, Array]:
    """Darkness and trace class of every pixel of a layer with 2 to 4 channels.

    Darkness is 255 minus the smallest channel, so that a pure red, green or blue line is as
    full as a black one; on a layer without paper it is alpha alone.
    """
    height, width, channels = pixels.shape
    darkness = np.zeros((height, width), np.uint8)
    trace = np.zeros((height, width), np.uint8)
    has_alpha = channels == 2 or channels == 4
    flat, dark, kind = pixels.ravel(), darkness.ravel(), trace.ravel()
    # White or, on a layer without paper, transparent: neither ink nor trace.
    blank = np.uint8(255 if opaque else 0)
    skips = opaque or has_alpha
    for start in range(0, height * width, _STRETCH):
        stop = min(start + _STRETCH, height * width)
        if skips and all_equal(flat[start * channels : stop * channels], blank):
            continue
        for i in range(start, stop):
            at = i * channels
            alpha = np.int32(255)
            if has_alpha:
                alpha = np.int32(flat[at + channels - 1])
            if alpha == 0:
                continue
            red = np.int32(flat[at])
            green, blue = red, red
            if channels > 2:
                green = np.int32(flat[at + 1])
                blue = np.int32(flat[at + 2])
            low = min(red, green, blue)
            depth = alpha
            if opaque:
                depth = (alpha * (255 - low) + 127) // 255
            dark[i] = depth
            high = max(red, green, blue)
            chroma = high - low
            # Half of the ink must be colour, else it is dark ink with a tint.
            if chroma * 2 < 255 - low or chroma < 24:
                continue
            middle = red + green + blue - high - low
            if (middle - low) * 2 > chroma:
                continue
            kind[i] = 1 if red == high else (2 if green == high else 3)
    return darkness, trace


@kernel("Tuple((uint8[:,::1], uint8[:,:,::1]))(uint8[:,:,::1], float32[:,:,::1], int64, boolean)")
def against(pixels: Array, paper: Array, side: int, dark: bool) -> tuple[Array, Array]:
    """Darkness of every pixel against paper that differs from place to place, and its colours.

    `pixels` are grey or RGB. `paper` holds tones in the middle of blocks of `side` pixels, read
    between them bilinearly, of the picture itself or, on `dark` ground, of its inverse. Darkness
    is 255 times the largest share of the paper's light that a channel has lost. The colours are
    those of the same ink on white.
    """
    height, width, planes = pixels.shape
    rows, columns, _ = paper.shape
    darkness = np.empty((height, width), np.uint8)
    white = np.empty((height, width, planes), np.uint8)
    lost = np.zeros(4, np.float64)
    for y in range(height):
        fy = min(max((y + 0.5) / side - 0.5, 0.0), rows - 1.0)
        y0 = max(min(int(fy), rows - 2), 0)
        y1 = min(y0 + 1, rows - 1)
        ty = fy - y0
        for x in range(width):
            fx = min(max((x + 0.5) / side - 0.5, 0.0), columns - 1.0)
            x0 = max(min(int(fx), columns - 2), 0)
            x1 = min(x0 + 1, columns - 1)
            tx = fx - x0
            most = 0.0
            for plane in range(planes):
                value = np.float64(pixels[y, x, plane])
                if dark:
                    value = 255.0 - value
                upper = paper[y0, x0, plane] * (1 - tx) + paper[y0, x1, plane] * tx
                lower = paper[y1, x0, plane] * (1 - tx) + paper[y1, x1, plane] * tx
                lost[plane] = 255.0 * max(0.0, 1.0 - value / (upper * (1 - ty) + lower * ty))
                most = max(most, lost[plane])
            darkness[y, x] = np.uint8(most + 0.5)
            for plane in range(planes):
                # Ink on dark ground has the colour that it adds, ink on light what it leaves.
                gone = most - lost[plane] if dark else lost[plane]
                white[y, x, plane] = np.uint8(255.0 - gone + 0.5)
    return darkness, white


@kernel("int64[::1](uint8[:,::1])")
def histogram(plane: Array) -> Array:
    """Count the pixels of every value, (256,)."""
    # Equal neighbours would wait for each other's count: four tables take turns.
    counts = np.zeros((4, 256), np.int64)
    flat = plane.ravel()
    for start in range(0, flat.size, _STRETCH):
        stop = min(start + _STRETCH, flat.size)
        if all_equal(flat[start:stop], flat[start]):
            counts[0, flat[start]] += stop - start
            continue
        whole = stop - (stop - start) % 4
        for i in range(start, whole, 4):
            counts[0, flat[i]] += 1
            counts[1, flat[i + 1]] += 1
            counts[2, flat[i + 2]] += 1
            counts[3, flat[i + 3]] += 1
        for i in range(whole, stop):
            counts[0, flat[i]] += 1
    return counts.sum(axis=0)


@kernel("UniTuple(int64, 3)(uint8[:,:,::1])")
def solid_tones(pixels: Array) -> tuple[int, int, int]:
    """Count the pixels of a layer with alpha that are opaque, and white or dark among them."""
    height, width, channels = pixels.shape
    solid, white, dark = 0, 0, 0
    for y in range(height):
        for x in range(width):
            if pixels[y, x, channels - 1] < _SOLID:
                continue
            low = pixels[y, x, 0]
            for channel in range(1, channels - 1):
                low = min(low, pixels[y, x, channel])
            solid += 1
            white += low >= _WHITE
            dark += low < _DARK
    return solid, white, dark


@kernel("void(boolean[:,:], int64, int64[::1])")
def count_runs(ink: Array, step: int, counts: Array) -> None:
    """Count the runs of ink in every `step`-th row by their length; one bare pixel ends none."""
    height, width = ink.shape
    for y in range(0, height, step):
        run = 0
        for x in range(width):
            if ink[y, x]:
                run += 1
            elif run > 0:
                if x + 1 < width and ink[y, x + 1]:
                    run += 1
                else:
                    counts[run] += 1
                    run = 0
        if run > 0:
            counts[run] += 1


@kernel("float64(boolean[:,::1])")
def line_width(ink: Array) -> float:
    """Typical width of the lines in pixels, at least 1; 0.0 without ink.

    The mean run of ink over rows and columns among the runs up to one and a half times the
    median: longer ones run along a line or lie in solid black. Single bare pixels inside a run
    count as ink (grain). A run crosses its line at a slant, 1.12 widths on average.
    """
    height, width = ink.shape
    longest = max(height, width)
    counts = np.zeros(longest + 1, np.int64)
    step = 1 + (height * width) // 1_000_000
    count_runs(ink, step, counts)
    count_runs(ink.T, step, counts)
    total = counts.sum()
    if total == 0:
        return 0.0
    seen = 0
    median = 0
    while seen * 2 < total:
        median += 1
        seen += counts[median]
    most = min(longest, median + median // 2)
    runs = 0
    pixels = 0
    for run in range(1, most + 1):
        runs += counts[run]
        pixels += counts[run] * run
    return max(1.0, pixels / runs / 1.12)
