#include "approvals.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/seal.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostWaiting = 64;
constexpr std::size_t kIdDigits = 8;
constexpr std::string_view kPlace = "approvals";

json::object json_of(const Approvals::Request& request) {
  return {{"id", request.id},         {"path", request.path},   {"what", request.what},
          {"reason", request.reason}, {"actor", request.actor}, {"uid", request.uid},
          {"filed", request.filed},   {"until", request.until}, {"body", request.body}};
}

Approvals::Request request_of(const json::value& value) {
  const auto text = [&](const char* key) { return std::string(value.at(key).as_string()); };
  Approvals::Request out;
  out.id = text("id");
  out.path = text("path");
  out.what = text("what");
  out.reason = text("reason");
  out.actor = text("actor");
  out.uid = value.at("uid").to_number<unsigned>();
  out.filed = value.at("filed").to_number<std::int64_t>();
  out.until = value.at("until").to_number<std::int64_t>();
  out.body = value.at("body").as_object();
  return out;
}

Result<std::vector<Approvals::Request>> read(const std::filesystem::path& file,
                                             const Keyring& keys) {
  std::vector<Approvals::Request> out;
  if (!std::filesystem::exists(file)) return out;
  const auto plain = unseal(keys, Purpose::Identity, read_file(file), kPlace);
  if (!plain) return plain.error();
  const json::value all = json::parse(as_text(*plain));
  for (const json::value& one : all.as_array()) out.push_back(request_of(one));
  return out;
}

}  // namespace

Approvals::Approvals(std::filesystem::path file, const Keyring& keys, WallClock clock)
    : file_(std::move(file)), keys_(keys), clock_(std::move(clock)) {
  std::string why;
  try {
    auto before = read(file_, keys_);
    if (before)
      requests_ = std::move(*before);
    else
      why = before.error().detail;
  } catch (const std::exception& broken) {
    why = broken.what();
  }
  if (!why.empty())
    spdlog::error(
        "requests that waited for a second person are lost, ask anew file={} error=\"{}\"",
        file_.string(), why);
}

Result<Approvals::Request> Approvals::file(Request request, std::chrono::hours patience) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  if (requests_.size() >= kMostWaiting)
    return fail(Fault::Busy,
                "64 requests wait for a second person already: see `dosigate approvals`");
  do {
    request.id = to_hex(random_id()).substr(0, kIdDigits);
  } while (std::ranges::any_of(requests_, [&](const auto& one) { return one.id == request.id; }));
  request.filed = to_unix(clock_());
  request.until = request.filed + std::chrono::seconds(patience).count();
  requests_.push_back(request);
  try {
    write();
  } catch (...) {
    requests_.pop_back();
    throw;
  }
  return request;
}

std::vector<Approvals::Request> Approvals::waiting() {
  const std::lock_guard lock(mutex_);
  drop_expired();
  return requests_;
}

Result<Approvals::Request> Approvals::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  const auto found = std::ranges::find(requests_, id, &Request::id);
  if (found == requests_.end())
    return fail(Fault::NotFound,
                "no request of this id waits for a second person: see `dosigate approvals`; its "
                "time may be over, and it has to be asked for again");
  return *found;
}

void Approvals::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(requests_, [&](const Request& one) { return one.id == id; });
  write();
}

void Approvals::seal_anew() {
  const std::lock_guard lock(mutex_);
  drop_expired();
  write();
}

void Approvals::drop_expired() {
  const std::int64_t now = to_unix(clock_());
  // One that was filed in what is now the future came from a clock that was wrong.
  const auto gone = std::erase_if(
      requests_, [&](const Request& one) { return one.until <= now || one.filed > now + 300; });
  if (gone > 0) write();
}

void Approvals::write() const {
  if (requests_.empty()) {
    if (std::filesystem::remove(file_)) sync_directory(file_.parent_path());
    return;
  }
  json::array all;
  for (const Request& one : requests_) all.emplace_back(json_of(one));
  const std::string text = json::serialize(all);
  replace_file(file_, seal(keys_, Purpose::Identity, as_bytes(text), kPlace));
}

}  // namespace dosigate
