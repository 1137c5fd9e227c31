"""What the engine says, in the artist's words and language.

The protocol carries English sentences that are meant for a terminal. Those that an artist can meet
from the docker stand here as patterns, each with what the docker says for it. What is none of them
is a fault of this plugin or of the computer: it is shown as it is.
"""

from __future__ import annotations

import re
from typing import Match, Pattern

from ..i18n import mark, tr
from ..log import logger
from .why_texts import WHY_SAID

_NO_MEMORY = mark("There is not enough memory: close other programs, or choose fewer frames.")
_NOT_SEGMENTED = mark("Frame {frame} cannot be divided into segments: {reason}")
_TOO_LARGE = mark(
    "A picture of {width} x {height} pixels is too large to be colored: use a smaller document."
)
_DARK = mark(
    "No lines can be told, all is dark: draw the lines on a transparent layer or on white."
)
_NOISY = mark(
    "No lines can be told from the noise of the picture: draw or scan them anew, dark on light."
)
_OTHER_COLORS = mark(
    "A color that you gave does not fit the layer's color model any more: give it anew."
)
_NO_PICTURE = mark("{path} is no picture that can be read: save it as PNG.")
_NO_RUNTIME = mark("The engine lacks ONNX Runtime, or has an old one: set the engine up again.")
_BAD_MODEL = mark("The model {path} is damaged ({reason}): choose another in the settings.")
_BAD_LIST = mark("The list of models {path} cannot be used ({reason}): correct it.")
_NOT_WRITTEN = mark("{path} cannot be written: look at its folder's permissions.")
_UNLIKE = mark("The plugin and the engine do not fit together: install both of the same release.")
_NO_DOWNLOAD = mark("The model could not be downloaded ({reason}): look at the network.")

