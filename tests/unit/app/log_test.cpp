// What a log line may hold. The rules are those of docs/logging.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <boost/json/parse.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include "log_format.h"
#include "support/paths.h"

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

std::string logged(const std::string& text) {
  std::ostringstream out;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger.set_formatter(one_line_formatter(std::make_unique<spdlog::pattern_formatter>("%l: %v")));
  logger.warn("said=\"{}\"", text);
  return out.str();
}

TEST(LogLine, IsOneLineWhateverAPeerSays) {
  EXPECT_EQ(logged("A\r\nerror: forged\x1B[2J"),
            "warning: said=\"A\\x0d\\x0aerror: forged\\x1b[2J\"\n");
  EXPECT_EQ(logged("JO\xC3\x83O \xF0\x9F\x98\x80"),
            "warning: said=\"JO\xC3\x83O \xF0\x9F\x98\x80\"\n");
  EXPECT_EQ(logged("\xFF\xC0\x80"), "warning: said=\"\\xff\\xc0\\x80\"\n");
  EXPECT_EQ(logged("a\xE2\x80\xAE"
                   "b"),
            "warning: said=\"a\\xe2\\x80\\xae"
            "b\"\n")
      << "turns text around";
  EXPECT_EQ(logged("\xC2\x85\xE2\x80\xA8"), "warning: said=\"\\xc2\\x85\\xe2\\x80\\xa8\"\n")
      << "ends a line";
}

TEST(LogLine, HasABound) { EXPECT_LT(logged(std::string(1 << 20, 'x')).size(), 9000U); }

TEST(LibraryErrors, OfSqliteAndJsonQuoteNoBoundOrParsedValue) {
  SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  db.exec("CREATE TABLE t (a TEXT PRIMARY KEY CHECK (length(a) < 20)) WITHOUT ROWID");
  const auto insert = [&](const std::string& value) -> std::string {
    SQLite::Statement statement(db, "INSERT INTO t VALUES (?)");
    statement.bind(1, value);
    try {
      statement.exec();
    } catch (const std::exception& broken) {
      return broken.what();
    }
    return "";
  };
  EXPECT_EQ(insert("MARKER^ONE"), "");
  for (const std::string& what : {insert("MARKER^ONE"), insert("MARKER^" + std::string(30, 'X'))}) {
    EXPECT_THAT(what, HasSubstr("constraint"));
    EXPECT_THAT(what, Not(HasSubstr("MARKER")));
  }
  try {
    (void)boost::json::parse("{\"name\": MARKER^ONE}");
    FAIL();
  } catch (const std::exception& broken) {
    EXPECT_THAT(broken.what(), Not(HasSubstr("MARKER")));
  }
}

/// The text from an opening parenthesis to the one that closes it.
std::string call_at(const std::string& text, std::size_t open) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = open; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && quoted) {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '(') {
      ++depth;
    } else if (!quoted && c == ')' && --depth == 0) {
      return text.substr(open, at - open + 1);
    }
  }
  return text.substr(open);
}

std::vector<std::pair<std::string, std::string>> sources() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const char* root : {DOSIGATE_SOURCE_DIR "/src", DOSIGATE_SOURCE_DIR "/include"})
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".h") continue;
      std::ifstream in(entry.path());
      out.emplace_back(fs::relative(entry.path(), DOSIGATE_SOURCE_DIR).string(),
                       std::string{std::istreambuf_iterator<char>(in), {}});
    }
  return out;
}

/// Calls of `what` with something in them that a log, an error text or an audit line must not hold.
std::vector<std::string> wrong_calls(const std::string& what, const std::string& text) {
  static const std::regex forbidden(
      R"(reveal\(|getOFString|findAndGet|raw_text\(|text_at\(|DCM_[A-Z]|patient_id\b|patient_name|birth_date|\.data_set\b|as_text\()");
  std::vector<std::string> out;
  const std::regex call(what);
  for (std::sregex_iterator found(text.begin(), text.end(), call), end; found != end; ++found) {
    const auto open = static_cast<std::size_t>(found->position() + found->length() - 1);
    // What stands in quotes is ours, and the name of a tag is no value.
    static const std::regex harmless(R"re("(\\.|[^"\\])*"|tag_text\(DCM_\w+\))re");
    const std::string arguments = std::regex_replace(call_at(text, open), harmless, "");
    if (std::regex_search(arguments, forbidden)) out.push_back(found->str() + arguments);
  }
  return out;
}

constexpr const char* kLogCalls = R"(spdlog::(trace|debug|info|warn|error|critical|log)\()";
constexpr const char* kErrors = R"(\bfail\()";
constexpr const char* kThrows = R"(throw std::[a-z_]+\()";
constexpr const char* kAudit = R"((audit|audit_|lines_)(\.|->)record\()";

TEST(Sources, GiveNoValueOfADataSetToALogAnErrorAnExceptionOrTheAuditRecord) {
  std::size_t calls = 0;
  for (const auto& [file, text] : sources()) {
    for (const char* what : {kLogCalls, kErrors, kThrows, kAudit}) {
      const std::regex call(what);
      calls += static_cast<std::size_t>(
          std::distance(std::sregex_iterator(text.begin(), text.end(), call), {}));
      EXPECT_THAT(wrong_calls(what, text), ::testing::IsEmpty()) << file;
    }
  }
  EXPECT_GT(calls, 300U) << "the search finds no calls any more";
}

TEST(Sources, TheSearchFindsWhatIsForbidden) {
  EXPECT_EQ(wrong_calls(kLogCalls, "spdlog::warn(\"x ( {}\", id.reveal());").size(), 1U);
  EXPECT_EQ(wrong_calls(kErrors, "return fail(Fault::Invalid, \"x \" + text_at(d, t));").size(),
            1U);
  EXPECT_EQ(
      wrong_calls(kThrows, "throw std::runtime_error(std::string(\"x\") + person.patient_id);")
          .size(),
      1U);
  EXPECT_EQ(wrong_calls(kAudit, "audit_.record(\"e\", \"a\", {{\"n\", name.reveal()}});").size(),
            1U);
  EXPECT_TRUE(wrong_calls(kLogCalls, "spdlog::warn(\"reveal( of {}\", pseudonym);").empty());
}

TEST(Sources, HaveNoOtherWayToALogThanSpdlog) {
  // The command talks to its user; the daemon's main says on stderr why it does not start.
  const std::regex other(
      R"(std::(cout|cerr|clog)\b|\b(f?printf|puts|perror|vsyslog|syslog|sd_journal\w*)\(|\b(OFLOG|DCMDATA|DCMNET)_(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b)");
  for (const auto& [file, text] : sources()) {
    const bool talks = file.starts_with("src/app/cli_") || file.starts_with("src/app/main_") ||
                       file.starts_with("src/app/command_line");
    if (talks) continue;
    std::smatch found;
    EXPECT_FALSE(std::regex_search(text, found, other)) << file << ": " << found.str();
  }
}

}  // namespace
}  // namespace dosigate
