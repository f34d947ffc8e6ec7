"""What went wrong, said so that its reader can mend it.

A `Finding` names one fault or remark: which rule, how severe, which file and place, what was found, what was expected, how
to fix it. Functions that check return findings; functions that must stop raise `LcaError` with all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, order=True)
class Finding:
    """One fault or remark.

    >>> print(Finding("study.unit", "error", "study.yaml", "sites[0].wue", "0.12 L", "a unit of L/kWh", "write 0.12 L/kWh"))
    error study.unit: study.yaml, sites[0].wue: got 0.12 L; expected a unit of L/kWh; fix: write 0.12 L/kWh
    """

    rule: str
    severity: Severity
    file: str
    where: str
    got: str
    expected: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.file}, {self.where}" if self.where else self.file
        return f"{self.severity} {self.rule}: {place}: got {self.got}; expected {self.expected}; fix: {self.fix}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class LcaError(Exception):
    """Stops the work; carries every finding that was made before it stopped.

    `exit_code` follows the commands' convention: 1 when a check of content failed, 2 when the call itself was wrong.
    """

    def __init__(self, findings: Finding | Iterable[Finding], exit_code: int = 1):
        self.findings = [findings] if isinstance(findings, Finding) else list(findings)
        self.exit_code = exit_code
        super().__init__("\n".join(str(f) for f in self.findings))


def raise_errors(findings: Iterable[Finding]) -> list[Finding]:
    """Raise `LcaError` if any finding is an error; otherwise return them all.

    >>> raise_errors([])
    []
    """
    found = list(findings)
    if any(f.severity == "error" for f in found):
        raise LcaError([f for f in found if f.severity == "error"])
    return found