# The engine's text and the docker's; a {name} stands for anything, or a number if in _NUMBERS.
_SAID = (
    # ---- drawings
    (
        "no line can be told: the whole picture is as dark as a line; export the lines with their "
        "transparency (RGBA) or on white paper",
        _DARK,
    ),
    (
        "no line can be told: the whole picture is one dark tone, {tone}; export the lines with "
        "their transparency (RGBA) or on white paper",
        _DARK,
    ),
    (
        "no line can be told: nothing rises above the noise of the picture; scan or export the "
        "drawing again as dark lines on light paper or on transparency",
        _NOISY,
    ),
    (
        "no line can be told: the picture is noise without any ground; scan or export the drawing "
        "again as dark lines on light paper or on transparency",
        _NOISY,
    ),
    ("frame {frame} cannot be segmented: {reason}", _NOT_SEGMENTED),
    (
        "the line drawing of reference {frame} ({place}) cannot be segmented: {reason}",
        _NOT_SEGMENTED,
    ),
    ("frame {frame} ({place}) failed: {reason}", mark("Frame {frame} failed: {reason}")),
    (
        "the line drawing of reference {frame} ({place}) shows no line: export the line art, dark "
        "on light paper or with transparency, or name it with --line",
        mark("The line layer shows no lines on frame {frame}: choose the layer with the lines."),
    ),
    (
        "{place} and all other frames are blank: name the line drawings with --line",
        mark("The line layer is blank on all frames: choose the layer with the lines."),
    ),
    # ---- runs
    (
        "a frame of {count} layers is {size} MiB and the engine takes {most} MiB: move fewer "
        "layers at a time",
        mark("The layers that also move are too large together: choose fewer of them."),
    ),
    (
        "there is no reference: paint at least one frame and mark it as a reference, or add a "
        "model sheet",
        mark("There is no painted frame to learn from: paint one frame in the color layer."),
    ),
    (
        "nothing is painted on the reference {frames}: paint it, or choose another one",
        mark("Nothing is painted on the reference ({frames}): paint it, or choose another one."),
    ),
    (
        "nothing is painted on the reference {frames}: it teaches to leave frames bare",
        mark("Nothing is painted on the reference ({frames}): it teaches to leave frames bare."),
    ),
    ("frame {numbers}", mark("frame {numbers}")),
    ("frames {numbers}", mark("frames {numbers}")),
    (
        "a run is at work already: cancel it or wait for its end",
        mark("The last run is still being stopped: press again in a moment."),
    ),
    (
        "stopped: finished frames are kept, propagate again to go on from there",
        mark("Stopped: finished frames are kept."),
    ),
    (
        "{name} lies at {x}, {y}, outside the picture of {width} x {height} pixels: correct its "
        "place",
        mark(
            "A color or lock that you gave lies outside the picture now, at {x}, {y}: undo the "
            "change of its size."
        ),
    ),
    (
        "{name} has {count} values but the references have {channels} channels: give the values of "
        "the references' own colour model, alpha last",
        _OTHER_COLORS,
    ),
    (
        "{name} has the value {value} but the references have {bits} bits a channel: give whole "
        "values from 0 to {full}",
        _OTHER_COLORS,
    ),
    *WHY_SAID,
    # ---- documents and memory
    (
        "the canvas is {width} x {height} pixels, expected 1 to {most} in all: work on a smaller "
        "document",
        _TOO_LARGE,
    ),
    (
        "a frame of {width} x {height} pixels is {size} MiB and the engine takes {most} MiB: work "
        "on a smaller picture",
        _TOO_LARGE,
    ),
    (
        "layers of colour model {model} and depth {depth} cannot be worked on: convert the image "
        "to RGB, grayscale or CMYK with 8, 16 or 32 bits a channel",
        mark(
            "The color model {model} {depth} cannot be used: convert the layer to RGB, gray or "
            "CMYK."
        ),
    ),
    ("not enough memory", _NO_MEMORY),
    (
        "there is not enough memory for this request: close other programs, or work on a smaller "
        "picture or fewer frames",
        _NO_MEMORY,
    ),
    (
        "something unexpected happened in the engine ({reason}): report it with its log",
        mark("Something unexpected happened in the engine ({reason}): see the log."),
    ),
    # ---- model sheets
    (
        "{path} is missing: {remedy}",
        mark("{path} is missing: put it back, or remove this model sheet."),
    ),
    (
        "{path} cannot be read ({reason}): check the file and its permissions",
        mark("{path} cannot be read ({reason}): look at its permissions."),
    ),
    ("{path} is a folder or a device: name a file", _NO_PICTURE),
    (
        "{path} is of no format that can be read here: save it as PNG, TIFF, TGA, OpenEXR, JPEG, "
        "OpenRaster (.ora) or Photoshop (.psd)",
        _NO_PICTURE,
    ),
    ("{path} is not a PNG image: export the frames as PNG files", _NO_PICTURE),
    (
        '{kind} files need a library that is not installed: pip install "ant-core[formats]"',
        mark("This engine cannot read {kind} files: save the picture as PNG."),
    ),
    (
        "{path} is damaged ({reason}): export or copy the file again",
        mark("{path} is damaged ({reason}): save it again."),
    ),
    (
        "{path} has {size} MB, more than the {most} that can be read: export it again, smaller",
        mark("{path} is too large to be read: save it smaller."),
    ),
    (
        "{path} needs more memory than there is: close other programs, or export it smaller",
        mark("{path} is too large to be read: save it smaller."),
    ),
    (
        "{path} cannot serve as a model sheet: {reason}",
        mark("{path} cannot serve as a model sheet: {reason}"),
    ),
    (
        "only {share} of it is flat colour: export it without blur, texture or lossy compression "
        "(as PNG, not JPEG)",
        mark(
            "Only {share} of it is flat color: save it without blur or texture, as PNG, not JPEG."
        ),
    ),
    (
        "{path} is empty: name a picture with a coloured figure",
        mark("{path} is empty: choose a picture with a colored figure."),
    ),
    (
        "{path} has 16 bits a channel but the shot has 8: save it with 8 bits",
        mark("{path} has 16 bits a channel and the color layer has 8: save it with 8 bits."),
    ),
    (
        "{path} has {own} but the references have {depth}: export all painted frames with the same "
        "depth",
        mark("{path} has another color model than the color layer: save it in the same one."),
    ),
    (
        "{path} has {count} channels but the references have {channels}: export all painted frames "
        "the same way",
        mark("{path} has another color model than the color layer: save it in the same one."),
    ),
    (
        "{path} changed while the run was under way: start the run again",
        mark("{path} was changed during the run: press again."),
    ),
    # ---- the engine's own parts
    (
        "CUDA was asked for but cannot be used ({reason}); install ant-core[gpu] and an NVIDIA "
        "driver, or use --device cpu",
        mark("CUDA cannot be used ({reason}): choose Automatic or CPU in the settings."),
    ),
    (
        "ONNX Runtime is not installed; install ant-core[cpu], or ant-core[gpu] on a machine with "
        "an NVIDIA GPU",
        _NO_RUNTIME,
    ),
    (
        "ONNX Runtime {version} is too old, ant_core needs 1.23.2 or newer: install ant-core[cpu] "
        "or ant-core[gpu] again",
        _NO_RUNTIME,
    ),
    ("no model at {path} ({reason}); give --model the path of an .antmodel file", _BAD_MODEL),
    (
        "{path} is not a model file or is damaged ({reason}); copy or download it again",
        _BAD_MODEL,
    ),
    (
        "{path} holds a network that ONNX Runtime {version} cannot load ({reason}); copy or "
        "download it again",
        _BAD_MODEL,
    ),
    (
        "{path} holds a network that is too new for ONNX Runtime {version} ({reason}); install a "
        "newer ONNX Runtime, or use an older model",
        mark(
            "The model {path} is newer than this engine: update the engine, or choose another in "
            "the settings."
        ),
    ),
    ("{name} at {path} is damaged ({reason}): {remedy}", _BAD_MODEL),
    (
        "{path} is made for descriptors of version {version}, this engine has version {ours}; use "
        "a model made for this engine",
        mark("The model {path} is made for another engine: choose another in the settings."),
    ),
    (
        "there is no model {name} on this machine: run ant_core models download {same}, or see "
        "ant_core models list for those that are there",
        mark("There is no model {name} on this computer: choose another in the settings."),
    ),
    (
        "the plug-in speaks protocol {ours} and this engine, ant_core {version}, speaks {theirs}: "
        "install a plug-in and an engine of the same release",
        mark(
            "This plugin speaks protocol {ours} and the engine {theirs}: install both of the same "
            "release."
        ),
    ),
    (
        "a request {kind} does not fit protocol {version} ({place}{mark}{detail}): update plug-in "
        "and engine together",
        _UNLIKE,
    ),
    ("a request has the type {kind}: this engine knows {kinds}", _UNLIKE),
    # ---- downloads of models
    (
        "the model registry {path} cannot be used ({reason}): correct it or name another one with "
        "--registry",
        _BAD_LIST,
    ),
    (
        "the download did not succeed ({reason}): check the network and the proxy settings "
        "(HTTPS_PROXY, NO_PROXY) and run again, what has arrived is kept; or bring the file and "
        "use ant_core models import FILE",
        _NO_DOWNLOAD,
    ),
    (
        "no mirror has the file with SHA-256 {hash}... that the registry asks for ({reason}): "
        "update the registry, or get the file elsewhere and use ant_core models import FILE",
        _NO_DOWNLOAD,
    ),
    (
        "{name} is made for ant_core {needed} or newer and this is {version}: update ant_core, or "
        "choose an older version of the model",
        mark("{name} needs an engine of version {needed} or newer: choose another model."),
    ),
    (
        "no address is known for {name}: name an address with --mirror, or a registry that has "
        "mirrors with ANT_CORE_REGISTRY (this one is {path})",
        mark("It is not known where {name} can be downloaded: choose another model."),
    ),
    (
        "there is not enough room for {name} in {folder}: it needs {needed} MB and {free} MB are "
        "free; free some space, or name a folder elsewhere with ANT_CORE_MODELS",
        mark("{name} needs {needed} MB and {free} MB are free in {folder}: make room there."),
    ),
    (
        "the disk is full or its quota used up while writing {path}: free some space, or "
        "{elsewhere}, and run again, what is finished is kept",
        mark("The disk is full while {path} is written: make room there and try again."),
    ),
    (
        "{path} cannot be written, the place is read-only: {elsewhere} or change its permissions",
        _NOT_WRITTEN,
    ),
    ("{path} cannot be made because a file stands in its way: {elsewhere}", _NOT_WRITTEN),
    ("{path} cannot be written ({reason}): {elsewhere}", _NOT_WRITTEN),
    (
        "{reason}: trying again in {seconds} s",
        mark("The download waits and goes on in {seconds} seconds."),
    ),
    (
        "another process works on {name}: waiting for it",
        mark("Another program works on {name}: waiting for it."),
    ),
    # ---- what the list of models says of one
    ("part of ant_core", mark("part of the engine")),
    ("installed", mark("downloaded")),
    ("shared", mark("in a shared folder")),
    ("not downloaded", mark("not downloaded")),
    ("{percent} % downloaded", mark("{percent} % downloaded")),
    ("needs ant_core {needed}", mark("needs engine {needed}")),
    ("damaged", mark("damaged")),
)
_NUMBERS = {"frame", "numbers", "width", "height", "percent", "seconds", "x", "y"}
_TEXTS = {"frames", "reason"}  # values that may be texts of the engine themselves
_STOPS = ".!?\u3002\uff01\uff1f"


def _pattern(text: str) -> Pattern[str]:
    parts = re.split(r"{(\w+)}", text)
    names = [
        rf"(?P<{name}>{'[-0-9, .e+]+' if name in _NUMBERS else '.*?'})" for name in parts[1::2]
    ]
    fixed = [re.escape(part) for part in parts[0::2]]
    return re.compile("".join(a + b for a, b in zip(fixed, [*names, ""])), re.DOTALL)


_PATTERNS = [(_pattern(text), shown) for text, shown in _SAID]


def translated(text: str) -> str:
    """Return what the docker says for a text of the engine; an unknown one as it is."""
    for pattern, shown in _PATTERNS:
        found: Match[str] | None = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            values.update({name: translated(values[name]) for name in _TEXTS & values.keys()})
            return tr(shown, **values)
    return text


def sentence(text: str) -> str:
    """Return a message of the engine as a sentence of the docker; the log keeps the original.

    The engine's messages begin small and end without a stop, as a terminal's do.
    """
    said = translated(text)
    if said != text:
        logger.info("the engine's words: %s", text)
        return said
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in _STOPS else text + "."
