// The mutation round: each row of Table E.1-1, a planted marker, at the top level and nested, in
// both profiles. What must become of it is read here from the TSV and not from the engine's table,
// so that an error in reading or compiling the table shows.

#include "cleaning.h"
#include "deid/iod_types.h"
#include "deid/tag_key.h"
#include "dosigate/dicom/sop_class.h"
#include "support/tsv_cells.h"

namespace dosigate::testing {
namespace {

struct Row {
  std::string tag, keyword, vr, basic;
  bool characteristic = false, modified_date = false;
};

std::vector<Row> rows_of_the_file() {
  std::vector<Row> rows;
  for (const auto& cells : cells_of("ps315/table_e1_1.tsv")) {
    rows.push_back({cells.at(0), cells.at(1), cells.at(3), cells.at(6), cells.at(11) == "K",
                    cells.at(13) == "C"});
  }
  return rows;
}

/// A value of the VR that cannot come from anywhere else, and what of it may be found in bytes.
std::string marker_of(const std::string& vr) {
  if (vr == "DA") return "20240229";
  if (vr == "DT") return "20240229231559";
  if (vr == "TM") return "234517";
  if (vr == "UI") return "1.2.826.0.1.3680043.77.88";
  if (vr == "AS") return "077Y";
  if (vr == "DS" || vr == "IS") return "98761";
  if (vr == "US") return "513";
  if (vr == "OB" || vr == "UN" || vr == "OB/OW") return "PLANTEDMARKER!";
  if (vr == "UR") return "http://plantedmarker/x";
  return vr == "CS" || vr == "AE" ? "PLANTEDMARKER" : "Plantedx Markerx";
}

std::string_view trimmed_right(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

DcmTagKey key_of(const std::string& tag) {
  return DcmTagKey(static_cast<Uint16>(std::stoul(tag.substr(0, 4), nullptr, 16)),
                   static_cast<Uint16>(std::stoul(tag.substr(5), nullptr, 16)));
}

/// The marker's element where it was planted: at the top level, or in the innermost item.
std::string value_there(DcmItem& root, const DcmTagKey& tag, unsigned depth) {
  DcmItem* item = &root;
  for (unsigned level = 0; level < depth; ++level) {
    DcmSequenceOfItems* sequence = nullptr;
    if (item->findAndGetSequence(DCM_SharedFunctionalGroupsSequence, sequence).bad() ||
        sequence->card() == 0)
      return "no sequence";
    item = sequence->getItem(0);
  }
  DcmElement* element = nullptr;
  if (item->findAndGetElement(tag, element).bad()) return "-";
  if (element->ident() == EVR_SQ)
    return static_cast<DcmSequenceOfItems*>(element)->card() == 0 ? "" : "items";
  OFString text;
  element->getOFStringArray(text);
  return std::string(trimmed_right({text.data(), text.size()}));
}

/// Rows of which these tests make no marker: command and meta groups are never in a data set, masks
/// have tests of their own, and the instance's own keys are what other tests are about.
bool is_planted(const Row& row) {
  if (row.tag.find('x') != std::string::npos || row.tag.find("odd") != std::string::npos)
    return false;
  if (row.tag.substr(0, 4) < "0008") return false;
  for (const auto* own : {"0008,0018", "0020,000D", "0020,000E", "0010,0010", "0010,0020"}) {
    if (row.tag == own) return false;
  }
  return true;
}

/// The file of the profile has a rule of its own for this very attribute.
bool is_ruled(const std::string& profile, const std::string& tag) {
  const auto loaded = Profile::load({}, profile);
  return std::any_of(loaded->rules().begin(), loaded->rules().end(),
                     [&](const ProfileRule& rule) { return rule.text == tag; });
}

/// What a compound code leaves of an attribute whose Type in the IOD is known: "-" nothing, "" an
/// empty value, "D" a dummy (PS3.15 Table E.1-1a).
std::string by_type(const std::string& code, AttributeType type) {
  const bool x = code.starts_with("X"), z = code.find('Z') != std::string::npos;
  if (type == AttributeType::Three) return x ? "-" : "";
  if (type == AttributeType::Two) return z ? "" : "D";
  return code.ends_with("D") ? "D" : "";
}

bool is_clear_of_holds(const Verdict& verdict) { return std::holds_alternative<Cleaned>(verdict); }

class TableRows : public Cleaning,
                  public ::testing::WithParamInterface<std::pair<std::string, bool>> {
 protected:
  /// The whole expectation of one row for the marker's element.
  void expect_gone_or_changed(const Row& row, const std::string& profile, unsigned depth,
                              const Deidentifier& deidentifier, long offset) {
    SCOPED_TRACE(row.tag + " " + row.keyword + " " + row.vr + " " + row.basic + " " + profile +
                 " depth " + std::to_string(depth));
    const DcmTagKey tag = key_of(row.tag);
    const bool sequence = row.vr == "SQ";
    const DcmTagKey inner = DCM_PatientComments;
    const std::string vr = sequence ? "LT" : row.vr.empty() ? "LO" : row.vr.substr(0, 2);
    // Another issuer would be another patient.
    const std::string marker = row.tag == "0010,0021"   ? "HOSP-A"
                               : row.tag == "0008,0201" ? "-0330"  // other text is no zone
                                                        : marker_of(sequence ? "LT" : row.vr);
    const DcmEVR evr = DcmVR(vr.c_str()).getEVR();
    DataSet source = any_instance(kCtImageStorage);
    if (sequence && depth == 0)
      source = std::move(source).with_nested(tag, inner, evr, marker);
    else if (sequence)
      source = std::move(source).with_nested(DCM_SharedFunctionalGroupsSequence,
                                             DCM_PatientComments, EVR_LT, marker, 2);
    else if (depth == 0)
      source = std::move(source).with(tag, evr, marker);
    else
      source = std::move(source).with_nested(DCM_SharedFunctionalGroupsSequence, tag, evr, marker,
                                             depth);

    const Verdict verdict = deidentifier.clean(source.received());

    ASSERT_TRUE(is_clear_of_holds(verdict)) << describe(verdict);
    const auto out = output_of(verdict);
    const std::string after = value_there(*out, tag, sequence ? 0 : depth);
    const bool dosimetry = profile == "dosimetry";
    const bool dates_kept = dosimetry && row.modified_date,
               kept = dosimetry && row.characteristic && !dates_kept;
    const bool public_version = row.keyword.find("Version") != std::string::npos;
    if (sequence) {
      EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, marker));
    } else if (dates_kept && row.vr == "TM") {
      EXPECT_EQ(after, marker);
    } else if (dates_kept && (row.vr == "DA" || row.vr == "DT") && !public_version) {
      if (after != "-") {  // a rule of the profile may remove it, never leave it
        EXPECT_EQ(days_moved("20240229", after), offset);
        EXPECT_EQ(after.substr(8), marker.substr(8));
      } else {
        EXPECT_TRUE(row.tag == "0018,1204" || row.tag == "0018,1205" || row.tag == "0044,000B")
            << "lost";
      }
    } else if (kept && row.vr != "UT" && row.vr != "SH" && row.vr != "UC" && row.vr != "UR") {
      EXPECT_EQ(after, marker);
    } else if (row.basic == "X" && row.tag != "0008,0201" && row.tag != "0018,1008" &&
               row.tag != "0040,0242" && !kept) {
      EXPECT_EQ(after, "-");
    } else if (row.basic == "Z" && row.tag != "0020,0010" && row.tag != "3006,0026") {
      EXPECT_EQ(after, "");
    } else if (row.vr == "UI") {
      EXPECT_EQ(after.substr(0, 5), "2.25.");
    } else if (!kept && row.tag != "0008,0201") {
      EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, marker));
    }
    const bool compound = row.basic.find('/') != std::string::npos && row.basic != "X/Z/U*";
    if (compound && depth == 0 && !sequence && row.vr != "UI" && !dates_kept && !kept &&
        !is_ruled(profile, row.tag)) {
      const AttributeType type = top_level_types(kCtImageStorage)->of(tag_number(tag));
      const std::string expected = by_type(row.basic, type);
      if (expected == "D")
        EXPECT_TRUE(after != "-" && after != "") << "Type 1 needs a value";
      else
        EXPECT_EQ(after, expected) << "Type " << static_cast<int>(type);
      ++by_type_;
    }
    if (row.basic == "D" && !dates_kept && !sequence && row.vr != "UN") {
      EXPECT_TRUE(after != "" && after != "-") << "D leaves a value";
    }
  }
  unsigned by_type_ = 0;  ///< compound codes that a Type decided
};

