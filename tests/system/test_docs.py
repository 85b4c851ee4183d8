"""The commands in the documentation, executed: every fenced block marked `sh`, page by page."""

import re
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAM, SOURCE_DIR

PAGES = [SOURCE_DIR / "README.md", *sorted((SOURCE_DIR / "docs").glob("tutorial/*.md")),
         *sorted((SOURCE_DIR / "docs").glob("howto/*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.name)
def test_the_commands_of_a_page_work(program, tmp_path, page):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "joulemark").symlink_to(Path(PROGRAM).resolve())
    work = tmp_path / "work"
    work.mkdir()
    environment = {**program.environment, "PATH": f"{bin_dir}:{program.environment['PATH']}"}
    for block in blocks(page):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=work, env=environment,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


def test_links_between_pages_lead_somewhere():
    pages = [SOURCE_DIR / "README.md", SOURCE_DIR / "CONTRIBUTING.md", *(SOURCE_DIR / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
