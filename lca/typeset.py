"""The report as a typeset PDF: what an auditor reads on paper and signs.

It prints the same figures as the page, with the same digits; in place of links, every line of a statement names the ledger rows that it
sums. The ledger itself stays in `ledger.csv`. Texts reach the typesetter as data, never as markup, and fonts are those that the
typesetter and matplotlib bring along, so the same results give the same bytes on every machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import typst

from lca import figures, paper
from lca.assessment import Assessment
from lca.errors import Finding
from lca.paper import Part, heading, landscape, table, text
from lca.statements import Statement, evidence, ghg_protocol, life_cycle, materials

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
PRINTED = ("ledger.csv", "readings.parquet", "figures.json", "indicators.csv", "checks.json", "disclosure.xlsx")


def write(a: Assessment, statements: list[Statement], findings: list[Finding], manifest: dict[str, Any], path: Path) -> None:
    """Write the PDF. `manifest` needs code, seed, draws, inventories, environment; if it has `files`, their hashes are printed."""
    path.write_bytes(compiled(document(a, statements, findings, manifest)))


def compiled(report: Part) -> bytes:
    """The document as PDF: no date, no fonts of the machine, no network."""
    return typst.compile(TEMPLATE, format="pdf", pdf_standards=["ua-1"], **inputs(report))


def inputs(report: Part) -> dict[str, Any]:
    """What the typesetter is given besides the template."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"])
    return {"root": TEMPLATE.parent, "font_paths": fonts, "sys_inputs": {"report": json.dumps(report)}}


def document(a: Assessment, statements: list[Statement], findings: list[Finding], manifest: dict[str, Any]) -> Part:
    """Everything that is printed, as plain data."""
    s, period = a.study, a.study.period.replace("/", " to ")
    indicator = str(manifest["parameters"].get("indicator", "gwp100"))
    return {
        "title": s.title,
        "subtitle": "Audit report of a life-cycle assessment, with a GHG-Protocol statement",
        "organisation": s.organisation.name,
        "period": f"{period} (end not included)",
        "running": f"{s.organisation.name}, {period}",
        "state": f"inventories {manifest['inventories']['state'][:12]}, code {manifest['code'][:12]}",
        "cards": paper.cards(life_cycle.headlines(a)),
        "sure": f"Figures are computed with the central value of every input; the range holds 95 % of {s.uncertainty.draws} draws of all "
        "declared uncertainties. What is missing below widens no range.",
        "facts": evidence.scope(a).iloc[1:].to_numpy().tolist(),
        "warnings": paper.warnings(findings, a.path.name),
        "parts": [
            *_measured(a),
            *_impacts(a, statements, indicator),
            *_scenarios(a, statements, indicator),
            *_ghg(a, statements),
            *_materials(a, statements),
            *_evidence(a, findings),
            *_recompute(manifest),
        ],
    }


def _measured(a: Assessment) -> list[Part]:
    return [
        heading("Measured data and its quality"),
        text("What meters and tools recorded, over which time, with which gaps. Nothing is filled: a gap stays a gap."),
        paper.figure(figures.origins(a)),
        *[paper.figure(d) for d in figures.power(a)],
        table(evidence.machine_hours(a), "Machine-hours"),
        table(
            life_cycle.ai_stages(a),
            "Facility energy by stage of the AI life cycle; a stage without data is missing, not zero",
        ),
        *landscape(
            [
                table(evidence.quality(a), "Readings by asset and meter"),
                table(evidence.energy(a), "Energy at the machines; the facility's overhead is added once, in the ledger"),
            ]
        ),
    ]


def _impacts(a: Assessment, statements: list[Statement], indicator: str) -> list[Part]:
    process = f"Processes with the largest emissions of their own: {a.label(indicator)} [{a.unit(indicator)}], whole study"
    return [
        heading("Life-cycle impacts"),
        text(
            "Impacts of one functional unit. Goods are spread over their service life ; the end of life follows the study's rule; "
            "electricity is location-based. Below each figure stands the range that holds 95 % of the draws; the last column names the "
            "rows of ledger.csv that a line sums."
        ),
        *[paper.figure(figures.stages(a, u.id)) for u in a.study.functional_units],
        table(life_cycle.processes(a, indicator), process),
        *landscape(_tables(statements, "stage_", "component_")),
        *_tables(statements, "indicators_"),
    ]


def _scenarios(a: Assessment, statements: list[Statement], indicator: str) -> list[Part]:
    start = [heading("Scenarios"), text("Each scenario overrides fields of the study and nothing else; all use the same draws.")]
    if not a.study.scenarios:
        return [*start, text("No scenario is declared.")]
    return [
        *start,
        *[paper.figure(figures.scenarios(a, u.id, indicator)) for u in a.study.functional_units],
        *_tables(statements, "differences_"),
        table(life_cycle.overrides(a), "What each scenario changes"),
        *landscape(_tables(statements, "scenarios_")),
    ]


