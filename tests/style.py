#!/usr/bin/env python3
"""The rules of the source tree that no compiler checks: file length, fences between rooms and
libraries, words that do not belong.

    style.py [SOURCE_DIR]       check a source tree (default: the one this file lives in)
    style.py --self-test        plant violations and see that each is found

Exits 1 with file:line for each violation. Comments and string literals are not code: a rule about
words looks at neither.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

LONGEST_FILE = 700
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

# Files that are one long table of data, where splitting would only scatter it.
TABLES = set()


class Rule(NamedTuple):
    pattern: str  # matched against a line without comments and string contents
    allowed_in: tuple  # path prefixes below src/ where the pattern is at home
    reason: str
    headers_only: bool = False


RULES = (
    Rule(r"\busing\s+namespace\b", (), "a header must not open a namespace for its readers",
         headers_only=True),
    Rule(r"\bstd::(cout|cerr|clog)\b|(?<![\w])(std::)?(f|v|vf)?printf\s*\(|(?<!\w)f?puts\s*\(|\bfmt::print\b",
         ("frontends/",), "the library never prints: hand the text to the front end"),
    Rule(r"(?<![.>\w])(std::)?(exit|abort|quick_exit)\s*\(", ("frontends/",),
         "the library never ends the program: return an Error"),
    Rule(r"\bs?rand\s*\(|\brandom_device\b", (),
         "random numbers come from the engine passed in (core/random.hpp)"),
    Rule(r"\bdl(m?open|sym)\b|<dlfcn\.h>", ("device/",), "dynamic loading stays in src/device"),
    Rule(r"\bsqlite3\w*", ("store/",), "SQL stays in src/store"),
    Rule(r"\bnlohmann\b", ("report/",), "result documents become JSON in src/report only"),
    Rule(r"\bCLI::|<CLI/", ("frontends/cli/",), "the command line library stays in its front end"),
)

LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''  # string, character
    r"|//[^\n]*|/\*.*?\*/",
    re.DOTALL)


def code_only(text):
    """The text with comments and literals blanked, its line breaks kept."""
    def blank(match):
        # An #include "..." is code, but no rule is about one.
        return "\n" * match.group().count("\n")
    return LITERAL_OR_COMMENT.sub(blank, text)


def check_any(name, text):
    """Rules for every C++ file: the program's, the tests', the benchmarks'."""
    lines = text.splitlines()
    if len(lines) > LONGEST_FILE and str(name) not in TABLES:
        yield f"{name}:{LONGEST_FILE + 1}: {len(lines)} lines; split a file above {LONGEST_FILE}"
    for number, line in enumerate(lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield f"{name}:{number}: '{match.group()}': finish it, or open an issue"


def check_source(name, text):
    """Rules for the program's own files, under src/."""
    if name.suffix == ".hpp" and "#pragma once" not in text:
        yield f"{name}:1: a header begins with #pragma once"
    below_src = name.relative_to("src").as_posix()
    code = code_only(text).splitlines()
    for rule in RULES:
        if below_src.startswith(rule.allowed_in) or (rule.headers_only and name.suffix != ".hpp"):
            continue
        for number, line in enumerate(code, 1):
            match = re.search(rule.pattern, line)
            if match:
                yield f"{name}:{number}: '{match.group().strip()}': {rule.reason}"


def check(root):
    found = []
    for folder in ("src", "tests", "bench"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            name, text = path.relative_to(root), path.read_text()
            found.extend(check_any(name, text))
            if folder == "src":
                found.extend(check_source(name, text))
    return found


def self_test():
    header = "#pragma once\n"
    planted = {
        "core/long.cpp": "int x;\n" * (LONGEST_FILE + 1),
        "core/later.cpp": "int x;  // TO" "DO: more\n",
        "core/open.hpp": header + "using namespace std;\n",
        "core/bare.hpp": "int f();\n",
        "analysis/say.cpp": 'void f() { std::cout << "x"; }\n',
        "analysis/print.cpp": 'void f() { printf("x"); }\n',
        "verbs/error.cpp": 'void f() { fprintf(stderr, "x"); }\n',
        "verbs/fmt.cpp": 'void f() { fmt::print("x"); }\n',
        "verbs/end.cpp": "void f() { std::exit(1); }\n",
        "physics/dice.cpp": "int f() { return rand(); }\n",
        "sampler/open.cpp": "void f() { dlopen(nullptr, 0); }\n",
        "verbs/sql.cpp": "#include <sqlite3.h>\n",
        "verbs/json.cpp": "using nlohmann::json;\n",
        "verbs/flags.cpp": "CLI::App app;\n",
    }
    harmless = {
        "core/quiet.cpp": '// std::cout is for front ends\nchar s[9]; /* printf(\n rand( */\n'
                          'auto t = "dlopen("; auto u = R"(sqlite3 printf()";\n'
                          'void f() { snprintf(s, 9, "x"); operand(1); on_exit(); }\n',
        "core/open.cpp": "using namespace std::literals;\n",
        "core/exact.cpp": "int x;\n" * LONGEST_FILE,
        "store/sql.cpp": "sqlite3* db;\n",
        "device/load.cpp": "void* f() { return dlopen(nullptr, 0); }\n",
        "report/json.cpp": "nlohmann::json j;\n",
        "frontends/cli/say.cpp": 'void f() { fmt::print("x"); CLI::App app; std::exit(2); }\n',
    }
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
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
        self_test()
        return
    found = check(Path(arguments[0]).resolve() if arguments else home)
    print("\n".join(found) if found else "the source tree follows its rules")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
