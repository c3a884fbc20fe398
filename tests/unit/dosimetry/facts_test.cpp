#include "dosigate/dosimetry/facts.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

InstanceFacts full() {
  InstanceFacts facts;
  facts.modality = "NM";
  facts.sop_class_uid = "1.2.840.10008.5.1.4.1.1.20";
  facts.series_uid = "2.25.7";
  facts.weight_kg = 0;
  facts.camera = "CAM-07";
  facts.camera_epoch = 3;
  facts.emission = facts.dose_in_mbq = true;
  facts.frame_of_reference = "2.25.8";
  facts.kind = "RECON TOMO";
  facts.series_at = "20250304091500.000000";
  facts.units = "CNTS";
  facts.mapped_units = "Bq/ml";
  facts.decay_correction = "START";
  facts.corrections = {"DECY", "ATTN"};
  facts.slope = Said::Good;
  facts.frame_duration = Said::Bad;
  facts.frame_reference = Said::Good;
  facts.energy_windows = 2;
  facts.slices = 64;
  facts.time_slices = 2;
  facts.series_instances = 5;
  facts.study_instances = 9;
  facts.size_m = 1.7;
  facts.sex = facts.age = true;
  facts.vendor = {"ge-decay"};
  facts.radiopharmaceuticals = {{"Lu-177", true, false, 7400.5, 574300.8, Said::Good,
                                 "20250303091500.250000", true, Said::Bad, 5, "2.25.9"},
                                {"", true, true, {}, {}, Said::Bad, "", false, Said::Good, 7, ""}};
  return facts;
}

TEST(Facts, AreReadBackAsTheyWereWritten) {
  for (const InstanceFacts& facts : {full(), InstanceFacts{}}) {
    const auto read = parse_facts(facts_text(facts));
    ASSERT_TRUE(read) << facts_text(facts);
    EXPECT_EQ(*read, facts);
  }
}

TEST(Facts, OfACtSliceAreSmall) {
  InstanceFacts ct;
  ct.modality = "CT";
  ct.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
  ct.series_uid = "2.25.329800735698586629295641978511506172918";
  ct.weight_kg = 72.5;
  ct.camera = "CAM-01";
  ct.camera_epoch = 1;

  EXPECT_LT(facts_text(ct).size(), 200U);
}

TEST(Facts, WhatIsDamagedIsCorruptAndNotTakenForFacts) {
  for (const char* text : {"", "{", "[]", R"({"modality":5})", R"({"slope":"yes"})",
                           R"({"slices":-1})", R"({"radiopharmaceuticals":[1]})"})
    EXPECT_FALSE(parse_facts(text)) << text;
}

}  // namespace
}  // namespace dosigate
