"""A log file of bounded size, and the text that an artist can send us without giving names away."""

from __future__ import annotations

import logging
import logging.handlers
import os
import platform
import re
from pathlib import Path
from typing import Iterable, Mapping

logger = logging.getLogger("propagate_colors")

_FILE = "propagate_colors.log"
_FILE_BYTES = 1_000_000
_OLDER_FILES = 2  # three files in all
_TAIL_LINES = 150

_QUOTES = "\"'“”„«»"  # sentences quote names; the same words elsewhere are ours
_SEPARATOR = r"(?:[A-Za-z]:)?[\\/]"
# Code keeps its name: a traceback without it says nothing.
_CODE = re.compile(rf'{_SEPARATOR}[^\n"<>|]*?([^\\/\n"]+\.py)\b')
# A path with a usual ending may hold blanks; any other path ends at the first one.
_ENDING = r"\.(?:kra~?|png|jpe?g|tiff?|exr|webp|json|onnx|antmodel|log|zip|exe|xdts)\b"
_FILES = re.compile(
    rf'(?:~|(?<![\w.])){_SEPARATOR}[^\n"<>|]*?{_ENDING}'
    r'|(?:~|(?<![\w.]))[\\/](?:[^\s"<>|,;:]+[\\/])*[^\s"<>|,;:]+'
    r'|[A-Za-z]:[\\/][^\s"<>|,;]+'
    rf'|[^\s"\'<>|\\/“”„(]+{_ENDING}',
    re.IGNORECASE,
)


def start(folder: str) -> str:
    """Write the log below `folder` from now on; return the file's path."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = str(Path(folder) / _FILE)
    stop()
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=_FILE_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return path


def stop() -> None:
    """Close the log file."""
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def file_path() -> str | None:
    """Return the log file in use."""
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            return handler.baseFilename
    return None


def diagnostics(facts: Mapping[str, object], names: Iterable[str] = ()) -> str:
    """Return facts and the log's end; home folder, files and `names` (of documents) replaced."""
    lines = ["Propagate Colors", f"System: {platform.platform()}"]
    lines += [f"{name}: {value}" for name, value in facts.items()]
    lines += ["", f"Last {_TAIL_LINES} lines of the log:", *_tail()]
    return anonymise("\n".join(lines), names)


def anonymise(text: str, names: Iterable[str] = ()) -> str:
    """Replace the home folder, paths, file names and `names`; equal ones alike."""
    aliases: dict[str, str] = {}
    given = sorted((name for name in names if name), key=len, reverse=True)
    if given:
        words = "|".join(re.escape(name) for name in given)
        named = rf"(?<=[{_QUOTES}])(?:{words})(?=[{_QUOTES}])"
        text = re.sub(named, lambda at: _alias(aliases, at.group()), text)
    home = os.path.expanduser("~")
    if len(home) > 1:
        text = text.replace(home, "~")
    text = _CODE.sub(lambda found: f".../{found.group(1)}".replace("/", "\0"), text)
    text = _FILES.sub(lambda found: _alias(aliases, found.group(0)), text)
    return text.replace("\0", "/")


def _alias(aliases: dict[str, str], name: str) -> str:
    ending = re.search(r"\.[A-Za-z0-9]{1,8}~?$", name)
    return aliases.setdefault(name, f"[name {len(aliases) + 1}{ending.group(0) if ending else ''}]")


def _tail() -> list[str]:
    path = file_path()
    if path is None or not Path(path).exists():
        return ["(none)"]
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()[-_TAIL_LINES:]
