#pragma once

#include <memory>
#include <string>
#include <variant>

#include "dosigate/deid/deidentifier.h"
#include "dosigate/receive/intake.h"
#include "upload.h"

namespace dosigate {

/// A file of a request that is an instance, held like one that came by C-STORE.
struct UploadedInstance {
  std::unique_ptr<Intake> share;  ///< of the memory budget, given back with it
  Intake::Arrived arrived;        ///< nothing in `refused`
};
/// Of a file that is none, so that nothing in it could be cleaned.
struct NotAnInstance {
  std::string why;  ///< a few words, the same for every file of its kind
};
using UploadedFile = std::variant<UploadedInstance, NotAnInstance, Refused>;

/// Reads the present file of an upload: a Part 10 file (PS3.10 7.1) with its preamble, as it
/// arrives. What is wrong with the file alone is Refused, and the next one can be read; an error is
/// of the whole request.
/// @param origin  of the instance.
/// @param begin   takes the pixel data of large ones.
Result<UploadedFile> read_uploaded(Upload& upload, AssociationServer& server, const Origin& origin,
                                   const AssociationServer::Begin& begin);

}  // namespace dosigate
