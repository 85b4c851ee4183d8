#!/usr/bin/env python3
"""Reads the #include lines of src/ against the table of rooms in cmake/rooms.cmake.

Every include in quotes is rooted at src/ and begins with a room that the including room may use, or
with `embedded/` (files compiled into the program). Exits 1 with file:line for each one that is not.

    rooms.py [SOURCE_DIR]       check a source tree (default: the one this file lives in)
    rooms.py --self-test        plant violations, among the includes and among the links that CMake
                                is asked for, and see that each is found
"""

import re
import subprocess
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


def self_test_includes(root):
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
    print(f"self-test: all {len(planted)} forbidden includes found")


def configure(root, lines):
    """Configures a project of header-only rooms; what CMake complained about, or None."""
    project = ["cmake_minimum_required(VERSION 3.25)", "project(planted LANGUAGES NONE)",
               f'include("{root}/cmake/rooms.cmake")', *lines,
               "cmake_language(DEFER CALL joulemark_check_links)"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "CMakeLists.txt").write_text("\n".join(project) + "\n")
        done = subprocess.run(["cmake", "-S", folder, "-B", f"{folder}/build"],
                              capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else " ".join(done.stderr.split())


def self_test_links(root):
    good = ["joulemark_room(core LINK m)", "joulemark_room(physics USES core)"]
    if (complaint := configure(root, good)) is not None:
        sys.exit(f"self-test: CMake refused an allowed link: {complaint}")
    bad = {
        "joulemark_room(analysis USES core physics)": "may not use room 'physics'",
        "joulemark_room(store USES cellar)": "may not use room 'cellar'",
        "joulemark_room(cellar)": "is not a room",
        "joulemark_room(device USES core) joulemark_room(sampler USES device)": None,
        "target_link_libraries(joulemark_core INTERFACE joulemark::physics)": "does not declare",
        "target_link_libraries(joulemark_core INTERFACE $<1:joulemark_physics>)": "does not declare",
        "target_link_libraries(joulemark_physics INTERFACE z)": "does not declare",
    }
    for line, expected in bad.items():
        complaint = configure(root, [*good, *line.replace(") ", ")\n").split("\n")])
        if (expected or "") not in (complaint or "") or (complaint is None) != (expected is None):
            sys.exit(f"self-test: {line}\n  expected {expected!r}, got {complaint!r}")
    print(f"self-test: {len(bad)} ways to draw an arrow between targets judged rightly")


def main(arguments):
    home = Path(__file__).resolve().parent.parent
    if arguments == ["--self-test"]:
        self_test_includes(home)
        self_test_links(home)
        return
    found = check(Path(arguments[0]).resolve() if arguments else home)
    print("\n".join(found) if found else "every include follows the table of rooms")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
