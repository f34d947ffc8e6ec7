"""Run a module of ours as a program with a Brightway folder of its own, so that a user's projects are neither read nor written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lca.errors import Finding, LcaError


def run(module: str, *arguments: str, subject: str, fix: str) -> None:
    """Run `python -m module arguments` with a private, temporary BRIGHTWAY2_DIR.

    Raises `LcaError` about `subject` with the program's last line if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="lca-brightway-") as base:
        environment = os.environ | {"BRIGHTWAY2_DIR": base, "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    if done.returncode != 0:
        tail = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise LcaError(Finding(f"{module.rpartition('.')[2]}.failed", "error", subject, "", tail[0], "a run without faults", fix))
