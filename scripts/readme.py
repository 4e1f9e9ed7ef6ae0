"""Keep the rule table of the README as the rules' classes have it.

python scripts/readme.py --write     put the table in
python scripts/readme.py --check     exit with 1 if it is not the one that is there
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from api_lint import Rule
from api_lint.registry import GROUP, load

README = Path(__file__).parent.parent / "README.md"
START, END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def table(rules: Sequence[type[Rule]]) -> str:
    """The table.

    Parameters: `rules`, in the order of their codes.
    Returns: Markdown.
    """
    rows = [
        f"| {r.code} | `{r.name()}` | {'yes' if r.default else 'no'} | {r.fix or '-'} | {_cell(r)} |"
        for r in rules
    ]
    head = ["| code | name | on by default | fix | what is wrong |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def refreshed(text: str) -> str:
    """The README with the table of today.

    Parameters: `text` of the README.
    Returns: the same, with what stands between the markers replaced.
    """
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{table(ours())}{END}{after}"


def ours() -> list[type[Rule]]:
    """The rules of this package, without those of plugins that happen to be installed."""
    return [rule for rule in load().rules if rule.__module__.startswith(f"{GROUP}.")]


def main() -> int:
    """Write or check, as the command line says; the exit code is 1 where the check fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    fresh = refreshed(text)
    if arguments.write:
        README.write_text(fresh, encoding="utf-8", newline="\n")
    elif fresh != text:
        print(
            "the rule table of README.md is out of date: run python scripts/readme.py --write",
            file=sys.stderr,
        )
        return 1
    return 0


def _cell(rule: type[Rule]) -> str:
    return rule.doc().summary.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
