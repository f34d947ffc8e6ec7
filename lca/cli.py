"""The commands. Progress goes to stderr, results to stdout; exit 0 all is well, 1 a check failed, 2 the call was wrong."""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lca.errors import Finding
    from lca.inventory import Inventory

HERE = Path(__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    from lca.errors import LcaError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop request cleans up like Ctrl-C
    try:
        return int(options.command(options))
    except OSError as error:
        print(f"{error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except LcaError as error:
        for finding in error.findings:
            print(finding, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lca", description="Audit reports for the life cycle of AI and data-centre computing.")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, function: Any, words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(command=function)
        return command

    c = add("report", report, "make the bundle of one study")
    c.add_argument("study", type=Path, help="study.yaml")
    c.add_argument("-o", "--output", type=Path, help="folder of the bundle; default: out/ beside the study's in/")
    c.add_argument(
        "-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="chapter parameter or study path"
    )
    c.add_argument("--chapters", type=Path, help="folder of edited chapters; default: notebooks/chapters")
    c = add("batch", batch, "make many bundles; all are made even if some fail")
    c.add_argument("targets", type=Path, nargs="+", help="study files or portfolio tables (CSV: study, name, parameters)")
    c.add_argument("-o", "--output", type=Path, help="folder of the bundles")
    c.add_argument("--workers", type=int, default=1, choices=range(1, 257), metavar="N")
    c = add("verify", verify, "recompute a bundle from itself and compare every number and hash")
    c.add_argument("bundle", type=Path)
    c = add("check", check, "every rule over a study, or over the inventories")
    c.add_argument("target", help="study.yaml, or the word inventories")
    c.add_argument("--leaves-out", metavar="INDICATOR", help="inventories: list the elementary flows in use that a method doesn't score")
    c = add("ingest", ingest, "exports of tools to one table of readings, with a quality report")
    c.add_argument("files", type=Path, nargs="+")
    c.add_argument("-o", "--output", type=Path, required=True, help="readings.parquet or .csv")
    c.add_argument("--asset", required=True, help="what was measured")
    c.add_argument("--timezone", help="IANA zone of naive time stamps")
    c.add_argument("--reader", help="reader to use; default: recognised, and said why")
    c = add("score", score, "the indicators of one product, with its contribution tree")
    c.add_argument("product")
    c.add_argument("--amount", type=float, default=1.0)
    c.add_argument("--indicator", default="gwp100", help="indicator of the tree")
    c.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="position of a switch, or value of a parameter")
    c.add_argument("--json", action="store_true")
    c = add("products", products, "search the inventories")
    c.add_argument("text", nargs="*")
    c = add("export", export, "inventories, and a study's foreground, for other tools")
    c.add_argument("format", choices=["brightway", "excel", "jsonld"])
    c.add_argument("target", help="project name, or path: .xlsx in Brightway's layout, .zip for openLCA")
    c.add_argument("--study", type=Path, help="write this study's foreground too (brightway)")
    c.add_argument("--relink", type=Path, metavar="CSV", help="products to take from your own databases instead (brightway)")
    c = add("import", import_, "what is new or changed in a workbook of Brightway's layout, as tidy tables")
    c.add_argument("format", choices=["excel"])
    c.add_argument("file", type=Path)
    c.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the tables, for example inventories/hardware")
    c = add("new", new, "a new study from the template, ready to edit")
    c.add_argument("name")
    c = add("lab", lab, "JupyterLab on the chapters")
    c.add_argument("study", type=Path, nargs="?", help="study to preset; its chapters are copied beside it, ready to edit")
    c.add_argument("options", nargs="*", help="further options of jupyter lab, after --")
    c = add("schema", schema, "JSON Schema of study.yaml, for editors")
    c.add_argument("-o", "--output", type=Path)
    return parser


def _version() -> str:
    from importlib import metadata

    return metadata.version("lca")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _print_findings(found: list[Finding]) -> int:
    for f in found:
        print(f)
    errors = sum(f.severity == "error" for f in found)
    print(f"{errors} errors, {sum(f.severity == 'warning' for f in found)} warnings, {sum(f.severity == 'note' for f in found)} notes")
    return 1 if errors else 0


def report(o: argparse.Namespace) -> int:
    """Make one bundle and print its path."""
    from lca.batch import jobs
    from lca.chapters import value_of
    from lca.report import make

    out = o.output or jobs([o.study])[0].out
    made = make(o.study, out, {name: value_of(text) for name, text in o.parameter}, chapters=o.chapters, progress=_say)
    print(made)
    return 0


def batch(o: argparse.Namespace) -> int:
    """Make many bundles, with a progress bar."""
    from tqdm import tqdm

    from lca.batch import Outcome, jobs, run

    todo = jobs(o.targets, o.output)
    with tqdm(total=len(todo), unit="report", file=sys.stderr) as bar:

        def ended(outcome: Outcome) -> None:
            bar.update()
            if outcome.failed:
                for f in outcome.findings:
                    bar.write(f"{outcome.job.out.name}: {outcome.job.study}: {f}", file=sys.stderr)
            else:
                bar.write(str(outcome.job.out), file=sys.stdout)

        outcomes = run(todo, o.workers, ended)
    failed = [x for x in outcomes if x.failed]
    _say(f"{len(outcomes) - len(failed)} made, {len(failed)} failed")
    return 1 if failed else 0


def verify(o: argparse.Namespace) -> int:
    """Recompute a bundle and print every difference."""
    from lca.verify import verify as recompute

    found = recompute(o.bundle, progress=_say)
    for f in found:
        print(f)
    errors = sum(f.severity == "error" for f in found)
    print("verified: every number follows from the bundle's inputs" if not errors else f"not verified: {errors} differences")
    return 1 if errors else 0


def check(o: argparse.Namespace) -> int:
    """Print every finding of a study or of the inventories."""
    if o.target == "inventories":
        from collections import Counter

        from lca import inventory, inventory_checks
        from lca.balances import balances
        from lca.pedigree import BASES, bases

        loaded = inventory.load(HERE / "inventories")
        facts = inventory.describe(loaded)
        print(", ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in facts.items()))
        closed = balances(loaded)
        if closed:
            worst = max(closed, key=lambda b: b.error)
            kinds = ", ".join(f"{n} of {kind}" for kind, n in sorted(Counter(b.quantity for b in closed).items()))
            print(f"balances {len(closed)} ({kinds}); largest difference {100 * worst.error:.1f} %, {worst.quantity} of {worst.activity}")
        basis = Counter(bases(loaded))
        if o.leaves_out:
            return _print_unscored(loaded, o.leaves_out)
        print("exchanges by the weakest number in them: " + ", ".join(f"{basis[b]} {b}" for b in BASES))
        return _print_findings(inventory_checks.check(loaded))
    from lca.assessment import check as check_study

    if not Path(o.target).is_file():
        _say(f"no such file: {o.target}")
        return 2
    found = check_study(Path(o.target))
    if not any(f.severity == "error" for f in found):
        from lca import checks
        from lca.assessment import assess

        found = checks.run(assess(o.target))
    return _print_findings(found)


def _print_unscored(loaded: Inventory, indicator: str) -> int:
    """List the flows that exchanges use and that one indicator's method gives no factor."""
    from lca.brightway import characterisation
    from lca.errors import Finding, LcaError

    known = list(loaded.indicators["indicator"])
    if indicator not in known:
        raise LcaError(Finding("check.indicator", "error", "--leaves-out", "", indicator, ", ".join(known), "take one of these"), 2)
    factors = characterisation(loaded)
    scored = set(factors.loc[factors["indicator"] == indicator, "flow"])
    used = set(loaded.exchanges.loc[loaded.exchanges["type"] == "biosphere", "input"])
    for r in loaded.flows[loaded.flows["flow"].isin(used - scored)].itertuples():
        print(f"{r.flow:<34} {r.unit:<20} {r.categories:<44} {r.name}")
    _say(f"{indicator} scores {len(used & scored)} of {len(used)} flows in use")
    return 0


def ingest(o: argparse.Namespace) -> int:
    """Write exports of tools as one table of readings; print its quality."""
    from lca import readings
    from lca.tables import write_csv

    if o.output.suffix not in (".csv", ".parquet"):
        _say(f"{o.output}: readings are written as .csv or .parquet")
        return 2
    declared = [readings.Declaration(f, o.asset, o.reader, o.timezone) for f in o.files]
    for d in declared:
        if d.reader is None:
            found = readings.recognise(d.file)
            _say(f"{d.file}: read by {found.reader}, because {found.why}")
    result = readings.ingest(declared)
    if o.output.suffix == ".csv":
        write_csv(result.readings, o.output)
    else:
        result.readings.to_parquet(o.output, index=False)
    print(readings.quality(result.readings).to_string(index=False))
    return _print_findings(result.findings)


def score(o: argparse.Namespace) -> int:
    """Print all indicators of a product with their intervals, and where one of them arises."""
    from lca import score as one
    from lca.factors import compiled

    if not math.isfinite(o.amount):
        _say(f"--amount {o.amount}: a finite number is wanted")
        return 2
    scored = one.score(compiled(HERE / "inventories"), o.product, o.amount, o.indicator, o.set)
    print(json.dumps(one.as_json(scored), indent=1) if o.json else one.as_text(scored))
    return 0


def products(o: argparse.Namespace) -> int:
    """Print the products whose line holds all words."""
    from lca import inventory

    words = [w.lower() for w in o.text]
    found = 0
    for r in inventory.load(HERE / "inventories").activities.itertuples():
        line = f"{r.activity:<34} {r.unit:<16} {r.geography:<8} {r.name}"
        if all(w in line.lower() for w in words):
            print(line)
            found += 1
    _say(f"{found} products")
    return 0 if found else 1


def export(o: argparse.Namespace) -> int:
    """Write the inventories for other tools."""
    from lca import inventory

    loaded = inventory.load(HERE / "inventories")
    if o.format != "brightway":
        suffix = {"excel": ".xlsx", "jsonld": ".zip"}[o.format]
        if o.study or o.relink or not o.target.endswith(suffix):
            _say(f"lca export {o.format} FILE{suffix} writes the inventories; a study and links to other databases go to Brightway")
            return 2
        if o.format == "excel":
            from lca import brightway_excel

            brightway_excel.export(loaded, Path(o.target))
        else:
            from lca import openlca

            openlca.export(loaded, Path(o.target))
        print(o.target)
        return 0
    from lca.assessment import assess
    from lca.export import to_brightway
    from lca.tables import write_csv

    assessed = assess(o.study) if o.study else None
    counts, log = to_brightway(o.target, assessed.factors.inventory if assessed else loaded, assessed, o.relink)
    print(f"project {o.target}: {counts['activities']} activities, {counts['exchanges']} exchanges, {counts['unlinked']} unlinked")
    if o.relink:
        written = o.relink.with_name(f"{o.relink.stem}_log.csv")
        write_csv(log, written)
        print(f"{len(log)} exchanges relinked, listed in {written}")
    return 0


def import_(o: argparse.Namespace) -> int:
    """Bring a workbook in Brightway's layout into tidy tables."""
    from lca import brightway_excel, inventory

    loaded = inventory.load(HERE / "inventories")
    tables = brightway_excel.changed(brightway_excel.read(o.file, loaded), loaded)
    print(", ".join(f"{len(table)} {name}" for name, table in tables.items()) + " are new or differ from the inventories")
    for path in brightway_excel.write_tables(tables, o.output, o.file.stem.replace("-", "_")):
        print(path)
    lacking = int((tables["exchanges"]["source"].fillna("") == "").sum()) if len(tables["exchanges"]) else 0
    if lacking:
        _say(
            f"{lacking} of {len(tables['exchanges'])} exchanges name no source: fill source, locator and basis, then lca check inventories"
        )
    return 0


def new(o: argparse.Namespace) -> int:
    """Make a study from the template."""
    from lca.template import create

    print(create(o.name, Path.cwd()))
    return 0


def lab(o: argparse.Namespace) -> int:
    """Open JupyterLab on the chapters."""
    import subprocess

    folder = HERE / "notebooks"
    if o.study is not None:
        from lca.template import working_chapters

        folder = working_chapters(o.study, HERE / "notebooks" / "chapters")
        _say(f"chapters for {o.study} in {folder}; report with them: lca report {o.study} --chapters {folder}")
    return subprocess.call([sys.executable, "-m", "jupyter", "lab", "--notebook-dir", str(HERE), str(folder), *o.options])


def schema(o: argparse.Namespace) -> int:
    """Print or write the JSON Schema of study.yaml."""
    from lca.study import json_schema

    text = json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
    if o.output:
        o.output.write_text(text, encoding="utf-8")
        print(o.output)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
