"""Keep the `.fixed.py` files beside the fixtures as the rules' fixes make them.

python scripts/fixed.py --write              write all, and delete those that no case makes any more
python scripts/fixed.py --write API601 …     only those of these rules
python scripts/fixed.py --check              exit with 1 if one is not as it has to be

What is written has to be read before it is committed: the tests compare with it from then on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from api_lint import Rule, testing
from api_lint.registry import GROUP, load

FIXTURES = Path(__file__).parent.parent / "fixtures"


def wanted(rule: type[Rule]) -> dict[Path, bytes]:
    """What the `.fixed.py` files of a rule have to hold.

    Parameters: `rule`, one of this package.
    Returns: path → content, over all cases of the rule.
    """
    return {
        path: content
        for case in testing.cases(FIXTURES / rule.name())
        for path, content in testing.fixed_files(case, rule).items()
    }


def stale(rule: type[Rule], files: dict[Path, bytes]) -> Iterator[Path]:
    """The `.fixed.py` files of a rule that are missing, not wanted or not as they are wanted.

    Parameters: `rule`; `files`, as `wanted` gives them.
    Returns: their paths, sorted.
    """
    present = set((FIXTURES / rule.name()).rglob("*.fixed.py"))
    for path in sorted(present | files.keys()):
        if path not in present or files.get(path) != path.read_bytes():
            yield path


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check, as the command line says; the exit code is 1 where the check fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    parser.add_argument("codes", nargs="*")
    chosen = parser.parse_args(arguments)
    changed = False
    for rule in load().rules:
        is_chosen = not chosen.codes or rule.code in chosen.codes
        if is_chosen and rule.fix and rule.__module__.startswith(f"{GROUP}."):
            files = wanted(rule)
            for path in stale(rule, files):
                changed = True
                print(path.relative_to(FIXTURES.parent).as_posix(), file=sys.stderr)
                if chosen.write and path in files:
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(files[path])
                elif chosen.write:
                    path.unlink()
    return 1 if changed and chosen.check else 0


if __name__ == "__main__":
    sys.exit(main())
