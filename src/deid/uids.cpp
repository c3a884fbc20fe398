#include "uids.h"

#include "dosigate/dicom/sop_class.h"
#include "values.h"

namespace dosigate {

namespace {
constexpr std::size_t kLongestUid = 64;
const std::string kNone;
}  // namespace

void UidMapper::go_out_as(std::string_view original, std::string mapped) {
  const auto place =
      instances_.insert_or_assign(std::string(trimmed(original)), std::move(mapped)).first;
  order_.push_back(&*place);
}

void UidMapper::remember(std::string_view original, std::string mapped) {
  if (!mapped.empty()) further_.emplace_back(original, std::move(mapped));
}

const std::string& UidMapper::map_instance(std::string_view original) {
  original = trimmed(original);
  if (original.empty() || original.size() > kLongestUid) return kNone;
  const auto [place, is_new] = instances_.try_emplace(std::string(original));
  if (is_new) {
    place->second =
        retain_ ? std::string(original) : map_uid(*subject_.salt, subject_.uid_revision, original);
    if (!retain_) order_.push_back(&*place);
  }
  return place->second;
}

const std::string& UidMapper::map_device(std::string_view original) {
  original = trimmed(original);
  if (original.empty() || original.size() > kLongestUid) return kNone;
  const auto [place, is_new] = devices_.try_emplace(std::string(original));
  if (is_new)
    place->second = retain_ ? std::string(original) : map_uid(*subject_.site_salt, 0, original);
  return place->second;
}

std::string UidMapper::map_values(std::string_view values, bool device) {
  std::string out;
  bool first = true;
  for_each_value(values, [&](std::string_view value) {
    if (!first) out += '\\';
    first = false;
    value = trimmed(value);
    if (is_well_known_uid(value))
      out += value;
    else
      out += device ? map_device(value) : map_instance(value);
  });
  return out;
}

bool UidMapper::is_original(std::string_view uid) const {
  const std::string key(uid);
  return instances_.contains(key) || devices_.contains(key);
}

std::vector<UidPair> UidMapper::pairs() const {
  std::vector<UidPair> out;
  out.reserve(order_.size() + further_.size());
  for (const auto* pair : order_) out.push_back({Phi(pair->first), pair->second});
  for (const auto& [original, mapped] : further_) out.push_back({Phi(original), mapped});
  return out;
}

}  // namespace dosigate
