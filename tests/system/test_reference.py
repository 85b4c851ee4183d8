"""docs/reference/cli.md is what --help says. JOULEMARK_BLESS=1 writes it anew."""

import os

from conftest import SOURCE_DIR
from test_usage import VERBS

PAGE = SOURCE_DIR / "docs" / "reference" / "cli.md"
OPENING = """# The command line

Generated from `--help`: `JOULEMARK_BLESS=1 JOULEMARK_PROGRAM=build/release/joulemark python3 -m pytest
tests/system/test_reference.py`.

Exit codes: 0 done; 1 the check ran and says no; 2 usage or invalid input; 3 device or endpoint unavailable; 4 file or
store unreadable, corrupt or full; 5 internal; 130 interrupted (what was measured is kept). `measure -- COMMAND` ends
with the command's own status.
"""


def test_the_page_is_what_help_says(program):
    page = OPENING
    for verb in [None, *VERBS]:
        done = program.run(*([verb] if verb else []), "--help")
        page += f"\n## joulemark{' ' + verb if verb else ''}\n\n```text\n{done.stdout.rstrip()}\n```\n"
    if "JOULEMARK_BLESS" in os.environ:
        PAGE.write_text(page)
    assert PAGE.read_text() == page
