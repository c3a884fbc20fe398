// The walker against the parser: what it passes, DCMTK parses on a small stack, to the last byte or
// with an error, and both count the same elements and find the same pixel bytes.

#include <pthread.h>

#include <algorithm>
#include <stdexcept>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/dcmtk.h"
#include "dosigate/dicom/splitter.h"
#include "dosigate/dicom/walker.h"
#include "fuzz/fuzz.h"

using namespace dosigate;

namespace {

constexpr std::size_t kSmallStack = 256U << 10U;

struct Judged {
  ByteView bytes;
  const TransferSyntax* syntax;
  Walked walked;
};

/// Fragments and their delimiter; 0 when the pixel data are native.
std::size_t fragments_of(DcmPixelData& pixels) {
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter* parameter = nullptr;
  pixels.getOriginalRepresentationKey(syntax, parameter);
  DcmPixelSequence* sequence = nullptr;
  if (pixels.getEncapsulatedRepresentation(syntax, parameter, sequence).bad() ||
      sequence == nullptr)
    return 0;
  return sequence->card() + 1;
}

/// As the walker counts: elements, items, fragments, and the delimiter of each undefined length.
std::size_t count(DcmObject& object) {
  if (auto* const pixels = dynamic_cast<DcmPixelData*>(&object)) return fragments_of(*pixels);
  std::size_t all = 0;
  for (DcmObject* inner = object.nextInContainer(nullptr); inner != nullptr;
       inner = object.nextInContainer(inner))
    all += 1 + count(*inner);
  const bool container =
      object.ident() == EVR_SQ || object.ident() == EVR_item || object.ident() == EVR_pixelSQ;
  if (container && object.getLengthField() == DCM_UndefinedLength) ++all;
  return all;
}

void compare(const Judged& judged, DcmDataset& data_set) {
  must(count(data_set) == judged.walked.elements);
  DcmElement* pixels = nullptr;
  if (data_set.findAndGetElement(DCM_PixelData, pixels, OFFalse).bad()) return;
  const std::size_t value = judged.walked.pixel_end - judged.walked.pixel_begin;
  if (judged.walked.pixel_begin >= 4 && pixels->getLengthField() != DCM_UndefinedLength)
    must(value == pixels->getLengthField() || value + 1 == pixels->getLengthField());
}

/// Whether it is taken when it comes in pieces; what is taken is all there, in its order.
bool splits(ByteView bytes, Encoding encoding, std::size_t piece) {
  Bytes kept, value;
  DataSetSplitter splitter(encoding, {}, kept);
  const auto pass = [&](ByteView part) { value.insert(value.end(), part.begin(), part.end()); };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!splitter.add(bytes.subspan(at, std::min(piece, bytes.size() - at)), pass)) return false;
  }
  const auto passed = splitter.finish(pass);
  if (!passed) return false;
  if (*passed)
    kept.insert(kept.begin() + static_cast<std::ptrdiff_t>((*passed)->at), value.begin(),
                value.end());
  must(std::equal(kept.begin(), kept.end(), bytes.begin(), bytes.end()));
  return true;
}

void* parse(void* argument) {
  const Judged& judged = *static_cast<const Judged*>(argument);
  const auto parsed = parse_data_set(judged.bytes, *judged.syntax);
  if (!parsed) return nullptr;
  compare(judged, **parsed);
  try {
    (void)encode_data_set(**parsed, *judged.syntax);
  } catch (const std::runtime_error&) {
    // Said in words: the instance is held.
  }
  return nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static const DcmtkRuntime dcmtk;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr const char* kSyntaxes[] = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1",
                                       "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.70"};
  Judged judged{{data + 1, size - 1}, find_transfer_syntax(kSyntaxes[data[0] % 4]), {}};
  const auto walked = walk_data_set(judged.bytes, judged.syntax->encoding);
  must(splits(judged.bytes, judged.syntax->encoding, 1 + data[0] / 4) == walked.has_value());
  if (!walked) return 0;
  judged.walked = *walked;
  must(walked->pixel_begin <= walked->pixel_end && walked->pixel_end <= judged.bytes.size());

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSmallStack);
  pthread_t thread;
  must(pthread_create(&thread, &attributes, parse, &judged) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return 0;
}
