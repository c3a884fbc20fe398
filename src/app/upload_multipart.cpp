#include <algorithm>
#include <cstring>

#include "upload.h"

namespace dosigate {
namespace {

constexpr std::size_t kBuffer = 256U << 10U;
constexpr std::size_t kLargestPartHead = 16U << 10U;
constexpr std::size_t kLongestBoundary = 200;  ///< RFC 2046 allows 70, Orthanc sends 73

/// The parts of a multipart body. What is read lies in a window of fixed size; a delimiter that the
/// end of the window cuts stays there until the rest has come.
class MultipartUpload final : public Upload {
 public:
  MultipartUpload(RequestBody& body, const std::string& boundary, const UploadLimits& limits)
      : body_(body), limits_(limits), delimiter_("\r\n--" + boundary), window_(kBuffer) {
    // The first delimiter may stand at the very beginning, without its line break.
    add("\r\n");
  }

  Result<bool> next() override {
    if (last_) return false;
    // What comes before the first delimiter is read over like the rest of a part.
    Bytes waste(64U << 10U);
    for (;;) {
      const auto skipped = read(waste);
      if (!skipped) return skipped.error();
      if (*skipped == 0) break;
    }
    auto another = begin_part();
    if (!another || !*another) return another;
    if (++files_ > limits_.max_files)
      return fail(Fault::Busy, "the request has more parts than [http] max_parts allows");
    return true;
  }

  Result<std::size_t> read(std::span<Byte> into) override {
    for (;;) {
      if (at_delimiter_) return std::size_t{0};
      const ByteView seen = ahead();
      const auto found =
          std::search(seen.begin(), seen.end(), delimiter_.begin(), delimiter_.end(),
                      [](Byte byte, char c) { return byte == static_cast<Byte>(c); });
      // Of what may be the beginning of a delimiter nothing is given away.
      const std::size_t sure = found != seen.end() ? static_cast<std::size_t>(found - seen.begin())
                               : seen.size() >= delimiter_.size()
                                   ? seen.size() - delimiter_.size() + 1
                                   : 0;
      if (sure > 0) {
        const std::size_t count = std::min(sure, into.size());
        std::copy_n(seen.begin(), count, into.begin());
        begin_ += count;
        return count;
      }
      if (found != seen.end()) {
        begin_ += delimiter_.size();
        at_delimiter_ = true;
        return std::size_t{0};
      }
      if (!fill()) return cut_off();
    }
  }

 private:
  static Error cut_off() {
    return fail(Fault::NotDicom, "the multipart body ends before its closing boundary");
  }
  ByteView ahead() const { return ByteView(window_).subspan(begin_, end_ - begin_); }
  void add(std::string_view text) {
    std::copy_n(text.begin(), text.size(), window_.begin() + static_cast<std::ptrdiff_t>(end_));
    end_ += text.size();
  }
  /// False at the end of the body.
  bool fill() {
    if (begin_ > 0) {
      std::memmove(window_.data(), window_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    const std::size_t got = body_.read(std::span(window_).subspan(end_));
    end_ += got;
    return got > 0;
  }

  /// Behind a delimiter: the end, or the head of a part, which is read over: a file is judged by
  /// what it holds.
  Result<bool> begin_part() {
    while (ahead().size() < 2)
      if (!fill()) return cut_off();
    if (as_text(ahead().first(2)) == "--") {
      last_ = true;
      return false;
    }
    for (;;) {
      // The line of the delimiter may end in blanks; an empty head follows it at once.
      const std::string_view text = as_text(ahead());
      const auto end = text.find("\r\n\r\n");
      if (end != std::string_view::npos && end <= kLargestPartHead) {
        begin_ += end + 4;
        at_delimiter_ = false;
        return true;
      }
      if (text.size() > kLargestPartHead)
        return fail(Fault::NotDicom, "a part of the multipart body has no end of its headers");
      if (!fill()) return cut_off();
    }
  }

  RequestBody& body_;
  const UploadLimits limits_;
  const std::string delimiter_;
  Bytes window_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_delimiter_ = false, last_ = false;
  unsigned files_ = 0;
};

}  // namespace

Result<std::unique_ptr<Upload>> multipart_upload(RequestBody& body, std::string_view content_type,
                                                 const UploadLimits& limits) {
  const std::string boundary = media_parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kLongestBoundary)
    return fail(Fault::Invalid, "the content type names no boundary of 1 to 200 characters");
  return std::make_unique<MultipartUpload>(body, boundary, limits);
}

}  // namespace dosigate
