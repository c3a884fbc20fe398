#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Puts files into the body of an answer, one after the other. Throws what the sink throws.
class AnswerShape {
 public:
  using Sink = std::function<void(ByteView)>;
  virtual ~AnswerShape() = default;
  virtual std::string content_type() const = 0;
  /// @param name  below the root of an archive: pseudonymous.
  /// @param size  of all that is then written.
  virtual void file(const std::string& name, std::string_view media_type, std::uint64_t size) = 0;
  virtual void write(ByteView bytes) = 0;
  /// After the last file.
  virtual void end() = 0;
};

/// multipart/related of application/dicom (PS3.18 8.7.1).
std::unique_ptr<AnswerShape> multipart_answer(AnswerShape::Sink sink);
/// A ZIP archive, not compressed.
std::unique_ptr<AnswerShape> zip_answer(AnswerShape::Sink sink);

}  // namespace dosigate
