#include "wire/custody.h"

#include <sstream>
#include <stdexcept>

#include "dosigate/base/bytes.h"
#include "dosigate/crypto/hash.h"
#include "support/phantom_compare.h"

namespace dosigate::testing {
namespace {

std::string key_of(DcmDataset& data) {
  const std::string pixels = pixels_of(data);
  const Digest digest = sha256({reinterpret_cast<const Byte*>(pixels.data()), pixels.size()});
  return match_key(data) + to_hex(digest);
}

/// The first three pixels say the number: the phantom's reconstructed images are equal in every
/// study.
void stamp(DcmDataset& data, std::uint32_t number) {
  DcmElement* pixels = nullptr;
  Uint16* values = nullptr;
  if (data.findAndGetElement(DCM_PixelData, pixels).bad() || pixels->getUint16Array(values).bad() ||
      pixels->getLength() < 6 || number >= 1U << 24U)
    throw std::logic_error("an instance cannot be stamped");
  for (unsigned i = 0; i < 3; ++i) values[i] = static_cast<Uint16>((number >> (8 * i)) & 0xFFU);
}

/// The value behind "Name   : value" when the line has that name.
std::string value_after(const std::string& line, const std::string& name) {
  const auto at = line.find(name);
  const auto colon = at == std::string::npos ? at : line.find(": ", at);
  return colon == std::string::npos ? "" : line.substr(colon + 2);
}

}  // namespace

std::vector<std::string> acknowledged_uids(const std::string& debug_log) {
  std::vector<std::string> out;
  std::map<std::string, std::string> uid_of;  // by message id
  std::string message;
  bool request = false, response = false;
  std::istringstream lines(debug_log);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("= OUTGOING DIMSE MESSAGE =") != std::string::npos) {
      request = true;
      response = false;
    } else if (line.find("= INCOMING DIMSE MESSAGE =") != std::string::npos) {
      request = false;
      response = true;
    } else if (line.find("= END DIMSE MESSAGE =") != std::string::npos) {
      request = response = false;
    } else if (auto being = value_after(line, "Message ID Being Responded To"); !being.empty()) {
      message = being;
    } else if (auto id = value_after(line, "Message ID "); request && !id.empty()) {
      message = id;
    } else if (auto uid = value_after(line, "Affected SOP Instance UID"); request && !uid.empty()) {
      uid_of[message] = uid;
    } else if (auto status = value_after(line, "DIMSE Status"); response && !status.empty()) {
      if (status.starts_with("0x0000")) out.push_back(uid_of.at(message));
    }
  }
  return out;
}

void CustodyBook::sent(const Phantom& phantom, Person person) {
  for (const PhantomFile& file : phantom.files) {
    LoadedFile loaded;
    if (loaded.format.loadFile(file.path.c_str()).bad())
      throw std::runtime_error("cannot read " + file.path.string());
    stamp(loaded.data(), ++stamped_);
    if (loaded.format.saveFile(file.path.c_str(), loaded.data().getOriginalXfer()).bad())
      throw std::runtime_error("cannot write " + file.path.string());
    const std::string key = key_of(loaded.data());
    const auto [entry, fresh] = by_key_.try_emplace(key, Instance{file.sop_instance_uid, person});
    if (!fresh && entry->second.uid != file.sop_instance_uid)
      throw std::logic_error("two instances look alike: " + file.path.string());
    key_of_[file.sop_instance_uid] = key;
  }
}

void CustodyBook::acknowledged(const std::vector<std::string>& uids) {
  for (const std::string& uid : uids) {
    ++answers_;
    if (held_.contains(uid)) continue;
    if (!key_of_.contains(uid)) throw std::logic_error("acknowledged and never sent: " + uid);
    acknowledged_.insert(uid);
  }
}

bool ArchiveCensus::look_at(const std::filesystem::path& file) {
  DcmFileFormat format;
  if (format.loadFile(file.c_str()).bad()) {
    odd_[file] = "cannot be read to its end";
    return false;
  }
  const auto found = book_.by_key_.find(key_of(*format.getDataset()));
  if (found == book_.by_key_.end()) {
    odd_[file] = "holds pixels or keys that nobody sent";
    return false;
  }
  odd_.erase(file);
  arrived_.insert(found->second.uid);
  pseudonyms_[found->second.person].insert(value_of(*format.getDataset(), DCM_PatientID));
  return true;
}

std::vector<std::string> ArchiveCensus::faults() const {
  std::vector<std::string> out;
  for (const std::string& uid : book_.acknowledged_)
    if (!arrived_.contains(uid)) out.push_back("acknowledged and lost: " + uid);
  for (const auto& [file, why] : odd_) out.push_back(file.string() + " " + why);
  std::set<std::string> taken;
  for (const auto& [person, names] : pseudonyms_) {
    if (names.size() != 1)
      out.push_back("person " + std::to_string(person) + " has " + std::to_string(names.size()) +
                    " pseudonyms");
    for (const std::string& name : names)
      if (!taken.insert(name).second) out.push_back("two persons are " + name);
  }
  return out;
}

}  // namespace dosigate::testing
