#!/usr/bin/env python3
"""Reads the #include lines of src/ against the table of rooms in cmake/rooms.cmake.

Every include in quotes is rooted at src/ and begins with a room that the including room may use, or
with `embedded/` (files compiled into the program). Exits 1 with file:line for each one that is not.

    rooms.py [SOURCE_DIR]       check a source tree (default: the one this file lives in)
    rooms.py --self-test        plant violations and see that each is found
"""

import re
import sys
import tempfile
from pathlib import Path

ROOM_LINE = re.compile(r'^\s*"(\w+):([ \w]*)"', re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def read_table(root):
    """The rooms and what each may use, from the one list in cmake/rooms.cmake."""
    text = (root / "cmake/rooms.cmake").read_text()
    table = re.search(r"set\(JOULEMARK_ROOMS(.*?)\)", text, re.DOTALL)
    if not table:
        sys.exit("cmake/rooms.cmake: no set(JOULEMARK_ROOMS ...) found")
    return {room: set(uses.split()) for room, uses in ROOM_LINE.findall(table.group(1))}


def complaint(room, included, rooms):
    """Why `room` may not include `included`, or None when it may."""
    target = included.split("/")[0]
    if target in (room, "embedded"):
        return None
    if target not in rooms:
        return f'"{included}" does not begin with a room: includes are rooted at src/'
    if target not in rooms[room]:
        allowed = " ".join(sorted(rooms[room])) or "no other room"
        return f'room {room} may not include "{included}" (it may use: {allowed})'
    return None


def check(root):
    rooms = read_table(root)
    found = []
    for path in sorted((root / "src").rglob("*.[ch]pp")):
        name = path.relative_to(root)
        room = name.parts[1]
        if room not in rooms:
            found.append(f"{name}:1: '{room}' is not a room of cmake/rooms.cmake")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            problem = match and complaint(room, match.group(1), rooms)
            if problem:
                found.append(f"{name}:{number}: {problem}")
    return found


def self_test(root):
    planted = {
        "core/a.hpp": '#include "physics/b.hpp"\n',
        "analysis/a.cpp": '#pragma once\n#  include "store/b.hpp"\n',
        "frontends/cli/a.cpp": '#include "device/device.hpp"\n',
        "physics/a.cpp": '#include "gpu.hpp"\n',
        "cellar/a.cpp": "",
    }
    harmless = {
        "verbs/a.cpp": '#include "verbs/a.hpp"\n#include "store/b.hpp"\n#include <vector>\n',
        "frontends/cli/b.cpp": '#include "frontends/cli/a.hpp"\n#include "embedded/version.hpp"\n',
    }
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        (tree / "cmake").mkdir()
        (tree / "cmake/rooms.cmake").write_text((root / "cmake/rooms.cmake").read_text())
        for name, text in {**planted, **harmless}.items():
            path = tree / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = check(tree)
    files = {line.split(":")[0] for line in found}
    expected = {f"src/{name}" for name in planted}
    if files != expected:
        sys.exit("self-test: expected complaints about exactly\n  "
                 + "\n  ".join(sorted(expected)) + "\nbut got\n  " + "\n  ".join(found))
    print(f"self-test: all {len(planted)} planted violations found")


def main(arguments):
    home = Path(__file__).resolve().parent.parent
    if arguments == ["--self-test"]:
        self_test(home)
        return
    found = check(Path(arguments[0]).resolve() if arguments else home)
    print("\n".join(found) if found else "every include follows the table of rooms")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
