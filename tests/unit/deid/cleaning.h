#pragma once

#include <gtest/gtest.h>

#include "dosigate/deid/deidentifier.h"
#include "dosigate/dicom/data_set.h"
#include "support/data_sets.h"
#include "unit/identity/map_fixture.h"

namespace dosigate::testing {

/// A map on disk and Deidentifiers over it.
class Cleaning : public ::testing::Test {
 protected:
  Cleaning() : map_(node_.open()) {
    const auto declared = map_->declare_site(site_a());
    if (!declared) throw std::runtime_error(declared.error().detail);
  }

  Deidentifier::Settings settings(std::string_view profile) const {
    auto loaded = Profile::load({}, profile);
    if (!loaded) throw std::runtime_error(loaded.error().detail);
    return {std::move(*loaded), site_a(), {}, "", 64U << 20U};
  }
  /// The built-in profile and further rules of a site.
  Deidentifier::Settings settings_with(std::string_view options, std::string_view rules) const {
    auto parsed =
        Profile::parse("name = \"test\"\nversion = \"1\"\nedition = \"2026d\"\n[options]\n" +
                           std::string(options) + "\n" + std::string(rules),
                       "test.toml");
    if (!parsed) throw std::runtime_error(parsed.error().detail);
    return {std::move(*parsed), site_a(), {}, "", 64U << 20U};
  }
  Verdict clean(DataSet&& data, Deidentifier::Settings with,
                std::string_view syntax = "1.2.840.10008.1.2.1") {
    return Deidentifier(std::move(with), *map_).clean(data.received(syntax));
  }
  Verdict clean(DataSet&& data, std::string_view profile = "dosimetry",
                std::string_view syntax = "1.2.840.10008.1.2.1") {
    return clean(std::move(data), settings(profile), syntax);
  }

  Node node_{false};
  std::unique_ptr<PseudonymMap> map_;
};

inline std::string describe(const Verdict& verdict) {
  if (const auto* held = std::get_if<Held>(&verdict))
    return "held: " + std::string(hold_reason_text(held->reason)) + ": " + held->detail;
  if (const auto* refused = std::get_if<Refused>(&verdict)) return "refused: " + refused->detail;
  if (const auto* dropped = std::get_if<Dropped>(&verdict)) return "dropped: " + dropped->rule;
  return "cleaned";
}
inline std::optional<HoldReason> hold_of(const Verdict& verdict) {
  const auto* held = std::get_if<Held>(&verdict);
  return held == nullptr ? std::nullopt : std::optional(held->reason);
}

inline Bytes all_bytes(const CleanInstance& instance) {
  Bytes out(instance.header().begin(), instance.header().end());
  out.insert(out.end(), instance.body().begin(), instance.body().end());
  out.insert(out.end(), instance.trailer().begin(), instance.trailer().end());
  return out;
}
inline bool has_bytes(const CleanInstance& instance, std::string_view text) {
  return as_text(all_bytes(instance)).find(text) != std::string_view::npos;
}

/// The output parsed again. Fails the test when the verdict is another.
inline std::unique_ptr<DcmDataset> output_of(const Verdict& verdict) {
  const auto* cleaned = std::get_if<Cleaned>(&verdict);
  if (cleaned == nullptr) {
    ADD_FAILURE() << describe(verdict);
    return std::make_unique<DcmDataset>();
  }
  auto parsed = parse_data_set(all_bytes(cleaned->instance),
                               *find_transfer_syntax(cleaned->instance.transfer_syntax_uid()));
  if (!parsed) {
    ADD_FAILURE() << parsed.error().detail;
    return std::make_unique<DcmDataset>();
  }
  return std::move(*parsed);
}

/// All values of an element anywhere, "-" when it is not there.
inline std::string value(DcmItem& item, const DcmTagKey& tag) {
  DcmStack found;
  if (item.search(tag, found, ESM_fromHere, OFTrue).bad()) return "-";
  OFString text;
  static_cast<DcmElement*>(found.top())->getOFStringArray(text);
  std::string out(text.data(), text.size());
  while (!out.empty() && (out.back() == ' ' || out.back() == '\0')) out.pop_back();
  return out;
}

/// Whole days between a date of the output and of the source.
inline long days_moved(std::string_view before, std::string_view after) {
  const auto day = [](std::string_view text) {
    return std::chrono::sys_days(std::chrono::year(std::stoi(std::string(text.substr(0, 4)))) /
                                 std::stoi(std::string(text.substr(4, 2))) /
                                 std::stoi(std::string(text.substr(6, 2))));
  };
  return (day(after) - day(before)).count();
}

}  // namespace dosigate::testing
