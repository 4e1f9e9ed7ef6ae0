"""The hooks, in the pre-commit that their users run. It makes an environment for them with pip, from PyPI."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from doors import run

CHECKOUT = Path(__file__).parent.parent
INDEX = "https://pypi.org/simple/pip/"

# The first is put right by a safe fix; the other file has nothing to say without the facts of this one.
HELPERS = "import time\n\n\ndef wait() -> None:\n    time.sleep(1)\n"
MAIN = "import time\n\n\nasync def poll() -> None:\n    time.sleep(1)\n"
ROUTES = "from app.helpers import wait\n\n\nasync def poll() -> None:\n    wait()\n"

pytestmark = [
    pytest.mark.xdist_group("packaging"),
    pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git"),
]
