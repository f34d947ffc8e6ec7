"""Where a result came from: hashes of files, versions of what computed it, and citations."""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "bw2calc",
    "bw2data",
    "bw2io",
    "bw_processing",
    "jupyterlab",
    "matplotlib",
    "nbconvert",
    "numpy",
    "openpyxl",
    "pandas",
    "papermill",
    "pint",
    "pyarrow",
    "pydantic",
    "scipy",
    "typst",
)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file under a folder, by its path from there, sorted."""
    return {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def code_hash() -> str:
    """One hash over this package's modules and templates: the code that computed and wrote a result."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in here.rglob("*") if p.suffix in (".py", ".css", ".j2", ".typ")):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """Versions of Python and of the packages that take part in a result."""
    return {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}}
