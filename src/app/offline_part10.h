#pragma once

#include <string>
#include <variant>
#include <vector>

#include "dosigate/deid/deidentifier.h"
#include "dosigate/dicom/instance.h"

namespace dosigate::offline {

/// Not of DICOM, so nothing is in it that could be cleaned.
struct NoDicom {
  std::string why;  ///< a few words, the same for every file of its kind
};
/// A DICOMDIR (PS3.10 8): the index of a medium. It names patients and is not an instance.
struct MediaDirectory {
  std::vector<std::string> files;  ///< ReferencedFileID, components between backslashes
};
using FileContent = std::variant<ReceivedInstance, MediaDirectory, NoDicom, Refused>;

/// What a file holds (PS3.10 7.1): its data set byte for byte, as a C-STORE would have brought it.
///
/// Without a preamble the meta information may stand at the very beginning; without both, the
/// bytes must be a whole data set of a storage class in exactly one of the three uncompressed
/// transfer syntaxes, or the file is none of DICOM. Refused: it is DICOM and broken.
/// Thread: any.
FileContent read_file_content(Bytes file);

}  // namespace dosigate::offline
