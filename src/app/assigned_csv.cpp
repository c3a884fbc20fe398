#include "assigned_csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "csv.h"

namespace dosigate {
namespace {

enum Column : std::size_t { kSite, kPatientId, kIssuer, kPseudonym, kOffset, kColumns };
constexpr std::array<std::string_view, kColumns> kNames{"site", "patient_id", "issuer", "pseudonym",
                                                        "offset_days"};
constexpr std::size_t kMostComplaints = 10;

/// Where each column stands; those that are missing have no place.
using Places = std::array<std::optional<std::size_t>, kColumns>;

Result<Places> places_of(const std::vector<std::string>& header) {
  Places out;
  for (std::size_t at = 0; at < header.size(); ++at) {
    const auto name = std::find(kNames.begin(), kNames.end(), header[at]);
    if (name == kNames.end())
      return fail(Fault::Invalid, "the header: column " + std::to_string(at + 1) +
                                      " has a name that is none of site, patient_id, issuer, "
                                      "pseudonym, offset_days: the file begins with a header row");
    auto& place = out[static_cast<std::size_t>(name - kNames.begin())];
    if (place)
      return fail(Fault::Invalid, "the header: the column " + header[at] + " stands twice");
    place = at;
  }
  for (const Column needed : {kSite, kPatientId, kPseudonym})
    if (!out[needed])
      return fail(Fault::Invalid,
                  "the header: the column " + std::string(kNames[needed]) + " is missing");
  return out;
}

/// RFC 3629: what the map and JSON would choke on is said with its row.
bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80U                    ? 1
                             : lead >= 0xC2U && lead < 0xE0U ? 2
                             : lead >= 0xE0U && lead < 0xF0U ? 3
                             : lead >= 0xF0U && lead < 0xF5U ? 4
                                                             : 0;
    if (size == 0 || text.size() - at < size) return false;
    for (std::size_t i = 1; i < size; ++i)
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) return false;
    const auto second = size > 1 ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if ((lead == 0xE0U && second < 0xA0U) || (lead == 0xEDU && second > 0x9FU) ||
        (lead == 0xF0U && second < 0x90U) || (lead == 0xF4U && second > 0x8FU))
      return false;
    at += size;
  }
  return true;
}

/// Empty when the row can be one of the map's.
std::string wrong_with(const std::vector<std::string>& fields, std::size_t columns,
                       const Places& places, PseudonymMap::Assigned& out) {
  if (fields.size() != columns)
    return "has " + std::to_string(fields.size()) + " fields where the header has " +
           std::to_string(columns);
  if (!std::all_of(fields.begin(), fields.end(), is_utf8)) return "is not UTF-8";
  const auto text = [&](Column column) {
    return places[column] ? fields[*places[column]] : std::string();
  };
  out.site_code = text(kSite);
  out.patient_id = Phi(text(kPatientId));
  out.issuer = Phi(text(kIssuer));
  out.pseudonym = text(kPseudonym);
  if (out.site_code.empty()) return "has no site";
  if (out.patient_id.empty()) return "has no patient_id";
  if (out.pseudonym.empty()) return "has no pseudonym";
  if (const std::string offset = text(kOffset); !offset.empty()) {
    std::int64_t days = 0;
    const auto [end, failed] = std::from_chars(offset.data(), offset.data() + offset.size(), days);
    if (failed != std::errc{} || end != offset.data() + offset.size() || days >= 0)
      return "has an offset_days that is no negative whole number";
    out.offset_days = days;
  }
  return {};
}

}  // namespace

std::string assigned_header() {
  return csv_row(std::vector<std::string>(kNames.begin(), kNames.end()));
}

std::string assigned_row(const PseudonymMap::Assigned& assigned) {
  return csv_row({assigned.site_code, assigned.patient_id.reveal(), assigned.issuer.reveal(),
                  assigned.pseudonym,
                  assigned.offset_days ? std::to_string(*assigned.offset_days) : ""});
}

Result<std::vector<PseudonymMap::Assigned>> read_assigned(std::string_view csv) {
  CsvReader reader(csv);
  std::vector<std::string> fields;
  const auto header = reader.next(fields);
  if (!header) return fail(Fault::Invalid, "the header: " + header.error().detail);
  if (!*header) return fail(Fault::Invalid, "the file is empty: it begins with a header row");
  const std::size_t columns = fields.size();
  const auto places = places_of(fields);
  if (!places) return places.error();

  std::vector<PseudonymMap::Assigned> out;
  std::string complaints;
  std::size_t wrong_rows = 0;
  for (;;) {
    const auto more = reader.next(fields);
    if (!more)
      return fail(Fault::Invalid,
                  "row " + std::to_string(out.size() + 1) + ": " + more.error().detail);
    if (!*more) break;
    out.emplace_back();
    const std::string wrong = wrong_with(fields, columns, *places, out.back());
    if (wrong.empty()) continue;
    if (++wrong_rows <= kMostComplaints)
      complaints +=
          (complaints.empty() ? "" : "; ") + ("row " + std::to_string(out.size())) + " " + wrong;
  }
  if (wrong_rows > kMostComplaints)
    complaints += "; and " + std::to_string(wrong_rows - kMostComplaints) + " more";
  if (wrong_rows > 0) return fail(Fault::Invalid, complaints);
  return out;
}

}  // namespace dosigate
