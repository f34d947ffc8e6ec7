"""Recompute a bundle from itself and compare everything.

The bundle's own inputs (study, readings, inventories, chapters) go through the same code again, into a temporary folder; then every
file is compared: first by hash with the manifest, which shows tampering, then with the recomputed one, which shows whether the
numbers follow from the inputs. Where bytes differ, tables and figures are compared number by number.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from lca.chapters import Progress
from lca.errors import Finding, LcaError
from lca.provenance import code_hash, environment, hashes
from lca.report import make

TOLERANCE = 1e-9  # relative: round-off of other machines' linear algebra, not a difference in results
NOT_HASHED = ("manifest.json",)
FOLLOWS_ENVIRONMENT = ("code", "environment", "files")  # parts of the manifest that are compared by themselves


def verify(bundle: Path, progress: Progress = lambda message: None) -> list[Finding]:
    """Every difference between the bundle and its recomputation; errors are differences in content, notes in environment.

    Raises `LcaError` if the folder is no bundle.
    """
    bundle = Path(bundle)
    manifest = read_manifest(bundle)
    progress("comparing hashes")
    found = list(tampered(bundle, manifest))
    elsewhere = list(environment_differences(manifest))
    found += elsewhere
    inputs = bundle / "inputs"
    with tempfile.TemporaryDirectory() as scratch:
        parameters = manifest["parameters"] | manifest["overrides"]
        again = Path(scratch) / "again"
        try:
            make(inputs / "study" / "study.yaml", again, parameters, inputs / "inventories", inputs / "chapters", progress)
        except LcaError as error:
            return found + error.findings
        progress("comparing numbers")
        found += [f if elsewhere else _strict(f) for f in differences(bundle, again)]
    return found


def _strict(finding: Finding) -> Finding:
    """With the same code and packages, other bytes have no excuse: drawings, style and PDF count too."""
    return replace(finding, severity="error", fix="make the bundle again") if finding.rule == "verify.bytes" else finding


def read_manifest(bundle: Path) -> dict[str, Any]:
    """The manifest; `LcaError` if there is none or it can't be read."""
    path = bundle / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(manifest, dict) and {"files", "parameters", "overrides", "code", "environment"} <= manifest.keys()
    except (OSError, ValueError, AssertionError):
        fix = "give the folder that lca report wrote"
        raise LcaError(
            Finding("verify.manifest", "error", str(bundle), "manifest.json", "no readable manifest", "a bundle", fix), 2
        ) from None
    return dict(manifest)


def tampered(bundle: Path, manifest: dict[str, Any]) -> Iterator[Finding]:
    """Files that are not what the manifest says, files that are missing, files that nobody wrote."""
    now = {k: v for k, v in hashes(bundle).items() if k not in NOT_HASHED}
    for name in sorted(now.keys() | manifest["files"].keys()):
        said, is_now = manifest["files"].get(name), now.get(name)
        if said != is_now:
            got = (
                "a file that the manifest doesn't name" if said is None else "no such file" if is_now is None else f"SHA-256 {is_now[:16]}…"
            )
            expected = "nothing" if said is None else f"SHA-256 {said[:16]}…"
            yield Finding("verify.hash", "error", name, "", got, expected, "take the file from the original bundle")


def environment_differences(manifest: dict[str, Any]) -> Iterator[Finding]:
    """Other code or other packages than the bundle was made with: said, because they explain differences in bytes."""
    if manifest["code"] != code_hash():
        got, expected = f"code {code_hash()[:12]}", f"code {manifest['code'][:12]}"
        yield Finding("verify.code", "note", "manifest.json", "code", got, expected, "check out the version that made the bundle")
    here = environment()
    for package, version in manifest["environment"].items():
        if here.get(package) != version:
            yield Finding("verify.environment", "note", "manifest.json", package, str(here.get(package)), version, "install the lock")


def differences(bundle: Path, again: Path) -> Iterator[Finding]:
    """Numbers of the bundle that don't follow from its inputs."""
    names, made = (sorted(p.relative_to(f).as_posix() for p in f.rglob("*") if p.is_file()) for f in (bundle, again))
    for name in sorted(set(names) - set(made)):
        yield Finding("verify.extra", "error", name, "", "a file that the recomputation doesn't make", "no such file", "delete it")
    for name in made:
        mine, new = bundle / name, again / name
        if not mine.is_file():
            yield Finding("verify.missing", "error", name, "", "no such file", "a file", "make the bundle again")
        elif mine.read_bytes() != new.read_bytes():
            yield from _compare(name, mine, new)


