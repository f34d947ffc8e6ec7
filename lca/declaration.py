"""The study file: read, checked as a whole, changed by scenarios.

`load` reads `study.yaml` and reports every fault at once, each with its line and field; `with_overrides` applies a scenario
and validates the result as a study.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pydantic
import yaml

from lca.errors import Finding, LcaError
from lca.study import DeclaredUse, EndOfLifeRule, Readings, Scenario, Study
from lca.tables import listing, read_text

PARAMETERS = "parameters"  # the scenario that a report's own -p makes
SCENARIO = "scenario"  # source of a value that a scenario sets


def load(path: Path) -> Study:
    """Read and validate `study.yaml`. Raises `LcaError` with every fault: file, line and field, got, expected, fix."""
    document, lines = read_document(Path(path))
    return validate(document, Path(path).name, lines)


def read_document(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The YAML document as it stands, and the line of every field."""
    path = Path(path)
    text, findings = read_text(path)
    if text is None:
        raise LcaError(findings, exit_code=2 if findings[0].rule == "table.missing" else 1)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except RecursionError:
        raise LcaError(Finding("study.yaml", "error", path.name, "", "an anchor inside itself", "plain YAML", "write it out")) from None
    except ValueError as error:  # a date that is none
        raise LcaError(Finding("study.yaml", "error", path.name, "", str(error), "a date of the calendar", "mend the date")) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        got = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise LcaError(Finding("study.yaml", "error", path.name, where, got, "YAML", "mend the indentation or quotes")) from None
    if not isinstance(document, dict):
        raise LcaError(Finding("study.yaml", "error", path.name, "", type(document).__name__, "a mapping of fields", "see lca new"))
    try:
        lines = dict(_lines(node, ""))
    except RecursionError:
        raise LcaError(Finding("study.yaml", "error", path.name, "", "an anchor inside itself", "plain YAML", "write it out")) from None
    duplicates = [
        Finding("study.duplicate", "error", path.name, f"line {line}", f"'{key}' again", "each field once", "delete one")
        for key, line in _duplicate_keys(node)
    ]
    if duplicates:
        raise LcaError(duplicates)
    return document, lines


def _lines(node: yaml.Node | None, path: str) -> Iterator[tuple[str, int]]:
    if node is None:
        return
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, f"{path}.{key.value}" if path else str(key.value))
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _lines(value, f"{path}.{i}")


def _duplicate_keys(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _duplicate_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _duplicate_keys(value)


def validate(document: dict[str, Any], name: str, lines: dict[str, int] | None = None) -> Study:
    """A study from a document; raises `LcaError` with every fault of fields and of references."""
    try:
        study = Study.model_validate(_dates_to_text(document))
    except pydantic.ValidationError as error:
        raise LcaError([_field_fault(e, name, lines or {}) for e in _causes(error.errors())]) from None
    faults = list(references(study, name))
    if faults:
        raise LcaError(faults)
    return study


def _causes(errors: list[Any]) -> list[Any]:
    """Without the complaints that a list is too short because its items have faults."""
    places = [e["loc"] for e in errors]

    def follows(e: Any) -> bool:
        return e["type"] == "too_short" and any(len(p) > len(e["loc"]) and p[: len(e["loc"])] == e["loc"] for p in places)

    return [e for e in errors if not follows(e)]


def _dates_to_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _dates_to_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_dates_to_text(v) for v in value]
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value


def _field_fault(error: Any, name: str, lines: dict[str, int]) -> Finding:
    path = ".".join(str(part) for part in error["loc"])
    at = path
    while at not in lines and "." in at:
        at = at.rsplit(".", 1)[0]
    line = f"line {lines[at]}, " if at in lines else ""
    kind, message = error["type"], str(error["msg"]).removeprefix("Value error, ")
    got = repr(error.get("input"))
    if kind == "extra_forbidden":
        return Finding("study.unknown_field", "error", name, line + path, "an unknown field", "a field of the schema", "check its name")
    if kind == "missing":
        return Finding("study.missing_field", "error", name, line + path, "nothing", "a value", "add the field")
    return Finding("study.field", "error", name, line + path, got[:120], message, "mend the value")


