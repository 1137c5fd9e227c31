"""The bill of materials of a pack, CycloneDX in JSON: what is in it, by hash and licence."""

from __future__ import annotations

import email
import zipfile
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from scripts.packing.project import sha256

__all__ = ["bill_of_materials"]


def bill_of_materials(version: str, engine: Path, python: Path, wheels: list[Path]) -> bytes:
    """Return the bill; the same pieces give the same bytes, so it names no time.

    Parameters
    ----------
    version : str
        Of the engine.
    engine : Path
        The wheel of ant_core, which the bill is about.
    python : Path
        The Python archive, whose name begins with cpython-VERSION.
    """
    bom = Bom()
    bom.metadata.component = _of_wheel(engine)
    bom.metadata.timestamp = None
    parts = [_of_python(python), *map(_of_wheel, wheels)]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(bom.metadata.component, parts)
    pieces = "".join(sha256(path) for path in (engine, python, *wheels))
    bom.serial_number = uuid5(NAMESPACE_URL, f"propagate-colors-{version}-{pieces}")
    text: str = JsonV1Dot6(bom).output_as_string(indent=1)
    return text.encode() + b"\n"


def _of_wheel(path: Path) -> Component:
    metadata = _metadata(path)
    name, version = metadata["Name"], metadata["Version"]
    licence = metadata["License-Expression"]
    if licence is None:  # before PEP 639, in free text
        licence = next(iter((metadata["License"] or "").splitlines()), "") or None
    return _component(name, version, licence, path, PackageURL("pypi", None, name.lower(), version))


def _of_python(path: Path) -> Component:
    version = path.name.split("-")[1].partition("+")[0]
    purl = PackageURL("generic", None, "cpython", version)
    return _component("CPython", version, "PSF-2.0", path, purl)


def _component(
    name: str, version: str, licence: str | None, path: Path, purl: PackageURL
) -> Component:
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256(path))],
    )


def _metadata(path: Path) -> email.message.Message:
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))
