"""The byte gate: which files are worth indexing, told from their bytes alone.

Most files of a big repository hold nothing that a rule or the facts under it look for. A file that stays outside is
still indexed when a name imported by another one leads into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What makes a file part of an API, whatever the rules: frameworks, ORMs, schemas, asynchronous code.
FACT_WORDS = (
    "fastapi", "flask", "quart", "starlette", "rest_framework", "django", "async def", "sqlalchemy", "sqlmodel",
    "urlpatterns", "APIRouter", "include_router", "register_blueprint", "add_resource", "add_url_rule", "add_namespace",
    ".route(", "@app.", "@router.", "@bp.", "@api.", "View)", "ViewSet", "Resource)", "api_view",
    "pydantic", "BaseModel", "marshmallow",
)  # fmt: skip


class Gate:
    """Searches a file's bytes for any of the words, in one pass.

    Parameters: `words`, of all rules that run; the facts' own words are added.
    """

    def __init__(self, words: Iterable[str]) -> None:
        every = sorted({*words, *FACT_WORDS})
        # A word inside a longer one adds nothing: who finds `sleep` finds `time.sleep`.
        needed = [w for w in every if not any(o != w and o in w for o in every)]
        self._search = re.compile(b"|".join(re.escape(w.encode()) for w in needed)).search

    def passes(self, source: bytes) -> bool:
        """Whether the file can matter by itself."""
        return self._search(source) is not None


def rows_with(source: str, words: Iterable[str]) -> list[int]:
    """The rows (from 1) of a text that hold any of the words, in order and once each."""
    pattern = re.compile("|".join(re.escape(w) for w in words))
    if "\r" in source:  # a lone one ends a row as well
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    rows: list[int] = []
    line, position = 1, 0
    for match in pattern.finditer(source):
        line += source.count("\n", position, match.start())
        position = match.start()
        if not rows or rows[-1] != line:
            rows.append(line)
    return rows
