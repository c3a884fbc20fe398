// A camera that nobody has seen before, or the old one after its service: an event that a route may
// wait for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};

TEST(StoryOfDevices, ARouteHoldsANewCameraAndNewSoftwareUntilSomebodyAcceptsThem) {
  Story story({.node = {.route = "new_devices = \"hold\""}});
  ASSERT_TRUE(story.send({"Joana", kJoana, "NM", "1"}));
  ASSERT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.held()[0].reason, HasSubstr("device"));
  EXPECT_THAT(story.at_archive().objects(), IsEmpty());

  ASSERT_TRUE(story.done({"devices", "accept", "CAM-01", "--reason", "new in room 3"}));
  ASSERT_TRUE(story.release_all());
  ASSERT_TRUE(story.send({"Joana", kJoana, "NM", "2"}));
  EXPECT_THAT(story.at_archive().objects(), SizeIs(2));

  const SourceInstance serviced{
      .person = "Joana", .headers = kJoana, .modality = "NM", .study = "3", .software = "VB43"};
  ASSERT_TRUE(story.send(serviced));
  ASSERT_THAT(story.held(), SizeIs(1)) << "other software is another epoch";
  ASSERT_TRUE(story.done({"devices", "accept", "CAM-01", "--reason", "service of March"}));
  ASSERT_TRUE(story.release_all());

  EXPECT_THAT(story.at_archive().objects(), SizeIs(3));
  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfDevices, ElsewhereItIsAnEventInTheAuditLog) {
  Story story;

  ASSERT_TRUE(story.send({"Joana", kJoana, "NM", "1"}));

  std::ifstream in(story.node().directory() / "state" / "audit" / "audit.jsonl");
  const std::string audit((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_THAT(audit, HasSubstr("CAM-01"));
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
