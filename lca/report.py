"""From a study to its bundle: inputs copied, ledger calculated, chapters run, page, workbook and manifest written.

A bundle is made in a folder beside its place and moved there whole, so that what stands under its name is complete. It holds
its own inputs, the inventories among them: it can be recomputed with nothing else. Nothing in it depends on the clock or on
where it was made, so the same inputs give the same bytes.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jinja2
import nbformat

from lca import annex, checks, typeset, workbook
from lca.assessment import INVENTORIES, Assessment, assess
from lca.chapters import CHAPTERS, Progress, chapter_html, chapter_paths, run_chapters, split_parameters
from lca.declaration import read_document, validate
from lca.errors import Finding, LcaError
from lca.inventory import files as inventory_files
from lca.page import escape, frame
from lca.page import findings as findings_html
from lca.provenance import code_hash, environment, hashes
from lca.statements import Statement, life_cycle
from lca.statements.everything import statements
from lca.tables import write_csv

TEMPLATES = Path(__file__).parent / "templates"


def make(
    study: Path,
    out: Path,
    parameters: dict[str, Any] | None = None,
    inventories: Path | None = None,
    chapters: Path | None = None,
    progress: Progress = lambda message: None,
) -> Path:
    """Make the bundle of one study in `out` and return its path.

    `parameters` are parameters of the chapters (`indicator`, `cutoff`) or dotted paths of the study (`sites.france.pue`). Raises
    `LcaError` with every finding; then nothing is left of the attempt but, if a chapter failed, its partial notebook in
    `<out>.failed`.
    """
    study, out, chapters = (Path(p).resolve() for p in (study, out, chapters or CHAPTERS))
    for_chapters, overrides = split_parameters(parameters or {}, chapters)
    free_or_bundle(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        fix = "give another folder"
        raise LcaError(Finding("report.out", "error", str(out), "", "a file on the way there", "a folder", fix), exit_code=2) from None
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        bundle = Path(scratch) / "bundle"
        progress("reading the study")
        copied = copy_inputs(study, Path(inventories or INVENTORIES), chapters, bundle)
        progress("calculating the ledger")
        a = assess(copied, bundle / "inputs" / "inventories", overrides)
        found = checks.run(a)
        wrong = [f for f in found if f.severity == "error"]
        if wrong:
            raise LcaError(wrong)
        indicator = str(for_chapters.get("indicator", "gwp100"))
        if indicator not in a.factors.table.columns:
            expected, fix = ", ".join(a.factors.table.columns), "take one of these"
            raise LcaError(Finding("report.indicator", "error", "-p", "indicator", indicator, expected, fix), exit_code=2)
        grids = statements(a, indicator)
        progress("writing tables")
        write_tables(a, grids, found, bundle)
        workbook.write(a, grids, found, bundle / "disclosure.xlsx")
        progress("typesetting the PDF")
        manifest = describe(a, for_chapters, overrides, bundle)
        typeset.write(a, grids, found, manifest | {"files": hashes(bundle)}, bundle / "report.pdf")
        notebooks = run_chapters(bundle, for_chapters, overrides, out, progress)
        progress("writing the page")
        (bundle / "report.html").write_text(page(a, bundle, notebooks, found, manifest), encoding="utf-8")
        finish_manifest(manifest, bundle)
        put_in_place(bundle, out)
    return out


def copy_inputs(study: Path, inventories: Path, chapters: Path, bundle: Path) -> Path:
    """Copy the study, the files that it names, inventories and chapters into the bundle; returns the copied study."""
    document, lines = read_document(study)
    declared = validate(document, study.name, lines)
    inputs = bundle / "inputs" / "study"
    inputs.mkdir(parents=True)
    copied = inputs / "study.yaml"
    shutil.copyfile(study, copied)
    faults = []
    names = [r.file for r in declared.readings] + [str(r.options["markers"]) for r in declared.readings if "markers" in r.options]
    for name in dict.fromkeys(names):
        source, target = study.parent / name, inputs / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            faults.append(Finding("study.file", "error", study.name, name, "a path outside the study", "a path below it", "move the file"))
        elif not source.is_file():
            faults.append(Finding("study.file", "error", study.name, name, "no such file", "a file beside study.yaml", "check the path"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    if faults:
        raise LcaError(faults)
    for path in [*inventory_files(inventories), *sorted(inventories.rglob("README.md"))]:
        target = bundle / "inputs" / "inventories" / path.relative_to(inventories)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (bundle / "inputs" / "chapters").mkdir()
    for path in chapter_paths(chapters):
        shutil.copyfile(path, bundle / "inputs" / "chapters" / path.name)
    return copied


def write_tables(a: Assessment, grids: list[Statement], found: list[Finding], bundle: Path) -> None:
    """Ledger, readings, findings and every printed figure as files of their own."""
    a.ledger.to_parquet(bundle / "ledger.parquet", index=False)
    write_csv(a.ledger, bundle / "ledger.csv")
    a.readings.to_parquet(bundle / "readings.parquet", index=False)
    units = a.indicators[["indicator", "label", "unit", "method"]]
    write_csv(units, bundle / "indicators.csv")
    write_csv(a.factors.characterisation, bundle / "characterisation.csv")
    (bundle / "checks.json").write_text(_json([f.as_dict() for f in found]), encoding="utf-8")
    figures = [
        {
            "figure": c.id,
            "statement": title,
            "line": label,
            "column": column,
            "value": None if c.empty else c.value,
            "low": None if c.empty else min(c.low, c.high),
            "high": None if c.empty else max(c.low, c.high),
            "unit": c.unit,
            "indicator": c.indicator,
            "factor": c.scale,
            "ledger_rows": c.row_numbers,
            "ledger_rows_taken_off": c.minus_numbers,
            "factor_taken_off": c.taken_off_scale,
            "remark": c.empty,
        }
        for title, label, column, c in [
            *(("Summary", title, note, c) for title, note, c in life_cycle.headlines(a).cards),
            *((g.title, label, column, c) for g in grids for label, cells in g.lines for column, c in zip(g.columns, cells, strict=True)),
        ]
    ]
    (bundle / "figures.json").write_text(_json(figures), encoding="utf-8")


def describe(a: Assessment, parameters: dict[str, Any], overrides: dict[str, Any], bundle: Path) -> dict[str, Any]:
    """The manifest, but for the hashes of what is still to be written."""
    return {
        "study": a.study.study,
        "title": a.study.title,
        "parameters": parameters,
        "overrides": overrides,
        "seed": a.study.uncertainty.seed,
        "draws": a.study.uncertainty.draws,
        "ledger_rows": len(a.ledger),
        "inventories": {"state": a.factors.inventory.state, **a.factors.statistics},
        "code": code_hash(),
        "environment": environment(),
    }


def page(a: Assessment, bundle: Path, notebooks: list[nbformat.NotebookNode], found: list[Finding], manifest: dict[str, Any]) -> str:
    """The self-contained page: chapters, then the annexes that every link ends in."""
    import pandas as pd

    parts = []
    for notebook, path in zip(notebooks, chapter_paths(bundle / "inputs" / "chapters"), strict=True):
        title, body = chapter_html(notebook)
        parts.append({"id": path.stem, "title": title, "body": body})
    versions = pd.DataFrame(sorted(manifest["environment"].items()), columns=["package", "version"])
    explained = "<p>Amounts times factors; open a product for its card. Row numbers are those of <a href='ledger.csv'>ledger.csv</a>.</p>"
    cards = "<p>What one unit of each product is made of. Intervals <i>by rule</i> follow inventories/spread.csv.</p>"
    hashed = "".join(f"<li>{escape(k)}: <code>{escape(manifest[k])}</code></li>" for k in ("code", "seed", "draws"))
    parts += [
        {"id": "annex-ledger", "title": "Annex: the ledger", "body": explained + annex.ledger(a)},
        {"id": "annex-measured", "title": "Annex: measured files", "body": annex.measured_files(a)},
        {"id": "annex-products", "title": "Annex: products of the inventories", "body": cards + annex.products(a)},
        {"id": "annex-parameters", "title": "Annex: parameters of the inventories", "body": annex.parameters(a)},
        {"id": "annex-sources", "title": "Annex: sources", "body": annex.all_sources(a)},
        {"id": "annex-checks", "title": "Annex: all findings", "body": findings_html(found)},
        {"id": "annex-versions", "title": "Annex: how it was computed", "body": f"<ul>{hashed}</ul>" + frame(versions)},
    ]
    template = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=False, keep_trailing_newline=True)
    return template.get_template("report.html.j2").render(
        title=a.study.title,
        organisation=a.study.organisation.name,
        period=a.study.period.replace("/", " to "),
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        parts=parts,
        state=manifest["inventories"]["state"],
        code=manifest["code"],
    )


def finish_manifest(manifest: dict[str, Any], bundle: Path) -> None:
    """Write the crate description, then the manifest with the hash of everything else."""
    (bundle / "ro-crate-metadata.json").write_text(_json(crate(manifest, bundle)), encoding="utf-8")
    manifest["files"] = hashes(bundle)
    (bundle / "manifest.json").write_text(_json(manifest), encoding="utf-8")


def crate(manifest: dict[str, Any], bundle: Path) -> dict[str, Any]:
    """RO-Crate 1.1 description of the bundle's files."""
    parts = [p.relative_to(bundle).as_posix() for p in sorted(bundle.rglob("*")) if p.is_file()]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": manifest["title"],
        "description": "Bundle of an audit report: inputs, ledger, chapters, page, workbook",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "hasPart": [{"@id": p} for p in parts],
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [descriptor, root, *({"@id": p, "@type": "File", "name": p} for p in parts)],
    }


def free_or_bundle(out: Path) -> None:
    """Refuse a place that holds anything but a bundle, before the work and again when the bundle moves there."""
    if out.is_file() or (out.exists() and any(out.iterdir()) and not (out / "manifest.json").is_file()):
        got, fix = "a file" if out.is_file() else "a folder that is no bundle", "give another folder, or empty this one"
        raise LcaError(Finding("report.out", "error", str(out), "", got, "a bundle or nothing", fix), exit_code=2)


def put_in_place(bundle: Path, out: Path) -> None:
    """Move the finished bundle to its name; an older bundle is replaced, anything else is left alone."""
    free_or_bundle(out)
    old = bundle.parent / "old"
    if out.exists():
        out.rename(old)
    try:
        bundle.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(out.with_name(out.name + ".failed"), ignore_errors=True)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
