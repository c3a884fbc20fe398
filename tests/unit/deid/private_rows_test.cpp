// Each row of both lists of private elements, explicit and implicit, and what is not on them.

#include <fstream>
#include <sstream>

#include "cleaning.h"
#include "dosigate/dicom/private_vr.h"

namespace dosigate::testing {
namespace {

struct PrivateRow {
  std::string creator;
  Uint16 group = 0;
  Uint16 element = 0;
  std::string vr, action;
};

std::vector<PrivateRow> rows_of(const std::string& file) {
  std::ifstream in(std::string(DOSIGATE_SOURCE_DIR) + "/conf/" + file);
  std::vector<PrivateRow> rows;
  std::string line;
  std::getline(in, line);
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::stringstream cut(line);
    for (std::string cell; std::getline(cut, cell, '\t');) cells.push_back(cell);
    const bool ours = file.starts_with("deid");
    const std::string tag = ours ? cells.at(1) : cells.at(0);
    rows.push_back({ours ? cells.at(0) : cells.at(1),
                    static_cast<Uint16>(std::stoul(tag.substr(0, 4), nullptr, 16)),
                    static_cast<Uint16>(0x1000 + std::stoul(tag.substr(7, 2), nullptr, 16)),
                    cells.at(2).substr(0, 2), ours ? cells.at(3) : "KP"});
  }
  return rows;
}

std::string sample_of(const std::string& vr) {
  if (vr == "DT") return "20250304101601.25";
  if (vr == "UI") return "1.2.840.113619.9.9";
  if (vr == "FL" || vr == "FD" || vr == "DS") return "1.5";
  if (vr == "IS" || vr == "US" || vr == "UL" || vr == "SL" || vr == "SS") return "12";
  return "ABC";
}

bool is_leaf_text(const std::string& vr) {
  return vr != "SQ" && vr != "OB" && vr != "OW" && vr != "AT" && vr != "-" && !vr.empty();
}

TEST_F(Cleaning, EachListedPrivateElementIsKeptMovedOrMapped) {
  const Deidentifier deidentifier(settings("dosimetry"), *map_);
  unsigned cases = 0;
  for (const auto* file : {"deid/private_elements.tsv", "ps315/safe_private.tsv"}) {
    for (const PrivateRow& row : rows_of(file)) {
      std::string vr = row.vr;
      if (vr == "-") {
        const PrivateElement* known =
            find_private_element(row.creator, row.group, static_cast<std::uint8_t>(row.element));
        if (known != nullptr) vr = DcmVR(known->vr).getVRName();
      }
      if (!is_leaf_text(vr)) continue;
      const DcmTagKey tag(row.group, row.element);
      for (const auto* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}) {
        SCOPED_TRACE(row.creator + " " + tag.toString().c_str() + " " + vr + " " + row.action +
                     " " + syntax);
        const Verdict verdict =
            deidentifier.clean(ct_slice()
                                   .with(DcmTagKey(row.group, 0x0010), EVR_LO, row.creator)
                                   .with(tag, DcmVR(vr.c_str()).getEVR(), sample_of(vr))
                                   .received(syntax));

        const auto* cleaned = std::get_if<Cleaned>(&verdict);
        ASSERT_NE(cleaned, nullptr) << describe(verdict);
        ASSERT_TRUE(has_bytes(cleaned->instance, row.creator)) << "lost";
        ++cases;
        if (std::string_view(syntax) == "1.2.840.10008.1.2") {
          EXPECT_FALSE(has_bytes(cleaned->instance, "20250304101601.25"));
          EXPECT_FALSE(has_bytes(cleaned->instance, "1.2.840.113619.9.9"));
          continue;
        }
        const auto out = output_of(verdict);
        const std::string after = value(*out, tag);
        if (row.action == "SP") {
          EXPECT_EQ(after.substr(8), "101601.25");
          EXPECT_EQ(days_moved("20250304", after),
                    days_moved("20250304", value(*out, DCM_StudyDate)));
        } else if (vr == "UI") {
          EXPECT_EQ(after.substr(0, 5), "2.25.");
        } else {
          EXPECT_EQ(after, sample_of(vr));
        }
      }
    }
  }
  EXPECT_GT(cases, 500U);
}

