// Every event as a DICOM audit message: read by xmllint against the schema of PS3.15 A.5.1.

#include "dosigate/audit/audit_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "audit/audit_codes.h"
#include "audit/xml_writer.h"
#include "support/paths.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const AuditSource kSource{"DOSIGATE", "gateway.example.org"};

AuditEvent event(std::string name, std::string actor = "dosigated",
                 std::vector<std::pair<std::string, std::string>> fields = {}) {
  AuditEvent out{7,
                 "2026-11-28T10:04:00.123Z",
                 std::move(name),
                 std::move(actor),
                 std::move(fields),
                 std::string(64, 'a')};
  return out;
}

/// Empty when xmllint finds all of them valid, else what it says.
std::string faults_of(const std::vector<std::string>& messages) {
  const testing::TempDir dir;
  std::vector<std::string> command{"xmllint", "--noout", "--relaxng",
                                   DOSIGATE_SOURCE_DIR "/tests/unit/audit/audit_message.rng"};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto file = dir.path / (std::to_string(i) + ".xml");
    std::ofstream(file) << messages[i];
    command.push_back(file.string());
  }
  const testing::Finished done = testing::run(command);
  return done.code == 0 ? "" : done.output;
}

/// Names that the sources pass to a record() of the audit log, and those that are made of two
/// parts.
std::set<std::string> recorded_events() {
  std::set<std::string> out;
  const std::regex call(
      R"re((?:record|on_record)\(\s*(?:request,\s*)?(?:on->get_bool\(\) \? )?"([a-z][a-z.-]+)"(?: : "([a-z.-]+)")?)re");
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(DOSIGATE_SOURCE_DIR "/src")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::sregex_iterator found(text.begin(), text.end(), call), end; found != end; ++found)
      for (const int group : {1, 2})
        if ((*found)[group].matched) out.insert((*found)[group].str());
  }
  return out;
}

TEST(AuditMessage, EveryEventThatTheSourcesRecordIsValidAndHasACodeOfItsOwn) {
  std::set<std::string> names = recorded_events();
  ASSERT_GT(names.size(), 20U);
  EXPECT_TRUE(names.contains("map.reveal") && names.contains("drain.end"));
  std::vector<std::string> messages;
  for (const std::string& name : names) {
    EXPECT_NE(audit_kind(name).event, "")
        << name << " is not in the table of src/audit/audit_codes.cpp";
    for (const std::string actor : {"dosigated", "joão", "uid 1000"})
      messages.push_back(audit_message(event(name, actor,
                                             {{"study", "2.25.31"},
                                              {"pseudonym", "DSG-HEX-1111-1111-111"},
                                              {"reason", "a \"test\" <with> & everything"},
                                              {"destination", "archive"},
                                              {"host", "10.0.0.1"},
                                              {"folder", "/mnt/x"},
                                              {"instances", "12"}}),
                                       kSource));
    messages.push_back(
        audit_message(event(name + ".begin", "maria", {{"outcome", "refused"}}), kSource));
  }
  EXPECT_EQ(faults_of(messages), "");
}

TEST(AuditMessage, TheSchemaRefusesWhatIsNone) {
  const std::string good = audit_message(event("start"), kSource);
  ASSERT_EQ(faults_of({good}), "");

  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"EventOutcomeIndicator=\"0\"", "EventOutcomeIndicator=\"1\""},
           {" originalText=\"Application Activity\"", ""},
           {"10:04:00", "10 04 00"},
           {"csd-code=\"4\"", "csd-code=\"44\""}}) {
    std::string bad = good;
    ASSERT_NE(bad.find(from), std::string::npos) << from;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_NE(faults_of({bad}), "") << to;
  }
}

