// The direction of includes is a safety property: forward cannot see an identity because it cannot
// name one. This test reads every #include under src and include and compares it with the table of
// modules below.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"
#include "support/paths.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;
using Names = std::set<std::string>;

/// What a module may include besides itself. app may include everything.
const std::map<std::string, Names> kMayInclude = {
    {"base", {}},
    {"crypto", {"base"}},
    {"store", {"base"}},
    {"dicom", {"base"}},
    {"net", {"base"}},
    {"identity", {"base", "crypto", "store"}},
    {"dosimetry", {"base"}},
    {"deid", {"base", "dicom", "dosimetry", "identity"}},
    {"receive", {"base", "dicom", "net"}},
    {"quarantine", {"base", "crypto", "dicom"}},
    {"spool", {"base", "crypto", "dicom", "store"}},
    {"forward", {"base", "dicom", "net", "spool"}},
    {"audit", {"base", "crypto"}},
    {"api", {"base", "net"}},
    {"app",
     {"base", "crypto", "store", "dicom", "dosimetry", "net", "identity", "deid", "receive",
      "quarantine", "spool", "forward", "audit", "api"}},
};

/// Start of an include -> the modules that alone may name that library.
const std::map<std::string, Names> kLibraries = {
    {"openssl/", {"crypto", "net"}},
    {"SQLiteCpp/", {"store", "identity", "spool"}},
    {"sqlite3.h", {"store", "identity", "spool"}},
    {"dcmtk/", {"dicom", "net", "deid", "receive", "forward", "app"}},
    {"boost/asio", {"net", "forward", "api", "app"}},
    {"boost/beast", {"net", "forward", "api", "app"}},
    {"toml++/", {"deid", "app"}},
    {"zip.h", {"app"}},
};

struct Reading {
  std::size_t arrows = 0;  ///< includes of one module by another
  std::size_t libraries = 0;
  std::vector<std::string> wrong;
};

void read_one(const std::filesystem::path& file, const std::string& module, Reading& reading) {
  static const std::regex include(R"re(^\s*#\s*include\s*["<]([^">]+)[">])re");
  std::ifstream in(file);
  std::smatch match;
  for (std::string line; std::getline(in, line);) {
    if (!std::regex_search(line, match, include)) continue;
    const std::string named = match[1];
    const auto complain = [&](const std::string& why) {
      reading.wrong.push_back(file.string() + " includes " + named + ": " + why);
    };
    if (named.find("..") != std::string::npos) complain("a way around the table");
    if (named.starts_with("dosigate/")) {
      const std::string target = named.substr(9, named.find('/', 9) - 9);
      if (target == module) continue;
      ++reading.arrows;
      if (!kMayInclude.at(module).contains(target)) complain(module + " may not include " + target);
    }
    for (const auto& [library, modules] : kLibraries) {
      if (!named.starts_with(library)) continue;
      ++reading.libraries;
      if (!modules.contains(module)) complain(module + " may not name this library");
    }
  }
}

Reading read_tree(const std::filesystem::path& root) {
  Reading reading;
  for (const auto& top : {root / "include" / "dosigate", root / "src"}) {
    if (!std::filesystem::exists(top)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const std::string module = *std::filesystem::relative(entry.path(), top).begin();
      if (kMayInclude.contains(module))
        read_one(entry.path(), module, reading);
      else
        reading.wrong.push_back(entry.path().string() + " stands in no module of the table");
    }
  }
  return reading;
}

/// A tree with one file in it.
std::vector<std::string> planted(const std::string& path, std::string_view content) {
  const TempDir dir;
  const auto file = dir.path / path;
  make_private_directory(file.parent_path());
  replace_file(file, as_bytes(content));
  return read_tree(dir.path).wrong;
}

TEST(IncludeDirection, EveryArrowOfTheTreeIsInTheTable) {
  const Reading reading = read_tree(DOSIGATE_SOURCE_DIR);

  EXPECT_GT(reading.arrows, 50U) << "the tree was not read";
  EXPECT_GT(reading.libraries, 10U);
  for (const std::string& wrong : reading.wrong) ADD_FAILURE() << wrong;
}

TEST(IncludeDirection, AForwarderThatLooksAtAnIdentityIsNoticed) {
  const auto wrong = planted("src/forward/forwarder.cpp",
                             "// a comment\n#include \"dosigate/identity/pseudonym_map.h\"\n");

  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_NE(wrong[0].find("forward may not include identity"), std::string::npos);
}

TEST(IncludeDirection, AWrongArrowInAHeaderOrInOddSpellingIsNoticed) {
  EXPECT_EQ(planted("include/dosigate/spool/a.h", "#include <dosigate/deid/profile.h>\n").size(),
            1U);
  EXPECT_EQ(planted("src/base/a.cpp", "  #  include   \"dosigate/crypto/hash.h\"\n").size(), 1U);
  EXPECT_EQ(
      planted("src/forward/part/a.cpp", "#include \"dosigate/quarantine/quarantine.h\"\n").size(),
      1U);
  EXPECT_EQ(planted("src/forward/a.cpp", "#include \"../identity/map_rows.h\"\n").size(), 1U);
}

TEST(IncludeDirection, ALibraryNamedWhereItMayNotBeIsNoticed) {
  EXPECT_EQ(planted("src/identity/a.cpp", "#include <dcmtk/dcmdata/dctk.h>\n").size(), 1U);
  EXPECT_EQ(planted("src/forward/a.cpp", "#include <SQLiteCpp/SQLiteCpp.h>\n").size(), 1U);
  EXPECT_EQ(planted("src/forward/a.cpp", "#include <sqlite3.h>\n").size(), 1U);
  EXPECT_EQ(planted("src/deid/a.cpp", "#include <openssl/evp.h>\n").size(), 1U);
  EXPECT_EQ(planted("src/spool/a.cpp", "#include <boost/asio/io_context.hpp>\n").size(), 1U);
  EXPECT_EQ(planted("src/receive/a.cpp", "#include <toml++/toml.h>\n").size(), 1U);
}

TEST(IncludeDirection, WhatTheTableHasIsNotComplainedAbout) {
  EXPECT_TRUE(planted("src/forward/a.cpp",
                      "#include \"dosigate/spool/spool.h\"\n#include <dcmtk/dcmnet/assoc.h>\n")
                  .empty());
  EXPECT_TRUE(planted("src/crypto/a.cpp",
                      "#include \"aead.h\"\n#include <openssl/evp.h>\n#include <vector>\n")
                  .empty());
}

TEST(IncludeDirection, AModuleThatTheTableDoesNotKnowIsNoticed) {
  EXPECT_EQ(planted("src/helpers/a.cpp", "#include <vector>\n").size(), 1U);
}

}  // namespace
}  // namespace dosigate