TEST_F(Cleaning, WhatDosimetryMdCallsIdentityIsOnNoList) {
  const struct {
    const char* creator;
    Uint16 group, element;
    DcmEVR vr;
  } rows[] = {{"Philips PET Private Group", 0x7053, 0x1003, EVR_LO},
              {"Philips PET Private Group", 0x7053, 0x1005, EVR_LO},
              {"GEMS_PETD_01", 0x0009, 0x1002, EVR_LO},
              {"GEMS_PETD_01", 0x0009, 0x105F, EVR_LO},
              {"GEMS_PETD_01", 0x0009, 0x1010, EVR_LO},
              {"GEMS_PETD_01", 0x0009, 0x100F, EVR_LO},
              {"SIEMENS MED NM", 0x0041, 0x1040, EVR_LO},
              {"SIEMENS MED NM", 0x0055, 0x1021, EVR_DS},
              {"SIEMENS MED NM", 0x0055, 0x105C, EVR_DS},
              {"SIEMENS MED NM", 0x0031, 0x1001, EVR_LO},
              {"SIEMENS MED ECAT FILE INFO", 0x0021, 0x1000, EVR_OB},
              {"GEMS_GENIE_1", 0x0009, 0x1040, EVR_PN},
              {"GEMS_GENIE_1", 0x0013, 0x1026, EVR_LO},
              {"GEMS_GENIE_1", 0x0011, 0x1031, EVR_LO},
              {"GEMS_XELPRV_01", 0x0033, 0x101B, EVR_LO},
              {"GEMS_XELPRV_01", 0x0033, 0x101F, EVR_OB},
              {"PHILIPS NM -Private", 0x7051, 0x1012, EVR_DS},
              {"ADAC_IMG", 0x0019, 0x1020, EVR_OB}};
  for (const auto& row : rows) {
    const DcmTagKey tag(row.group, row.element);
    const std::string_view text = row.vr == EVR_DS ? "20250304" : "raw header of SILVAMARKER";
    const Verdict verdict = clean(
        ct_slice().with(DcmTagKey(row.group, 0x0010), EVR_LO, row.creator).with(tag, row.vr, text));
    EXPECT_EQ(value(*output_of(verdict), tag), "-") << row.creator << " " << tag.toString().c_str();
  }
}

TEST_F(Cleaning, AListedNumberSentAsTextOrBytesIsRemoved) {
  const DcmTagKey creator(0x0057, 0x0010), element(0x0057, 0x1002);
  for (const DcmEVR vr : {EVR_LO, EVR_OB, EVR_PN}) {
    EXPECT_EQ(
        value(
            *output_of(clean(
                ct_slice().with(creator, EVR_LO, "SIEMENS MED NM").with(element, vr, "somebody"))),
            element),
        "-");
  }
}

TEST_F(Cleaning, PrivateSequencesAreEnteredAndTheirOwnCreatorsJudged) {
  DataSet source =
      ct_slice()
          .with(DcmTagKey(0x0055, 0x0010), EVR_LO, "GEMS_GENIE_1")
          .with_nested(DcmTagKey(0x0055, 0x1022), DCM_PatientName, EVR_PN, "SILVAMARKER");
  DcmSequenceOfItems* sequence = nullptr;
  ASSERT_TRUE(source.root().findAndGetSequence(DcmTagKey(0x0055, 0x1022), sequence).good());
  put_value(*sequence->getItem(0), DcmTagKey(0x0009, 0x0010), EVR_LO, "GEMS_PETD_01");
  put_value(*sequence->getItem(0), DcmTagKey(0x0009, 0x100D), EVR_DT, "20250304101601.00");
  put_value(*sequence->getItem(0), DcmTagKey(0x0009, 0x100F), EVR_LO, "SILVAMARKER");

  for (const auto* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}) {
    const Verdict verdict = clean(std::move(source), "dosimetry", syntax);
    ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
    EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "SILVAMARKER"));
    EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "20250304"));
    EXPECT_TRUE(has_bytes(std::get<Cleaned>(verdict).instance, "GEMS_PETD_01"));
  }
}

}  // namespace
}  // namespace dosigate::testing
