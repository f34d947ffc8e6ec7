"""A new study from the template: a folder that checks, reports and is ready to edit."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from lca.errors import Finding, LcaError

TEMPLATE = Path(__file__).parent / "templates" / "study"


def create(name: str, folder: Path) -> Path:
    """Write `reports/<name>/in/` (or `<name>/in/` outside the project) and return the path of its study.yaml."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise LcaError(Finding("new.name", "error", name, "", name, "letters, digits, - _ .", "give a plain name"), exit_code=2)
    home = folder / "reports" if (folder / "reports").is_dir() else folder
    target = home / name / "in"
    if target.exists():
        raise LcaError(
            Finding("new.exists", "error", str(target), "", "a folder that exists", "a new one", "choose another name"), exit_code=2
        )
    shutil.copytree(TEMPLATE, target)
    study = target / "study.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace("study: my-study", f"study: {name}", 1), encoding="utf-8")
    return study
