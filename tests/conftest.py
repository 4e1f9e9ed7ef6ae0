"""What tests leave behind goes with them: no run looks at what the user's own runs have kept."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # Else each of a thousand commands would compile the whole tool anew.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setitem(os.environ, "API_LINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
