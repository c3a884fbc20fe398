#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dosigate/api/http.h"

namespace dosigate {

/// What one request may bring.
struct UploadLimits {
  std::uint64_t max_unpacked_bytes;  ///< of all files of a ZIP archive
  unsigned max_ratio;                ///< of unpacked to packed bytes, beyond the first GiB
  unsigned max_files;
};

/// The files that a request brings, one after the other, as they arrive; nothing of them is kept.
/// Errors are of the request as a whole: NotDicom, it is broken; Busy, it is larger than it may be.
/// What RequestBody::read throws passes through. Thread: one.
class Upload {
 public:
  virtual ~Upload() = default;
  /// Goes to the next file, past what is left of the present one. False: there is none.
  virtual Result<bool> next() = 0;
  /// At least one byte of the present file; 0 at its end.
  virtual Result<std::size_t> read(std::span<Byte> into) = 0;
};

/// The body itself is the one file.
std::unique_ptr<Upload> single_upload(RequestBody& body);
/// multipart (RFC 2046 5.1), each part a file. Invalid: the content type names no boundary.
Result<std::unique_ptr<Upload>> multipart_upload(RequestBody& body, std::string_view content_type,
                                                 const UploadLimits& limits);
/// A ZIP archive, read without seeking, so that nothing of it has to lie anywhere. Folders and
/// links are left out; archives within it are files like others.
std::unique_ptr<Upload> zip_upload(RequestBody& body, const UploadLimits& limits);

/// "application/dicom" of "Application/DICOM; x=y".
std::string media_type(std::string_view content_type);
/// The value of a parameter of a content type, unquoted; empty when it has none.
std::string media_parameter(std::string_view content_type, std::string_view name);

}  // namespace dosigate
