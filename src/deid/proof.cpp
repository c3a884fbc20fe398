#include "proof.h"

#include "dosigate/deid/dates.h"
#include "dosigate/dicom/data_set.h"
#include "dosimetry_inputs.h"
#include "items.h"

#include <algorithm>
#include <cstring>

namespace dosigate {

namespace {

bool is_temporal(DcmEVR vr) { return vr == EVR_DA || vr == EVR_DT || vr == EVR_TM; }

/// Year, month and day by counting, apart from the arithmetic of dates.cpp that is being proved.
long day_number(std::string_view digits) {
  const auto number = [&](std::size_t at, std::size_t count) {
    long value = 0;
    for (const char c : digits.substr(at, count)) value = value * 10 + (c - '0');
    return value;
  };
  const long month = number(4, 2), year = number(0, 4) - (month <= 2 ? 1 : 0);
  const long era = year / 400, year_of_era = year % 400;
  const long day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + number(6, 2) - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
}

bool has_whole_date(std::string_view value) {
  return value.size() >= 8 &&
         std::all_of(value.begin(), value.begin() + 8, [](char c) { return c >= '0' && c <= '9'; });
}

/// One value of DA or DT.
bool moved_exactly(std::string_view before, std::string_view after, std::chrono::days offset) {
  std::string plain_before(before), plain_after(after);
  if (before.size() == 10 && before[4] == '.') {  // legacy DA
    std::erase(plain_before, '.');
    std::erase(plain_after, '.');
  }
  if (!has_whole_date(plain_before) || !has_whole_date(plain_after)) return false;
  if (is_sentinel_date(std::string_view(plain_before).substr(0, 8))) return after == before;
  return day_number(plain_after) - day_number(plain_before) == offset.count() &&
         std::string_view(plain_before).substr(8) == std::string_view(plain_after).substr(8);
}

/// What is no date is emptied, a sentinel stays; a partial one moves by its own precision.
bool shifted_rightly(std::string_view before, std::string_view after, DcmEVR vr,
                     std::chrono::days offset) {
  const auto expected = vr == EVR_DA ? shift_date(before, offset) : shift_date_time(before, offset);
  if (!expected) return after.empty();
  if (before.size() >= 8)
    return expected->empty() ? after.empty() : moved_exactly(before, after, offset);
  return after == *expected;
}

std::vector<std::string_view> values_of(std::string_view text) {
  std::vector<std::string_view> out;
  for_each_value(text, [&](std::string_view value) { out.push_back(trimmed(value)); });
  return out;
}

bool all_shifted(std::string_view before, std::string_view after, DcmEVR vr,
                 std::chrono::days offset) {
  const auto from = values_of(before), to = values_of(after);
  if (from.size() != to.size()) return false;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!shifted_rightly(from[i], to[i], vr, offset)) return false;
  }
  return true;
}

std::uint64_t step(std::uint64_t path, std::uint64_t value) {
  path = (path ^ value) * 0x9E3779B97F4A7C15ULL;
  return path ^ (path >> 29U);
}

constexpr std::uint64_t kRoot = 0xCBF29CE484222325ULL;

}  // namespace

Proof::Proof(DcmItem& source, const Rules& rules) : rules_(rules) { remember(source, kRoot, true); }

void Proof::remember(DcmItem& item, std::uint64_t path, bool in_dosimetry) {
  for_each_element(item, [&](DcmElement& element) {
    const DcmTagKey key = element.getTag();
    const std::uint32_t tag = tag_number(key);
    const std::uint64_t here = step(path, tag);
    if (is_sequence(element)) {
      // An input counts where dosimetry looks for it; the weight in a removed request says nothing.
      const bool inner = in_dosimetry && is_input_sequence(tag);
      std::uint64_t number = 0;
      for_each_item(static_cast<DcmSequenceOfItems&>(element),
                    [&](DcmItem& each) { remember(each, step(here, ++number), inner); });
      return;
    }
    const bool temporal = is_temporal(element.getVR());
    const Input input = in_dosimetry ? input_of(tag) : Input::None;
    const bool keeps_time =
        rules_.options().retain_long_modified_dates || rules_.options().retain_long_full_dates;
    const bool required =
        input == Input::Physics ||
        (input == Input::Characteristic && rules_.options().retain_patient_characteristics) ||
        (input == Input::Instant && keeps_time);
    if ((!temporal || !keeps_time) && !required) return;
    if (element.getLength() == 0) return;
    if (const auto bytes = value_bytes(element))
      before_[here] = {key, std::string(as_text(*bytes)), temporal, required};
  });
}

std::optional<Held> Proof::check(DcmItem& cleaned, std::chrono::days offset) const {
  const bool shifts = rules_.shifts_dates();
  const bool keeps_time = shifts || rules_.options().retain_long_full_dates;
  std::optional<DcmTagKey> wrong;
  std::size_t required_left = 0;
  for (const auto& [path, place] : before_) required_left += place.required ? 1 : 0;

  const auto judge = [&](DcmElement& element, std::uint64_t path) {
    const DcmEVR vr = element.getVR();
    const auto found = before_.find(path);
    if (found == before_.end()) {
      // A date that was not there before can only be one that nothing moved.
      if (keeps_time && (vr == EVR_DA || vr == EVR_DT) && element.getLength() != 0)
        wrong = element.getTag();
      return;
    }
    const Place& before = found->second;
    const auto bytes = value_bytes(element);
    const std::string_view after = bytes ? as_text(*bytes) : std::string_view();
    if (before.required) --required_left;
    if (!before.temporal || !keeps_time) {
      if (after != before.value) wrong = element.getTag();
    } else if (vr == EVR_TM) {
      if (fits_vr(EVR_TM, before.value)
              ? after != before.value && (before.required || !after.empty())
              : !after.empty())
        wrong = element.getTag();
    } else if (!before.required &&
               (after.empty() || after == kDummyDate || after == kDummyDateTime)) {
      return;  // taken out by a rule
    } else if (shifts                      ? !all_shifted(before.value, after, vr, offset)
               : fits_vr(vr, before.value) ? after != before.value
                                           : !after.empty()) {
      wrong = element.getTag();
    }
  };
  const auto walk = [&](auto& self, DcmItem& item, std::uint64_t path) -> void {
    for_each_element(item, [&](DcmElement& element) {
      if (wrong) return;
      const std::uint64_t here = step(path, tag_number(element.getTag()));
      if (!is_sequence(element)) return judge(element, here);
      std::uint64_t number = 0;
      for_each_item(static_cast<DcmSequenceOfItems&>(element),
                    [&](DcmItem& inner) { self(self, inner, step(here, ++number)); });
    });
  };
  walk(walk, cleaned, kRoot);
  if (wrong)
    return Held{HoldReason::Proof,
                tag_text(*wrong) + " is not what it was, or not moved by the patient's offset"};
  if (required_left != 0) {
    for (const auto& [path, place] : before_) {
      if (place.required && !cleaned.tagExistsWithValue(place.tag, OFTrue))
        return Held{HoldReason::Proof,
                    tag_text(place.tag) + " would be lost, and dosimetry needs it"};
    }
    return Held{HoldReason::Proof, "an input of dosimetry inside a sequence would be lost"};
  }
  return std::nullopt;
}

}  // namespace dosigate
