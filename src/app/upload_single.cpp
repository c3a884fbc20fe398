#include "upload.h"

namespace dosigate {
namespace {

class Single final : public Upload {
 public:
  explicit Single(RequestBody& body) : body_(body) {}
  Result<bool> next() override {
    const bool first = !begun_;
    begun_ = true;
    return first;
  }
  Result<std::size_t> read(std::span<Byte> into) override { return body_.read(into); }

 private:
  RequestBody& body_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Upload> single_upload(RequestBody& body) { return std::make_unique<Single>(body); }

}  // namespace dosigate