def _compare(name: str, mine: Path, new: Path) -> Iterator[Finding]:
    fix = "the number doesn't follow from the inputs; make the bundle again"
    if name == "manifest.json":
        got, expected = ({k: v for k, v in read_manifest(p.parent).items() if k not in FOLLOWS_ENVIRONMENT} for p in (mine, new))
        for where, one, other in _json_pairs(got, expected, ""):
            if not same(one, other):
                yield Finding("verify.number", "error", name, where, str(one), str(other), fix)
        return
    try:
        if name.endswith((".csv", ".parquet")):
            read = pd.read_csv if name.endswith(".csv") else pd.read_parquet
            pairs = _table_pairs(read(mine), read(new))
        elif name == "report.html":
            pairs = _page_pairs(mine.read_text(encoding="utf-8"), new.read_text(encoding="utf-8"))
        elif name.endswith(".json"):
            pairs = _json_pairs(json.loads(mine.read_text(encoding="utf-8")), json.loads(new.read_text(encoding="utf-8")), "")
        elif name.endswith(".xlsx"):
            pairs = _workbook_pairs(mine, new)
        elif name.endswith(".ipynb"):
            pairs = _notebook_pairs(*(json.loads(p.read_text(encoding="utf-8")) for p in (mine, new)))
        else:
            yield Finding("verify.bytes", "note", name, "", "other bytes", "the same bytes", "see code and environment")
            return
        different = [(where, got, expected) for where, got, expected in pairs if not same(got, expected)]
    except (ValueError, KeyError, OSError) as error:
        yield Finding("verify.unreadable", "error", name, "", str(error).splitlines()[0], "a readable file", "take the original")
        return
    for where, got, expected in different[:20]:
        yield Finding("verify.number", "error", name, where, str(got), str(expected), fix)
    if len(different) > 20:
        yield Finding("verify.number", "error", name, "", f"{len(different) - 20} more differences", "none", fix)
    if not different:
        yield Finding("verify.bytes", "note", name, "", "other bytes, the same numbers", "the same bytes", "see code and environment")


def same(got: Any, expected: Any) -> bool:
    """Equal, or numbers equal to 1e-9, relative.

    >>> same(1.0, 1.0 + 1e-12), same(1.0, 1.1), same(float("nan"), float("nan"))
    (True, False, True)
    """
    if isinstance(got, int | float) and isinstance(expected, int | float):
        both_nan = math.isnan(got) and math.isnan(expected)
        return both_nan or math.isclose(got, expected, rel_tol=TOLERANCE, abs_tol=0.0)
    return bool(got == expected)


def _table_pairs(mine: pd.DataFrame, new: pd.DataFrame) -> Iterator[tuple[str, Any, Any]]:
    yield "columns", list(mine.columns), list(new.columns)
    yield "rows", len(mine), len(new)
    if list(mine.columns) == list(new.columns) and len(mine) == len(new):
        for column in mine.columns:
            for i, (got, expected) in enumerate(zip(mine[column].tolist(), new[column].tolist(), strict=True), 1):
                yield f"row {i}, {column}", got, expected


def _page_pairs(mine: str, new: str) -> Iterator[tuple[str, Any, Any]]:
    """Every figure of the page: its full value and what is printed of it."""
    pattern = re.compile(r'<data(?: data-figure="([^"]*)")? value="?([^">]*)"?>([^<]*)</data>')
    got, expected = pattern.findall(mine), pattern.findall(new)
    yield "figures", len(got), len(expected)
    for i, (a, b) in enumerate(zip(got, expected, strict=False)):
        yield f"figure {b[0] or i}", float(a[1]), float(b[1])
        yield f"figure {b[0] or i}, printed", a[2], b[2]
    script = re.compile(r"<script.*?</script>", re.S | re.I)
    yield "scripts", script.findall(mine), script.findall(new)
    text = re.compile(r'<section id="annex-versions">.*?</section>|' r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>|<[^>]+>", re.S)
    a, b = _words(text.sub(" ", mine)), _words(text.sub(" ", new))
    first = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    around = slice(max(0, first - 40), first + 40)
    yield "text", a[around] if a != b else "", b[around] if a != b else ""


def _words(text: str) -> str:
    plain = re.sub(r"\s+", " ", text)
    return re.sub(r"Inventories \w+, code \w+", "", plain)


def _json_pairs(mine: Any, new: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(mine, dict) and isinstance(new, dict):
        yield where + " keys", sorted(mine), sorted(new)
        for key in mine.keys() & new.keys():
            yield from _json_pairs(mine[key], new[key], f"{where}.{key}")
    elif isinstance(mine, list) and isinstance(new, list):
        yield where + " length", len(mine), len(new)
        for i, (a, b) in enumerate(zip(mine, new, strict=False)):
            yield from _json_pairs(a, b, f"{where}[{i}]")
    else:
        yield where, mine, new


def _notebook_pairs(mine: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every cell's text, and the figures and words of its output."""
    yield "cells", len(mine["cells"]), len(new["cells"])
    for i, (a, b) in enumerate(zip(mine["cells"], new["cells"], strict=False)):
        yield f"cell {i}, text", a["source"], b["source"]
        shown = ["".join("".join(o.get("data", {}).get("text/html", "")) for o in c.get("outputs", [])) for c in (a, b)]
        for where, got, expected in _page_pairs(*shown):
            yield f"cell {i}, {where}", got, expected


def _workbook_pairs(mine: Path, new: Path) -> Iterator[tuple[str, Any, Any]]:
    from openpyxl import load_workbook

    books = [load_workbook(p, read_only=True) for p in (mine, new)]
    yield "sheets", books[0].sheetnames, books[1].sheetnames
    for sheet in set(books[0].sheetnames) & set(books[1].sheetnames):
        rows = [list(b[sheet].iter_rows(values_only=True)) for b in books]
        yield f"{sheet}, rows", len(rows[0]), len(rows[1])
        for i, (a, b) in enumerate(zip(*rows, strict=False), 1):
            for j, (got, expected) in enumerate(zip(a, b, strict=False), 1):
                yield f"{sheet}, row {i}, column {j}", got, expected
