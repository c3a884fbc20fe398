#include "stow_client.h"

#include <random>

#include "dosigate/dicom/data_set.h"

namespace dosigate {
namespace {

constexpr std::size_t kLargestStoreAnswer = 1U << 20U;

/// Long enough that no data set contains it by chance: nobody looks for it in there beforehand.
std::string new_boundary() {
  std::random_device random;
  Bytes bits;
  for (int i = 0; i < 16; ++i) bits.push_back(static_cast<Byte>(random()));
  return "dosigate-" + to_hex(bits);
}

}  // namespace

Result<void> StowClient::connect() {
  if (link_ && (!link_->usable() || link_->is_stale())) link_.reset();
  if (link_) return {};
  auto opened = HttpLink::open(to_);
  if (!opened) return opened.error();
  link_ = std::move(*opened);
  return {};
}

Result<StowVerdict> StowClient::store(const Item& item, const HttpLink::Source& source,
                                      const Pace* pace) {
  const std::string boundary = new_boundary();
  // Without the parameter transfer-syntax, which Orthanc takes for another media type: the file
  // itself says it.
  const std::string before = "--" + boundary + "\r\nContent-Type: application/dicom\r\n\r\n";
  const std::string after = "\r\n--" + boundary + "--\r\n";
  const Bytes meta =
      part10_header(item.sop_class_uid, item.sop_instance_uid, item.transfer_syntax_uid);
  HttpLink::Request request;
  request.method = "POST";
  request.target = "/studies";
  request.headers =
      "Content-Type: multipart/related; type=\"application/dicom\"; boundary=" + boundary + "\r\n";
  request.content_length = before.size() + meta.size() + item.data_set_bytes + after.size();
  request.most_answer = kLargestStoreAnswer;
  request.body = [&](const HttpLink::Sink& sink) -> Result<void> {
    if (!sink(as_bytes(before)) || !sink(meta)) return {};
    bool going_on = true;
    auto given = source([&](ByteView bytes) { return going_on = sink(bytes); });
    if (!given) return given;
    if (going_on) (void)sink(as_bytes(after));
    return {};
  };

  auto answer = link_->exchange(request, pace);
  if (!answer && link_->ended_while_idle()) {
    link_.reset();
    if (auto again = connect(); !again) return again.error();
    answer = link_->exchange(request, pace);
  }
  if (!link_->usable()) link_.reset();
  if (!answer) return answer.error();
  return judge_stow_answer(*answer, item.sop_instance_uid, to_.stow);
}

}  // namespace dosigate