TEST(AuditMessage, ARevealNamesTheUserAndThePseudonymAndKeepsTheReason) {
  const std::string message =
      audit_message(event("map.reveal", "maria",
                          {{"reason", "dose report"}, {"pseudonym", "DSG-HEX-1111-1111-111"}}),
                    kSource);

  EXPECT_THAT(
      message,
      AllOf(
          HasSubstr("<EventID csd-code=\"110112\" codeSystemName=\"DCM\" originalText=\"Query\"/>"),
          HasSubstr("<ActiveParticipant UserID=\"maria\" UserIsRequestor=\"true\""),
          HasSubstr("ParticipantObjectID=\"DSG-HEX-1111-1111-111\""),
          HasSubstr("EventActionCode=\"E\" EventDateTime=\"2026-11-28T10:04:00.123Z\"")));
  EXPECT_THAT(message, HasSubstr("type=\"reason\" value=\"" + to_base64("dose report") + "\""));
}

TEST(AuditMessage, AStudyThatWasReceivedNamesSenderStudyPatientAndCount) {
  const std::string message = audit_message(event("instances.received", "dosigated",
                                                  {{"study", "2.25.31"},
                                                   {"pseudonym", "DSG-HEX-1111-1111-111"},
                                                   {"instances", "412"},
                                                   {"calling", "CAMERA1"},
                                                   {"address", "10.1.2.3"}}),
                                            kSource);

  EXPECT_THAT(message,
              AllOf(HasSubstr("110104"),
                    HasSubstr("UserID=\"CAMERA1\" UserIsRequestor=\"true\" "
                              "NetworkAccessPointID=\"10.1.2.3\" NetworkAccessPointTypeCode=\"2\""),
                    HasSubstr("<SOPClass NumberOfInstances=\"412\"/>"),
                    HasSubstr("ParticipantObjectID=\"2.25.31\"")));
}

TEST(AuditMessage, ARefusedAssociationIsAFailedNodeAuthentication) {
  const std::string message = audit_message(event("association.refused", "dosigated",
                                                  {{"calling", "WHO"},
                                                   {"called", "ANY"},
                                                   {"address", "10.9.9.9"},
                                                   {"reason", "calling-ae-unknown"},
                                                   {"count", "3"}}),
                                            kSource);

  EXPECT_THAT(
      message,
      AllOf(HasSubstr("110113"), HasSubstr("110126"), HasSubstr("EventOutcomeIndicator=\"4\""),
            HasSubstr("<EventOutcomeDescription>calling-ae-unknown</EventOutcomeDescription>")));
}

TEST(AuditMessage, WhatXmlCannotSayBecomesAQuestionMark) {
  const std::string message = audit_message(
      event("association.refused", "dosigated",
            {{"calling",
              std::string("A\x01\x7F\xFF\xC0\x80\xED\xA0\x80\xEF\xBF\xBF<&>\"'\r\nB\0C", 22)},
             {"address", "10.9.9.9"},
             {"reason", "\xC3\xA9\xF0\x9F\x98\x80"}}),
      kSource);

  EXPECT_EQ(faults_of({message}), "");
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_THAT(message, HasSubstr("\xC3\xA9\xF0\x9F\x98\x80"));
}

TEST(AuditMessage, OfAForgettingNamesNobody) {
  const std::string message = audit_message(
      event("map.forget", "maria", {{"reason", "art. 18"}, {"studies", "2"}}), kSource);

  EXPECT_THAT(message, AllOf(HasSubstr("110105"), HasSubstr("ParticipantObjectID=\"forgotten\""),
                             Not(HasSubstr("DSG-"))));
  EXPECT_EQ(faults_of({message}), "");
}

TEST(AuditMessage, Base64IsTheOneOfTheStandard) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\xFF\xFE\xFD"), "//79");
}

TEST(AuditEvent, ReadsALineBackAndRefusesAnother) {
  const auto read = parse_audit_line(
      R"({"n":3,"time":"2026-11-28T10:04:00.123Z","event":"e","actor":"a","fields":{"x":"y"},"key":1,"previous":"00","chain":"11"})");

  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 3U);
  EXPECT_EQ(read->field("x"), "y");
  EXPECT_EQ(read->field("z"), "");
  EXPECT_FALSE(parse_audit_line("{}"));
  EXPECT_FALSE(parse_audit_line("no json"));
  EXPECT_FALSE(
      parse_audit_line(R"({"n":"3","time":1,"event":"e","actor":"a","fields":{},"chain":"1"})"));
}

}  // namespace
}  // namespace dosigate
