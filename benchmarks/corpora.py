"""The code that is measured: wheels from PyPI, pinned."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PINS = {"open-webui": "0.12.4", "langflow-base": "1.13.0", "litellm": "1.109.1"}


def fetch(home: Path) -> dict[str, Path]:
    """Unpack the wheels, those that are not there yet.

    Parameters: `home`, the benchmark's folder.
    Returns: by project, the folder that holds its code.
    Raises: CalledProcessError where a wheel cannot be had.
    """
    return {name: _unpacked(home, name, version) for name, version in PINS.items()}


def _unpacked(home: Path, name: str, version: str) -> Path:
    folder = home / "corpora" / f"{name}-{version}"
    if folder.exists():
        return folder
    wheels = home / "wheels"
    wanted = f"{name}=={version}"
    # Some of the wheels ask for newer Pythons than this one; nothing of them is run.
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--ignore-requires-python", "-d", str(wheels), wanted],
        check=True,
    )  # fmt: skip
    (wheel,) = wheels.glob(f"{name.replace('-', '_')}-{version}-*.whl")
    part = folder.with_name(f"{folder.name}.part")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(part, [n for n in archive.namelist() if n.endswith(".py")])
    part.rename(folder)
    return folder


def lines(folder: Path) -> int:
    """How many lines of Python there are below a folder."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.py"))