def references(study: Study, name: str) -> Iterator[Finding]:
    """Ids are unique and every reference names something that exists."""

    def fault(where: str, got: str, expected: str, fix: str) -> Finding:
        return Finding("study.reference", "error", name, where, got, expected, fix)

    for kind in ("functional_units", "sites", "systems", "readings", "uses", "workloads", "contracts", "scenarios", "sources"):
        ids = [part.id for part in getattr(study, kind)]
        for twice in sorted({i for i in ids if ids.count(i) > 1}):
            yield fault(kind, f"'{twice}' twice", "unique ids", "rename one")
    sites, systems = {s.id for s in study.sites}, {s.id for s in study.systems}
    readings, uses = {r.id for r in study.readings}, {u.id for u in study.uses}
    workloads = {w.id: w for w in study.workloads}
    for part, label in [(s, f"systems.{s.id}.site") for s in study.systems] + [(c, f"contracts.{c.id}.site") for c in study.contracts]:
        if part.site not in sites:
            yield fault(label, f"'{part.site}'", "one of " + ", ".join(sorted(sites)), "name a declared site")
    measured: list[Readings | DeclaredUse] = [*study.readings, *study.uses]
    for item in measured:
        if item.asset not in systems:
            yield fault(f"{item.id}.asset", f"'{item.asset}'", "one of " + ", ".join(sorted(systems)), "name a declared system")
    used: list[str] = []
    for w in study.workloads:
        for key, known, kind in [(k, readings, "readings") for k in w.readings] + [(k, uses, "uses") for k in w.uses]:
            if key not in known:
                yield fault(f"workloads.{w.id}.{kind}", f"'{key}'", "one of " + ", ".join(sorted(known)), "name a declared one")
            used.append(key)
        if not w.readings and not w.uses:
            yield fault(f"workloads.{w.id}", "neither readings nor uses", "at least one", "tie it to a measurement")
    for key in sorted({k for k in used if used.count(k) > 1}):
        yield fault("workloads", f"'{key}' in two workloads", "one workload for each", "split the file by workload")
    for key in sorted((readings | uses) - set(used)):
        yield fault("workloads", f"'{key}' in no workload", "every reading to belong to one", "add it to a workload")
    for fu in study.functional_units:
        for key in fu.workloads:
            if key not in workloads:
                yield fault(f"functional_units.{fu.id}", f"'{key}'", "a workload", "name a declared workload")
            elif workloads[key].output is None:
                yield fault(f"workloads.{key}.output", "nothing", f"an output in {fu.unit}", "declare what it delivered")
            elif workloads[key].output.unit != fu.unit:  # type: ignore[union-attr]
                yield fault(f"workloads.{key}.output.unit", workloads[key].output.unit, fu.unit, "use one unit")  # type: ignore[union-attr]
    if study.end_of_life_rule is None and any(m.end_of_life for m in study.systems):
        yield fault("end_of_life_rule", "nothing", ", ".join(get_args(EndOfLifeRule)), "choose one: it decides who carries recycling")
    if any(s.id == "base" for s in study.scenarios):
        yield fault("scenarios.base", "a scenario called base", "another name", "base is the study itself")


def with_overrides(document: dict[str, Any], scenario: Scenario, name: str) -> Study:
    """The study with a scenario's overrides, validated anew. A path that names nothing is an error, never ignored."""
    changed = copy.deepcopy(document)
    faults = []
    for path, value in scenario.set.items():
        target: Any = changed
        parts = _split(path)
        if parts[0] == "inventories" and len(parts) == 3 and parts[1] in ("choices", "values"):  # open lists: a scenario may add to them
            _add_to_inventories(changed, parts[1], parts[2], value, scenario)
            continue
        reached = True
        for part in parts[:-1]:
            step = _step(target, part)
            if step is None:
                reached = False
                break
            target = step
        last = parts[-1]
        found = reached and isinstance(target, dict) and (last in target)
        if not found:
            where = "-p" if scenario.id == PARAMETERS else f"scenarios.{scenario.id}.set"
            there = f"one of {listing(_below(target))}" if _below(target) else "the path of an existing field"
            faults.append(Finding("study.scenario", "error", name, where, path, there, "mend the path; ids stand for items of lists"))
            continue
        old = target[last]
        if isinstance(old, dict) and "value" in old and not isinstance(value, dict):
            changes = {
                "value": str(value),
                "low": None,
                "high": None,
                "origin": "default",
                "source": SCENARIO,
                "comment": f"set by scenario {scenario.id}",
            }
            target[last] = old | changes
        else:
            target[last] = value
    if faults:
        raise LcaError(faults, exit_code=2 if scenario.id == PARAMETERS else 1)
    return validate(changed, f"{name}, scenario {scenario.id}")


def _add_to_inventories(document: dict[str, Any], kind: str, key: str, value: Any, scenario: Scenario) -> None:
    inventories = document.setdefault("inventories", {})
    comment = f"set by scenario {scenario.id}"
    plain = kind == "choices" or isinstance(value, dict)
    declared = value if plain else {"value": str(value), "origin": "default", "source": SCENARIO, "comment": comment}
    inventories[kind] = (inventories.get(kind) or {}) | {key: declared}


def _below(target: Any) -> list[str]:
    """What a path can go on with: fields of a mapping, ids of a list."""
    if isinstance(target, dict):
        return [str(k) for k in target]
    return [str(i["id"]) for i in target if isinstance(i, dict) and "id" in i] if isinstance(target, list) else []


def _split(path: str) -> list[str]:
    """Parts of a dotted path; a dot inside an id is written with a backslash.

    >>> _split(r"sites.eu\\.1.grid")
    ['sites', 'eu.1', 'grid']
    """
    return [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path)]


def _step(target: Any, part: str) -> Any:
    if isinstance(target, dict):
        return target.get(part)
    if isinstance(target, list):
        return next((item for item in target if isinstance(item, dict) and str(item.get("id")) == part), None)
    return None