TEST_F(TableRows, EachBecomesWhatTheTableSaysInBothProfiles) {
  const std::vector<Row> rows = rows_of_the_file();
  ASSERT_EQ(rows.size(), 657U);
  unsigned cases = 0;
  for (const std::string profile : {"dosimetry", "basic"}) {
    const Deidentifier deidentifier(settings(profile), *map_);
    const std::string moved =
        value(*output_of(clean(any_instance(kCtImageStorage))), DCM_StudyDate);
    const long offset = days_moved("20250304", moved);
    for (const Row& row : rows) {
      if (!is_planted(row)) continue;
      for (const unsigned depth : {0U, 2U}) {
        expect_gone_or_changed(row, profile, depth, deidentifier, offset);
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 2500U);
  EXPECT_GT(by_type_, 50U);
}

TEST_F(TableRows, OverlaysAndCurvesGoInWhateverGroup) {
  for (const std::string profile : {"dosimetry", "basic"}) {
    const Deidentifier deidentifier(settings(profile), *map_);
    const auto out = output_of(
        deidentifier.clean(any_instance(kCtImageStorage)
                               .with_bytes(DcmTagKey(0x6000, 0x3000), EVR_OB, "PLANTEDMARKER!")
                               .with(DcmTagKey(0x6004, 0x4000), EVR_LT, "Plantedx Markerx")
                               .with(DcmTagKey(0x6002, 0x0022), EVR_LO, "Plantedx Markerx")
                               .with(DcmTagKey(0x6002, 0x1500), EVR_LO, "Plantedx Markerx")
                               .with(DcmTagKey(0x5002, 0x2500), EVR_LO, "Plantedx Markerx")
                               .received()));
    for (const auto& tag :
         {DcmTagKey(0x6000, 0x3000), DcmTagKey(0x6004, 0x4000), DcmTagKey(0x6002, 0x0022),
          DcmTagKey(0x6002, 0x1500), DcmTagKey(0x5002, 0x2500)}) {
      EXPECT_EQ(value(*out, tag), "-");
    }
  }
}

}  // namespace
}  // namespace dosigate::testing
