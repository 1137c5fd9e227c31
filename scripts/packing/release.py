"""Everything that is published, in one flat folder, as release pages hold files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.packing.distributions import build_sdist, build_wheel
from scripts.packing.lock import LOCK, Gathered, lock_bytes, lock_document, pack
from scripts.packing.pieces import fetch_python, fetch_wheels, python_url
from scripts.packing.plugin import pack_plugin
from scripts.packing.project import ROOT, PackagingError, commit_time, export, sha256, version
from scripts.packing.resolve import PlatformSettings, resolve
from scripts.packing.sbom import bill_of_materials

__all__ = ["Addresses", "Release", "Scope"]

SUMS = "SHA256SUMS"
REGISTRY = Path("ant_core") / "models" / "registry.json"


@dataclass(frozen=True)
class Addresses:
    """Where the release's files will lie; given when it is made.

    Attributes
    ----------
    release : str
        Of the folder with all files of the release; models are downloaded from there. "" leaves
        the registry without a mirror.
    python : str
        Of the folder with the Python archives.
    pieces : str
        Of a folder with wheels and Python archives, where artists get them from there instead of
        from the package index and from `python`.
    """

    release: str = ""
    python: str = ""
    pieces: str = ""


@dataclass(frozen=True)
class Scope:
    """What is made.

    Attributes
    ----------
    settings : PlatformSettings
    platforms : list of str
        Keys; all when empty.
    models : Path or None
        Folder of released models, see `ant_core.models.release`.
    without_models : bool
        Whether a release may have none, so that `models download` finds nothing.
    kept : Path
        Folder for what is fetched; files that are there are not fetched again.
    """

    settings: PlatformSettings
    platforms: Sequence[str] = field(default=())
    models: Path | None = None
    without_models: bool = False
    kept: Path = ROOT / "dist" / "pieces"

    @property
    def keys(self) -> list[str]:
        """The platforms' keys; PackagingError where one is unknown."""
        known = self.settings.platforms
        unknown = [key for key in self.platforms if key not in known]
        if unknown:
            raise PackagingError(f"there is no platform {unknown[0]}: choose of {', '.join(known)}")
        return list(self.platforms or known)


class Release:
    """One release of a commit, written into a folder.

    Parameters
    ----------
    out : Path
        Made where it is missing.
    tell : callable
        Told of each file when it is there.
    root : Path
        The clone whose commit is released.
    """

    def __init__(
        self,
        out: Path,
        scope: Scope,
        addresses: Addresses,
        tell: Callable[[Path], object] = lambda _: None,
        root: Path = ROOT,
    ) -> None:
        self._out, self._scope, self._addresses, self._tell = out, scope, addresses, tell
        self._root = root
        self._files: list[Path] = []  # made so far
        self._when = commit_time(root)
        self.version = version(root)

    def wheel(self) -> Path:
        """Make the wheel, its registry filled, and return it."""
        with self._clean_copy() as source:
            return self._made(build_wheel(source, self._out, self._when))

    def lock(self, engine: Path) -> tuple[dict, dict[str, Gathered]]:
        """Find and fetch every piece, write the lock, and return it with the pieces."""
        with self._clean_copy() as source:
            gathered = {key: self._gather(key, source) for key in self._scope.keys}
        document = lock_document(
            self.version,
            engine,
            gathered,
            self._scope.settings.leave_out,
            self._addresses.pieces,
        )
        path = self._out / LOCK
        path.write_bytes(lock_bytes(document))
        self._made(path)
        return document, gathered

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return how many wheels each platform needs and their bytes, as the index says.

        Nothing is fetched. ant_core's own wheel and the Python archive are not among them.
        """
        platforms = self._scope.settings.platforms
        with self._clean_copy() as source:
            found = {key: resolve(platforms[key], source, self._when) for key in self._scope.keys}
        return {
            key: (len(wheels), sum(wheel.size for wheel in wheels)) for key, wheels in found.items()
        }

    def packs(self, engine: Path) -> list[Path]:
        """Make the offline pack of every platform."""
        document, gathered = self.lock(engine)
        return [
            self._made(pack(self._out, document, key, engine, found))
            for key, found in gathered.items()
        ]

    def all(self) -> None:
        """Make everything, SHA256SUMS last."""
        if self._scope.models is None and not self._scope.without_models:
            raise PackagingError(
                "a release fills the registry of models: name their folder with --models, or say "
                "--without-models"
            )
        with self._clean_copy() as source:
            engine = self._made(build_wheel(source, self._out, self._when))
        with self._clean_copy() as source:  # the first has what setuptools left behind
            self._made(build_sdist(source, self._out, self._when))
            document, gathered = self.lock(engine)
            beside = {LOCK: lock_bytes(document), engine.name: engine.read_bytes()}
            self._made(pack_plugin(self._out, source, beside))
        for key, found in gathered.items():
            self._made(pack(self._out, document, key, engine, found))
            bill = bill_of_materials(self.version, engine, found.python, found.wheel_files)
            path = self._out / f"propagate_colors-engine-{self.version}-{key}.cdx.json"
            path.write_bytes(bill)
            self._made(path)
        self._copy_models()
        self._made(self._sums())

    # ---- parts

    def _clean_copy(self) -> _CleanCopy:
        return _CleanCopy(self._root, self._registry())

    def _registry(self) -> bytes | None:
        """Return the registry for the package: the released models, at the release's address."""
        if self._scope.models is None:
            return None
        path = self._scope.models / "registry.json"
        try:
            document = json.loads(path.read_bytes())
        except OSError as error:
            raise PackagingError(
                f"{path} cannot be read ({error.strerror}): see export.py"
            ) from None
        document["mirrors"] = [self._addresses.release] if self._addresses.release else []
        return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()

    def _copy_models(self) -> None:
        if self._scope.models is None:
            return
        for path in sorted(self._scope.models.iterdir()):
            if path.name != "registry.json":
                self._made(Path(shutil.copyfile(path, self._out / path.name)))

    def _gather(self, key: str, source: Path) -> Gathered:
        platform = self._scope.settings.platforms[key]
        wheels = resolve(platform, source, self._when)
        files = fetch_wheels(wheels, platform, self._scope.kept)
        address = self._addresses.python
        python = fetch_python(platform, address, self._scope.kept)
        return Gathered(wheels, files, python, python_url(platform, address) if address else "")

    def _sums(self) -> Path:
        lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(self._files)]
        path = self._out / SUMS
        path.write_text("".join(lines))
        return path

    def _made(self, path: Path) -> Path:
        self._files.append(path)
        self._tell(path)
        return path


class _CleanCopy:
    """A copy of the commit's files for as long as something is built from it."""

    def __init__(self, root: Path, registry: bytes | None) -> None:
        self._root, self._registry = root, registry
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> Path:
        source = export(Path(self._folder.name) / "source", self._root)
        if self._registry is not None:
            path = source / REGISTRY
            path.write_bytes(self._registry)
            when = commit_time(self._root)
            os.utime(path, (when, when))
        return source

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
