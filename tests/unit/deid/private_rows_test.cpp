// Each row of both lists of private elements: the expected action is read here, from the files, and
// not from the engine's table; in Explicit VR, Implicit VR and UN; at the top level, in a standard
// sequence and inside a private one; under both profiles.

#include <cstring>
#include <map>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcostrmb.h>

#include "cleaning.h"
#include "support/tsv_cells.h"

namespace dosigate::testing {
namespace {

constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kImplicit = "1.2.840.10008.1.2";

struct PrivateRow {
  Uint16 group = 0;
  Uint16 low = 0;  ///< byte of the element
  std::string vr, action;
  bool safe = false;  ///< of PS3.15

  DcmTagKey in_block(Uint16 block) const {
    return {group, static_cast<Uint16>((block << 8U) | low)};
  }
};
/// By creator, in the order of tags.
using Lists = std::map<std::string, std::map<std::pair<Uint16, Uint16>, PrivateRow>>;

/// What PS3.15 says is safe, and over it what dosimetry needs or must not have.
Lists lists() {
  Lists out;
  const auto put = [&](const std::string& creator, const std::string& tag, std::string vr,
                       std::string action, bool safe) {
    PrivateRow row{static_cast<Uint16>(std::stoul(tag.substr(0, 4), nullptr, 16)),
                   static_cast<Uint16>(std::stoul(tag.substr(7, 2), nullptr, 16)), vr.substr(0, 2),
                   std::move(action), safe};
    out[creator][{row.group, row.low}] = row;
  };
  for (const auto& cell : cells_of("ps315/safe_private.tsv")) {
    const std::string vr = cell.at(2).substr(0, 2);
    put(cell.at(1), cell.at(0), vr,
        vr == "UI"                   ? "UP"
        : (vr == "DA" || vr == "DT") ? "SP"
                                     : "KP",
        true);
  }
  for (const auto& cell : cells_of("deid/private_elements.tsv"))
    put(cell.at(0), cell.at(1), cell.at(2), cell.at(3), false);
  return out;
}

/// The bytes of a value on the wire, little endian, of even length.
std::string sample_of(const std::string& vr) {
  const auto packed = [](auto number) {
    std::string out(sizeof number, '\0');
    std::memcpy(out.data(), &number, sizeof number);
    return out;
  };
  if (vr == "DT") return "20250304101601.25 ";
  if (vr == "DA") return "20250304";
  if (vr == "TM") return "101601";
  if (vr == "UI") return std::string("1.2.840.113619.9.9\0", 18);
  if (vr == "FL") return packed(1.5F);
  if (vr == "FD") return packed(1.5);
  if (vr == "US" || vr == "SS") return packed(std::uint16_t{12});
  if (vr == "UL" || vr == "SL") return packed(std::uint32_t{12});
  if (vr == "AT") return std::string("\x28\0\x10\0", 4);
  if (vr == "DS") return "1.5 ";
  if (vr == "IS") return "12";
  if (vr == "OB" || vr == "OW") return "\x01\x02\x03\x04";
  return "ABC ";  // CS, LO, SH, ST, LT
}

/// An element of a VR with these very bytes.
void put_bytes(DcmItem& item, const DcmTagKey& tag, const std::string& vr,
               const std::string& bytes) {
  const DcmEVR as = DcmVR(vr.c_str()).getEVR();
  if (as == EVR_OB || as == EVR_OW || as == EVR_UN) {
    ASSERT_TRUE(put_value(item, tag, as, bytes));
    return;
  }
  DcmElement* made = nullptr;
  ASSERT_TRUE(DcmItem::newDicomElementWithVR(made, DcmTag(tag, DcmVR(as))).good());
  std::unique_ptr<DcmElement> element(made);
  const auto one = [&](auto number, auto put) {
    ASSERT_EQ(bytes.size() % sizeof number, 0U);
    std::memcpy(&number, bytes.data(), sizeof number);
    ASSERT_TRUE((element.get()->*put)(&number, 1).good());
  };
  if (as == EVR_FL) {
    one(Float32{}, &DcmElement::putFloat32Array);
  } else if (as == EVR_FD) {
    one(Float64{}, &DcmElement::putFloat64Array);
  } else if (as == EVR_US) {
    one(Uint16{}, &DcmElement::putUint16Array);
  } else if (as == EVR_SS) {
    one(Sint16{}, &DcmElement::putSint16Array);
  } else if (as == EVR_UL) {
    one(Uint32{}, &DcmElement::putUint32Array);
  } else if (as == EVR_SL) {
    one(Sint32{}, &DcmElement::putSint32Array);
  } else if (as == EVR_AT) {
    Uint16 group_and_element[2];
    std::memcpy(group_and_element, bytes.data(), sizeof group_and_element);
    ASSERT_TRUE(element->putUint16Array(group_and_element, 1).good());
  } else {
    const std::string text =
        bytes.substr(0, bytes.find_last_not_of(std::string_view(" \0", 2)) + 1);
    ASSERT_TRUE(element->putOFStringArray(OFString(text.data(), text.size())).good());
  }
  ASSERT_TRUE(item.insert(element.release(), OFTrue).good());
}

/// What stands in an element on the wire; "-" when it is not there.
std::string bytes_at(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || element == nullptr) return "-";
  std::string out(element->getLength(EXS_LittleEndianImplicit) + 64, '\0');
  DcmOutputBufferStream stream(out.data(), static_cast<offile_off_t>(out.size()));
  element->transferInit();
  EXPECT_TRUE(element->write(stream, EXS_LittleEndianImplicit, EET_ExplicitLength, nullptr).good());
  element->transferEnd();
  void* begin = nullptr;
  offile_off_t size = 0;
  stream.flushBuffer(begin, size);
  return {static_cast<const char*>(begin) + 8, static_cast<std::size_t>(size) - 8};
}

enum class Place { Top, StandardSequence, PrivateSequence };
enum class Form { Explicit, Implicit, Unknown };

const DcmTagKey kXelerisSequence(0x0055, 0x1022);  // GEMS_GENIE_1, stays under Retain Safe Private

DcmItem& item_at(DcmItem& root, Place place, bool make) {
  if (place == Place::Top) return root;
  if (place == Place::PrivateSequence && make) {
    EXPECT_TRUE(put_value(root, DcmTagKey(0x0055, 0x0010), EVR_LO, "GEMS_GENIE_1"));
  }
  DcmItem* item = nullptr;
  const DcmTagKey tag =
      place == Place::PrivateSequence ? kXelerisSequence : DCM_DetectorInformationSequence;
  if (!make) {
    EXPECT_TRUE(root.findAndGetSequenceItem(tag, item, 0).good());
    return *item;
  }
  auto sequence = std::make_unique<DcmSequenceOfItems>(DcmTag(tag, DcmVR(EVR_SQ)));
  item = new DcmItem;
  EXPECT_TRUE(sequence->append(item).good());
  EXPECT_TRUE(root.insert(sequence.release(), OFTrue).good());
  return *item;
}

/// What must stand at a row after cleaning: its own bytes, a shifted date, a mapped UID or nothing.
void expect_row(const PrivateRow& row, const std::string& after, bool keeps_private, long offset) {
  const std::string before = sample_of(row.vr);
  if (!keeps_private || row.action == "X") {
    EXPECT_EQ(after, "-");
  } else if (row.action == "SP") {
    ASSERT_GE(after.size(), 8U);
    EXPECT_EQ(after.substr(8), before.substr(8));
    EXPECT_EQ(days_moved(before, after), offset);
  } else if (row.action == "UP") {
    EXPECT_EQ(after.substr(0, 5), "2.25.");
  } else if (row.action == "CP") {
    EXPECT_EQ(after, "") << "no word of technique in the sample";
  } else {
    EXPECT_EQ(row.action, "KP");
    EXPECT_EQ(after, before);
  }
}

/// A data set per creator that holds all its rows, in a block that no list and no camera names.
class PrivateRows : public Cleaning {
 protected:
  static constexpr Uint16 kBlock = 0x5C;

