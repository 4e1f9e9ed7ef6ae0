"""The names of the output formats: one module of `reports` each. Apart from it, so that naming them loads nothing."""

from __future__ import annotations

FORMATS = (
    "full",
    "concise",
    "json",
    "jsonl",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "rdjson",
    "azure",
    "markdown",
    "statistics",
)

# Of these, several can stand one behind the other: rows for a log. A document tolerates nothing beside it.
LOGS = frozenset({"full", "concise", "github", "azure", "statistics"})

# Those that tell how a finding is fixed. Making the fixes takes about as long as finding what is to be fixed.
WITH_FIXES = frozenset({"full", "json", "jsonl", "sarif", "rdjson"})