def _ghg(a: Assessment, statements: list[Statement]) -> list[Part]:
    return [
        heading("GHG-Protocol statement"),
        text(
            "Capital goods are booked in full in the year of purchase. Scope 2 is two numbers and neither replaces the other. The bridge "
            "leads from the life-cycle total to the inventory; each difference is a line with its ledger rows."
        ),
        paper.figure(figures.ghg(a)),
        *_tables(statements, "ghg"),
        table(ghg_protocol.instruments(a), "Instruments behind the market-based figure"),
        *_tables(statements, "bridge_"),
    ]


def _materials(a: Assessment, statements: list[Statement]) -> list[Part]:
    units = [u.id for u in a.study.functional_units]
    balances = [materials.balances(a, u) for u in units]
    return [
        heading("Materials and end of life"),
        text(
            "Counted for the share of the machines that one functional unit wears out. Taken from the ground is held by the machines plus "
            "lost on the way; held is recovered plus lost at the end of life."
        ),
        *[paper.figure(figures.materials(a, u)) for u in units],
        *_tables(statements, "materials_"),
        *landscape([*[table(b.rows, b.title) for b in balances], *_tables(statements, "end_of_life_")]),
    ]


def _evidence(a: Assessment, findings: list[Finding]) -> list[Part]:
    measured = evidence.files(a)
    cited = {s.id for s in a.study.sources}
    others = a.factors.inventory.sources.loc[lambda t: ~t["source"].isin(cited), ["source", "citation", "doi_or_url", "licence"]]
    return [
        heading("Evidence and limits"),
        table(evidence.declared(a), "Declared values with origin and source"),
        table(measured.drop(columns="SHA-256"), "Measured files"),
        table(measured[["file", "SHA-256"]], "Hashes of the measured files"),
        table(evidence.study_sources(a), "Sources named by the study"),
        heading("The inventories", 2),
        table(evidence.inventory_facts(a), "State of the inventories"),
        table(evidence.coverage(a), "Elementary flows that each method scores, of those in use"),
        table(others.set_axis(["source", "citation", "address", "licence"], axis=1), "Sources of the inventories"),
        heading("All findings of the checks", 2),
        table(paper.all_findings(findings), "Findings, worst first"),
        heading("Limits", 2),
        {"kind": "list", "items": list(LIMITS)},
    ]


LIMITS = (
    "Results describe the declared boundary; the exclusions on page one are not zero.",
    "Ranges hold what the inventories and the study declare as uncertain; a process that is missing altogether widens none of them.",
    "Production data of accelerators are public estimates, not the makers' own.",
    "A comparison between products for the public needs a critical review by a panel (ISO 14044, 6.3).",
)


def _recompute(manifest: dict[str, Any]) -> list[Part]:
    hashes = {k: v for k, v in manifest.get("files", {}).items() if k in PRINTED or k.startswith("inputs/study/")}
    facts = {
        "study": manifest["study"],
        "rows of the ledger": manifest["ledger_rows"],
        "draws": manifest["draws"],
        "seed": manifest["seed"],
    }
    facts |= {"state of the inventories": manifest["inventories"]["state"], "code": manifest["code"]}
    facts |= {f"parameter {k}": v for k, v in (manifest["parameters"] | manifest["overrides"]).items()}
    made = [("Python" if k == "python" else k, v) for k, v in manifest["environment"].items()]
    return [
        heading("How to recompute"),
        text(
            "This document belongs to a bundle. There, ledger.csv is the ledger that row numbers here refer to, one line per row; "
            "disclosure.xlsx holds ledger and statements; report.html opens every figure to its rows, products and sources; inputs/ holds "
            "study, readings, inventories and chapters. From these alone, the command below computes everything again and compares every "
            "number and every hash of manifest.json:"
        ),
        {"kind": "code", "text": "lca verify FOLDER-OF-THE-BUNDLE"},
        table(pd.DataFrame([(k, str(v)) for k, v in facts.items()], columns=["what", "value"]), "What the result depends on"),
        *([table(pd.DataFrame(hashes.items(), columns=["file", "SHA-256"]), "Files of the bundle")] if hashes else []),
        table(pd.DataFrame(made, columns=["package", "version"]), "What computed it"),
    ]


def _tables(statements: list[Statement], *kinds: str) -> list[Part]:
    """The statements whose names start so, but for those without a line."""
    return [paper.statement(s) for s in statements if s.id.startswith(kinds) and s.lines]
