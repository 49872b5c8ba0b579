#!/usr/bin/env python3
"""Plants one violation of every rule in a small sound house and expects check_layers.py to find
that one and no other."""

import pathlib
import tempfile
import unittest

from check_layers import ARROWS, House

SOUND = {
    "domain/support.h": '#pragma once\n#include <vector>\nnamespace meent::domain {}\n',
    "domain/support.cpp": '#include "domain/support.h"\nnamespace meent::domain {}\n',
    "eventstore/log.h": '#pragma once\n#include "domain/support.h"\n'
                        'namespace meent::eventstore {}\n',
    "eventstore/seam.h": '#pragma once\n#include <rocksdb/env.h>\n'
                         'namespace meent::eventstore {}\n',
    "eventstore/log.cpp": '#include <unistd.h>\n#include "eventstore/log.h"\n'
                          '#include "eventstore/seam.h"\nnamespace meent::eventstore {}\n',
    "api/server.cpp": '#include <boost/beast.hpp>\n#include "eventstore/log.h"\n'
                      'namespace meent::api {}\n',
    "main.cpp": '#include "eventstore/log.h"\nint main() {}\n',
    "tests/eventstore/log_test.cpp": '#include <gtest/gtest.h>\n#include "eventstore/seam.h"\n',
    "tests/crash/crash.cpp": '#include <boost/asio.hpp>\n#include "api/x.h"\n',
    "api/x.h": '#pragma once\nnamespace meent::api {}\n',
    "domain/CMakeLists.txt": "meent_folder(meent_domain\n  SOURCES\n    support.cpp\n)\n",
    "tests/eventstore/CMakeLists.txt": "SOURCES\n  log_test.cpp\n",
}
SOURCES = {"eventstore": "log.cpp", "api": "server.cpp", "projections": "", "consumers": ""}
for folder, source in SOURCES.items():
    links = "\n".join(f"    meent_{arrow}" for arrow in ARROWS[folder])
    SOUND[f"{folder}/CMakeLists.txt"] = (f"meent_folder(meent_{folder}\n  SOURCES\n    {source}\n"
                                         f"  LINKS\n{links}\n  USES\n    Threads::Threads\n)\n")


def rules_broken(changes):
    """The rules the sound house breaks once `changes` (name -> text, None removes) are made."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (SOUND | changes).items():
            if text is not None:
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return sorted({rule for rule, _, _ in House(folder).check()})


def with_line(name, line):
    return {name: SOUND[name] + line + "\n"}


class PlantedViolations(unittest.TestCase):
    def expect(self, rule, changes):
        self.assertEqual(rules_broken(changes), [rule])

    def test_a_sound_house_has_none(self):
        self.assertEqual(rules_broken({}), [])

    def test_an_include_against_the_arrow(self):
        self.expect("arrow", with_line("domain/support.cpp", '#include "eventstore/log.h"'))
        self.expect("arrow", with_line("eventstore/log.cpp", '#include "api/x.h"'))
        self.expect("arrow", with_line("tests/eventstore/log_test.cpp", '#include "api/x.h"'))

    def test_a_link_that_is_no_arrow_or_an_arrow_without_a_link(self):
        store = SOUND["eventstore/CMakeLists.txt"]
        self.expect("links", {"eventstore/CMakeLists.txt":
                              store.replace("meent_domain\n", "meent_domain\n    meent_api\n")})
        self.expect("links", {"eventstore/CMakeLists.txt":
                              store.replace("    meent_domain\n", "")})

    def test_a_library_outside_its_room(self):
        self.expect("library", with_line("eventstore/log.cpp", "#include <boost/asio.hpp>"))
        self.expect("library", with_line("domain/support.cpp", "#include <unistd.h>"))
        self.expect("library", with_line("api/server.cpp", "#include <gtest/gtest.h>"))
        self.expect("library", with_line("main.cpp", "#include <nlohmann/json.hpp>"))

    def test_a_library_that_is_in_no_row(self):
        self.expect("unknown-library", with_line("api/server.cpp", "#include <fancy/fancy.hpp>"))

    def test_a_quoted_include_that_is_not_named_from_the_root(self):
        self.expect("quoted", with_line("domain/support.cpp", '#include "support.h"'))

    def test_a_third_party_header_in_a_public_header(self):
        self.expect("private-header", with_line("api/server.cpp", '#include "eventstore/seam.h"'))
        through = with_line("eventstore/log.h", '#include "eventstore/seam.h"')
        self.expect("private-header", through)

    def test_a_source_that_builds_nowhere(self):
        self.expect("listed", {"domain/forgotten.cpp": "namespace meent::domain {}\n"})
        self.expect("listed", {"tests/eventstore/forgotten_test.cpp": "\n"})

    def test_a_file_outside_its_namespace(self):
        self.expect("namespace", {"domain/support.h": "#pragma once\nnamespace meent::api {}\n"})

    def test_a_file_too_long(self):
        self.expect("length", {"domain/support.h": SOUND["domain/support.h"] + "\n" * 601})
        self.expect("length", {"main.cpp": SOUND["main.cpp"] + "\n" * 151})

    def test_a_line_too_wide(self):
        self.expect("width", with_line("domain/support.cpp", "// " + "x" * 98))
        self.assertEqual(rules_broken(with_line("domain/support.cpp", "// " + "é" * 97)), [])

    def test_unfinished_work(self):
        self.expect("unfinished", with_line("domain/support.cpp", "// TO" "DO: later"))

    def test_a_header_that_may_be_read_twice(self):
        self.expect("once", {"api/x.h": "namespace meent::api {}\n"})

    def test_globbed_sources(self):
        self.expect("glob", with_line("api/CMakeLists.txt", "file(GLOB sources *.cpp)"))

    def test_names_that_say_nothing(self):
        self.expect("vague-name", {"domain/text_utils.h": SOUND["domain/support.h"]})
        self.expect("vague-name", {"docs/common/page.md": "\n"})
        self.expect("vague-name", with_line("domain/support.cpp", "class LogManager {};"))


if __name__ == "__main__":
    unittest.main()
