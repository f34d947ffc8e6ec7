"""Chapters: thin notebooks, run by papermill with a study's parameters, and turned into parts of a page.

Executed notebooks are cleaned of clock, durations and host paths, so that the same study gives the same notebooks.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from papermill.exceptions import PapermillExecutionError

from lca.errors import Finding, LcaError
from lca.page import escape

CHAPTERS = Path(__file__).parents[1] / "notebooks" / "chapters"
RESERVED = ("study", "inventories", "overrides")  # set by the report itself
Progress = Callable[[str], None]


def split_parameters(parameters: dict[str, Any], chapters: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters of the chapters, and overrides of the study (names with a dot). An unknown name is a usage error
    (papermill alone only warns)."""
    if not chapter_paths(chapters):
        got, fix = "no notebooks", "give a folder of chapters"
        raise LcaError(Finding("report.chapters", "error", str(chapters), "", got, "*.ipynb", fix), exit_code=2)
    inspected = [papermill.inspect_notebook(path) for path in chapter_paths(chapters)]
    known = list(dict.fromkeys(p for found in inspected for p in found if p not in RESERVED))
    mine = {k: v for k, v in parameters.items() if "." not in k}
    unknown = [k for k in mine if k not in known]
    if unknown:
        expected = ", ".join(known) + ", or a dotted path of the study such as sites.france.pue"
        raise LcaError([Finding("report.parameter", "error", "-p", k, k, expected, "mend the name") for k in unknown], exit_code=2)
    return mine, {k: v for k, v in parameters.items() if "." in k}


def chapter_paths(chapters: Path) -> list[Path]:
    """The chapters in order of their names."""
    return sorted(chapters.glob("*.ipynb"))


def run_chapters(
    bundle: Path, parameters: dict[str, Any], overrides: dict[str, Any], out: Path, progress: Progress
) -> list[nbformat.NotebookNode]:
    """Run every chapter by papermill in the bundle's `notebooks/`; returns the executed notebooks, cleaned of clock and paths.

    A failed chapter's partial notebook is kept in `<out>.failed`.
    """
    folder = bundle / "notebooks"
    folder.mkdir()
    values = parameters | {"study": "../inputs/study/study.yaml", "inventories": "../inputs/inventories", "overrides": overrides}
    paths = chapter_paths(bundle / "inputs" / "chapters")

    def run(path: Path) -> None:
        progress(f"running chapter {path.stem}")
        papermill.execute_notebook(
            path,
            folder / path.name,
            values,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},  # the kernel's folder; papermill's cwd would move this whole process
            progress_bar=False,
            extra_arguments=["--log-level=CRITICAL"],
        )

    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, future in [(p, pool.submit(run, p)) for p in paths]:
            try:
                future.result()
            except PapermillExecutionError as error:
                got = f"{error.ename}: {str(error.evalue).splitlines()[0] if str(error.evalue) else ''}"
                raise LcaError(_failed(folder / path.name, f"cell {error.exec_count}", got, out)) from None
            except RuntimeError as error:  # a kernel that died or never answered
                raise LcaError(_failed(folder / path.name, "kernel", str(error).splitlines()[0], out)) from None
    executed = []
    for path in paths:
        notebook = cleaned(nbformat.read(folder / path.name, as_version=4))
        nbformat.write(notebook, folder / path.name)
        executed.append(notebook)
    return executed


def _failed(notebook: Path, where: str, got: str, out: Path) -> Finding:
    """Keep the partial notebook in `<out>.failed` and say what happened."""
    kept = out.with_name(out.name + ".failed")
    kept.mkdir(parents=True, exist_ok=True)
    if notebook.is_file():
        shutil.copyfile(notebook, kept / notebook.name)
    return Finding("report.chapter", "error", notebook.name, where, got, "a chapter that runs", f"open {kept.name}/{notebook.name}")


def cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without times, durations, host paths and process ids."""
    papermill_notes = notebook.metadata.pop("papermill", {})
    notebook.metadata["papermill"] = {"parameters": papermill_notes.get("parameters", {})}
    notebook.metadata.pop("language_info", None)
    for i, cell in enumerate(notebook.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-{i:02d}"
    return notebook


def chapter_html(notebook: nbformat.NotebookNode) -> tuple[str, str]:
    """Title and body of an executed chapter; its code stands folded at the end."""
    title, parts, code = "", [], []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = cell.source
            if not title and text.startswith("# "):
                title, _, text = text[2:].partition("\n")
            parts.append(_markdown(text))
        else:
            code.append(cell.source)
            parts += [_output(output) for output in cell.get("outputs", [])]
    listing = Highlight2HTML(pygments_lexer="python")("\n\n".join(code))
    parts.append(f'<details class="code"><summary>code and parameters of this chapter</summary>{listing}</details>')
    return title, "\n".join(parts)


def _markdown(text: str) -> str:
    shifted = "\n".join("#" + line if line.startswith("#") else line for line in text.splitlines())
    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(shifted))


def _output(output: nbformat.NotebookNode) -> str:
    content = output.get("data", {})
    if "text/html" in content:
        return str(content["text/html"])
    if "text/plain" in content and output.output_type in ("execute_result", "display_data"):
        return f"<pre>{escape(content['text/plain'])}</pre>"
    return ""


def value_of(text: str) -> Any:
    """A parameter's value as written on the command line: a Python literal if it is one, else the text itself.

    >>> value_of("0.05"), value_of("ced")
    (0.05, 'ced')
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