  DataSet with_rows(const std::string& creator, const Lists::mapped_type& rows, Place place,
                    Form form) {
    DataSet out = ct_slice();
    DcmItem& item = item_at(out.root(), place, true);
    for (const auto& [where, row] : rows) {
      if (!is_leaf(row)) continue;
      EXPECT_TRUE(put_value(item, DcmTagKey(row.group, kBlock), EVR_LO, creator));
      put_bytes(item, row.in_block(kBlock), form == Form::Explicit ? row.vr : "UN",
                sample_of(row.vr));
    }
    return out;
  }
  static bool is_leaf(const PrivateRow& row) {
    return row.vr != "SQ" && row.vr != "-" && !row.vr.empty();
  }

  unsigned check_all(std::string_view profile, Form form) {
    const Deidentifier deidentifier(settings(profile), *map_);
    const bool keeps = profile == "dosimetry";
    const std::string syntax = form == Form::Implicit ? kImplicit : kExplicit;
    unsigned cases = 0;
    for (const auto& [creator, rows] : lists()) {
      for (const Place place : {Place::Top, Place::StandardSequence, Place::PrivateSequence}) {
        SCOPED_TRACE(creator + " place " + std::to_string(static_cast<int>(place)));
        const Verdict verdict =
            deidentifier.clean(with_rows(creator, rows, place, form).received(syntax));
        const auto out = output_of(verdict);
        if (!keeps && place == Place::PrivateSequence) {
          EXPECT_EQ(bytes_at(*out, kXelerisSequence), "-");
          ++cases;
          continue;
        }
        DcmItem& item = item_at(*out, place, false);
        const long offset = keeps ? days_moved("20250304", value(*out, DCM_StudyDate)) : 0;
        for (const auto& [where, row] : rows) {
          if (!is_leaf(row)) continue;
          SCOPED_TRACE(std::string(row.in_block(kBlock).toString().c_str()) + " " + row.vr + " " +
                       row.action);
          expect_row(row, bytes_at(item, row.in_block(kBlock)), keeps, offset);
          ++cases;
        }
      }
    }
    return cases;
  }
};

TEST_F(PrivateRows, InExplicitVrAreKeptMovedMappedOrRemovedAsTheListsSay) {
  EXPECT_GT(check_all("dosimetry", Form::Explicit), 1500U);
}
TEST_F(PrivateRows, InImplicitVrAreKeptMovedMappedOrRemovedAsTheListsSay) {
  EXPECT_GT(check_all("dosimetry", Form::Implicit), 1500U);
}
TEST_F(PrivateRows, SentAsUnAreKeptMovedMappedOrRemovedAsTheListsSay) {
  EXPECT_GT(check_all("dosimetry", Form::Unknown), 1500U);
}
TEST_F(PrivateRows, AreAllRemovedByTheBasicProfile) {
  EXPECT_GT(check_all("basic", Form::Explicit), 1000U);
  EXPECT_GT(check_all("basic", Form::Implicit), 1000U);
  EXPECT_GT(check_all("basic", Form::Unknown), 1000U);
}

TEST_F(PrivateRows, SequencesAreEnteredWhereTheyAreListed) {
  unsigned cases = 0;
  for (const auto& [creator, rows] : lists()) {
    for (const auto& [where, row] : rows) {
      if (row.vr != "SQ") continue;
      for (const auto* syntax : {kExplicit, kImplicit}) {
        SCOPED_TRACE(creator + " " + row.in_block(kBlock).toString().c_str() + " " + syntax);
        const Verdict verdict =
            clean(ct_slice()
                      .with(DcmTagKey(row.group, kBlock), EVR_LO, creator)
                      .with_nested(row.in_block(kBlock), DCM_StudyDate, EVR_DA, "20250304"),
                  "dosimetry", syntax);
        const auto* cleaned = std::get_if<Cleaned>(&verdict);
        ASSERT_NE(cleaned, nullptr) << describe(verdict);
        EXPECT_FALSE(has_bytes(cleaned->instance, "20250304")) << "the date inside moves or goes";
        EXPECT_EQ(has_bytes(cleaned->instance, creator), row.action == "KP");
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 100U);
}

/// A marker of a person, as a name or a number, in everything that dosimetry.md calls identity.
TEST_F(PrivateRows, WhatIsListedForRemovalTakesItsValueAlong) {
  unsigned cases = 0;
  for (const auto& [creator, rows] : lists()) {
    for (const auto& [where, row] : rows) {
      if (row.action != "X" || row.vr == "SQ" || row.vr == "DS") continue;
      for (const char* vr : {row.vr.c_str(), "LO", "UN", "OB"}) {
        if (row.vr == "DA" && std::string_view(vr) != "DA") continue;
        const bool date = row.vr == "DA" || row.vr == "TM";
        const std::string marker = date ? sample_of(row.vr) : "HOSPITALMARKER99";
        DataSet source = ct_slice().with(DcmTagKey(row.group, kBlock), EVR_LO, creator);
        put_bytes(source.root(), row.in_block(kBlock), vr, marker);
        const Verdict verdict = clean(std::move(source));
        const auto* cleaned = std::get_if<Cleaned>(&verdict);
        ASSERT_NE(cleaned, nullptr) << describe(verdict);
        EXPECT_EQ(bytes_at(*output_of(verdict), row.in_block(kBlock)), "-")
            << creator << " " << row.in_block(kBlock).toString().c_str() << " " << vr;
        EXPECT_TRUE(date || !has_bytes(cleaned->instance, marker));
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 100U);
}

}  // namespace
}  // namespace dosigate::testing
