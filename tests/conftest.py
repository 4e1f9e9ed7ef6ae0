"""What tests leave behind goes with them: no run looks at what the user's own runs have kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # In what a shell runs in the background, or under `nohup`, they are ignored, and all commands of the tests would be so.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with pytest.MonkeyPatch.context() as patch:
        # Else each of a thousand commands would compile the whole tool anew.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setitem(os.environ, "API_LINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
