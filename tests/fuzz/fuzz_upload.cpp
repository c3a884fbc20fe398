// The files of a request: multipart bodies and ZIP archives, whole and cut anywhere, and what
// stands before a data set.

#include <algorithm>

#include "app/part10_meta.h"
#include "app/upload.h"
#include "fuzz/fuzz.h"

namespace {

class Body final : public dosigate::RequestBody {
 public:
  Body(dosigate::ByteView bytes, std::size_t piece) : left_(bytes), piece_(piece) {}
  std::size_t read(std::span<dosigate::Byte> into) override {
    const std::size_t count = std::min({piece_, into.size(), left_.size()});
    std::copy_n(left_.begin(), count, into.begin());
    left_ = left_.subspan(count);
    return count;
  }

 private:
  dosigate::ByteView left_;
  const std::size_t piece_;
};

/// Sizes of the files, and whether the upload was broken.
std::pair<std::vector<std::size_t>, bool> files_of(dosigate::Upload& upload, std::size_t room) {
  std::vector<std::size_t> out;
  dosigate::Bytes into(room);
  for (;;) {
    const auto another = upload.next();
    if (!another) return {out, true};
    if (!*another) return {out, false};
    out.push_back(0);
    for (;;) {
      const auto got = upload.read(into);
      if (!got) return {out, true};
      must(*got <= into.size());
      if (*got == 0) break;
      out.back() += *got;
    }
  }
}

constexpr dosigate::UploadLimits kLimits{4U << 20U, 200, 50};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = data[1] + 1U;
  const dosigate::ByteView bytes(data + 2, size - 2);
  if (data[0] % 3 == 0) {
    Body body(bytes, piece);
    (void)files_of(*dosigate::zip_upload(body, kLimits), 4096);
  } else if (data[0] % 3 == 1) {
    Body cut(bytes, piece), whole(bytes, 1U << 20U);
    const auto in_pieces =
        files_of(**dosigate::multipart_upload(cut, "m/r; boundary=b", kLimits), 7);
    const auto at_once =
        files_of(**dosigate::multipart_upload(whole, "m/r; boundary=b", kLimits), 4096);
    must(in_pieces.second == at_once.second);
    must(in_pieces.second || in_pieces.first == at_once.first);
  } else {
    if (dosigate::has_part10_prefix(bytes)) (void)dosigate::holds_part10_meta(bytes);
    const auto meta = dosigate::read_part10_meta(bytes, 0);
    if (meta) must(meta->end <= bytes.size());
    const std::string_view text = dosigate::as_text(bytes);
    (void)dosigate::media_type(text);
    (void)dosigate::media_parameter(text, "boundary");
  }
  return 0;
}
