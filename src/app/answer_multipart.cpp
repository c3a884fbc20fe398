#include "answer_shape.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

class MultipartAnswer final : public AnswerShape {
 public:
  explicit MultipartAnswer(Sink sink)
      : sink_(std::move(sink)), boundary_("dosigate-" + to_hex(random_id())) {}
  std::string content_type() const override {
    return "multipart/related; type=\"application/dicom\"; boundary=" + boundary_;
  }
  void file(const std::string& /*name*/, std::string_view media_type, std::uint64_t size) override {
    say(std::string(begun_ ? "\r\n" : "") + "--" + boundary_ + "\r\nContent-Type: " +
        std::string(media_type) + "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    begun_ = true;
  }
  void write(ByteView bytes) override { sink_(bytes); }
  void end() override { say(std::string(begun_ ? "\r\n" : "") + "--" + boundary_ + "--\r\n"); }

 private:
  void say(const std::string& text) { sink_(as_bytes(text)); }
  const Sink sink_;
  const std::string boundary_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<AnswerShape> multipart_answer(AnswerShape::Sink sink) {
  return std::make_unique<MultipartAnswer>(std::move(sink));
}

}  // namespace dosigate
