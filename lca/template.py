"""What an analyst starts from: a new study that checks and reports, and chapters of their own to edit."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nbformat

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


def working_chapters(study: Path, chapters: Path) -> Path:
    """Copy the chapters to `chapters/` beside the study's folder, preset to it; chapters that are there already are kept."""
    if not study.is_file():
        raise LcaError(Finding("lab.study", "error", str(study), "", "no such file", "a study.yaml", "check the path"), exit_code=2)
    folder = study.resolve().parent.parent / "chapters"
    folder.mkdir(exist_ok=True)
    relative = Path(os.path.relpath(study.resolve(), folder)).as_posix()
    for path in sorted(chapters.glob("*.ipynb")):
        target = folder / path.name
        if target.exists():
            continue
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = re.sub(r'^study = "[^"]*"', f'study = "{relative}"', cell.source, count=1, flags=re.M)
        nbformat.write(notebook, target)
    return folder
