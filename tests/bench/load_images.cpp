#include "bench/load_images.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include "support/pdu_bytes.h"
#include "support/phantom_body.h"
#include "support/phantom_series.h"

namespace dosigate::bench {
namespace {

using namespace testing;

/// Stands for the number of an instance in a template: as long as every number that replaces it.
constexpr unsigned kPlaceholder = 1'000'000'007;
constexpr unsigned kFirstNumber = 1'100'000'000;
constexpr unsigned kSlice = 512, kSlices = 4;  // of the store of pixels

struct Syntax {
  const char* name;
  const char* uid;
  E_TransferSyntax dcmtk;  ///< EXS_Unknown: no encoder
};
constexpr Syntax kSyntaxes[] = {
    {"native", "1.2.840.10008.1.2.1", EXS_LittleEndianExplicit},
    {"rle", "1.2.840.10008.1.2.5", EXS_RLELossless},
    {"jpeg", "1.2.840.10008.1.2.4.70", EXS_JPEGProcess14SV1},
    {"jpeg-ls", "1.2.840.10008.1.2.4.80", EXS_JPEGLSLossless},
    {"j2k", "1.2.840.10008.1.2.4.90", EXS_Unknown},
    {"htj2k", "1.2.840.10008.1.2.4.201", EXS_Unknown},
};

const Syntax& syntax_of(const std::string& name) {
  for (const Syntax& syntax : kSyntaxes)
    if (name == syntax.name) return syntax;
  throw std::runtime_error("no such syntax: " + name);
}

void check(const OFCondition& condition, const char* what) {
  if (condition.bad()) throw std::runtime_error(std::string(what) + ": " + condition.text());
}

/// Slices through the phantom's body with a little noise: compressible as a CT is.
std::vector<Uint16> body_slices() {
  std::vector<Uint16> out;
  out.reserve(std::size_t{kSlice} * kSlice * kSlices);
  std::mt19937 random(1);
  for (unsigned slice = 0; slice < kSlices; ++slice)
    for (unsigned row = 0; row < kSlice; ++row)
      for (unsigned column = 0; column < kSlice; ++column) {
        const double hounsfield =
            Body::hounsfield(-200 + 0.78 * column, -200 + 0.78 * row, -150.0 + 100.0 * slice);
        out.push_back(static_cast<Uint16>(static_cast<int>(hounsfield) + 1024 +
                                          static_cast<int>(random() % 21U)));
      }
  return out;
}

PhantomInstance instance_of(const PhantomStudy& study, const PhantomSeries& series,
                            const ImageOptions& options) {
  PhantomInstance image(study, series, kPlaceholder,
                        options.frames > 1 ? UID_XRayAngiographicImageStorage : UID_CTImageStorage,
                        false);
  image.put(DCM_ImageType, "ORIGINAL\\PRIMARY\\AXIAL");
  image.put(DCM_AcquisitionDate, study.date);
  image.put(DCM_AcquisitionTime, study.time);
  image.put(DCM_KVP, "120");
  if (options.frames > 1) {
    image.put(DCM_NumberOfFrames, std::to_string(options.frames));
    image.put(DCM_FrameTime, "33.3");
    image.put_numbers(image.root(), DCM_FrameIncrementPointer, {0x0018, 0x1063});
  } else {
    image.put(DCM_SliceThickness, "2");
    image.put(DCM_PixelSpacing, "0.78125\\0.78125");
    image.put(DCM_ImagePositionPatient, "-200\\-200\\-190");
    image.put(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
    image.put(DCM_RescaleIntercept, "-1024");
    image.put(DCM_RescaleSlope, "1");
    image.put(DCM_RescaleType, "HU");
  }
  return image;
}

/// The data set without its pixel data.
Bytes header_bytes(DcmDataset& data_set) {
  delete data_set.remove(DCM_PixelData);
  Bytes out(1U << 20U);
  DcmOutputBufferStream stream(out.data(), static_cast<offile_off_t>(out.size()));
  data_set.transferInit();
  check(
      data_set.write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, nullptr, EGL_withoutGL),
      "write a header");
  data_set.transferEnd();
  void* written = nullptr;
  offile_off_t size = 0;
  stream.flushBuffer(written, size);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// One frame as an encoder makes it, or bytes that look like a codestream.
Bytes encoded_frame(DcmDataset& data_set, const Syntax& syntax, std::size_t native) {
  if (syntax.dcmtk == EXS_Unknown) {
    Bytes out(native / 2, 0);
    std::mt19937 random(2);
    for (Byte& byte : out) byte = static_cast<Byte>(random() % 0xF0U);  // no marker inside
    // A codestream by its markers (ISO 15444-1 A.4): what stands between them is the image, and
    // anything else would be searched as if it were text.
    const auto put = [&](std::size_t at, std::initializer_list<Byte> bytes) {
      std::ranges::copy(bytes, out.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(0, {0xFF, 0x4F, 0xFF, 0x51, 0, 41});  // SOC; SIZ and the length of one component's
    put(45, {0xFF, 0x90, 0, 10});             // SOT
    put(57, {0xFF, 0x93});                    // SOD
    put(out.size() - 2, {0xFF, 0xD9});        // EOC
    return out;
  }
  const DJ_RPLossless jpeg;
  const DJLSRepresentationParameter jpeg_ls;
  const DcmRLERepresentationParameter rle;
  const DcmRepresentationParameter* parameter = &rle;
  if (syntax.dcmtk == EXS_JPEGProcess14SV1) parameter = &jpeg;
  if (syntax.dcmtk == EXS_JPEGLSLossless) parameter = &jpeg_ls;
  check(data_set.chooseRepresentation(syntax.dcmtk, parameter), "encode a frame");
  DcmElement* element = nullptr;
  check(data_set.findAndGetElement(DCM_PixelData, element), "find the pixels");
  DcmPixelSequence* sequence = nullptr;
  E_TransferSyntax kind = syntax.dcmtk;
  const DcmRepresentationParameter* used = nullptr;
  auto& pixels = dynamic_cast<DcmPixelData&>(*element);
  pixels.getCurrentRepresentationKey(kind, used);
  check(pixels.getEncapsulatedRepresentation(syntax.dcmtk, used, sequence), "find the fragments");
  Bytes out;
  for (unsigned long i = 1; i < sequence->card(); ++i) {  // 0 is the offset table
    DcmPixelItem* fragment = nullptr;
    check(sequence->getItem(fragment, i), "find a fragment");
    Uint8* bytes = nullptr;
    check(fragment->getUint8Array(bytes), "read a fragment");
    append(out, ByteView(bytes, fragment->getLength()));
  }
  if (out.size() % 2 != 0) out.push_back(0);
  return out;
}

Bytes item_head(std::uint16_t element, std::size_t size) {
  Bytes out{0xFE, 0xFF};
  little_endian(out, element, 2);
  little_endian(out, size, 4);
  return out;
}

}  // namespace

struct ImageMaker::Impl {
  struct Template {
    Bytes header;
    std::vector<std::size_t> numbers;  ///< where the placeholder stands
    std::string uid_root;              ///< of its instances, with the dot
  };

  ImageOptions options;
  std::string sop_class, transfer_syntax;
  std::vector<Template> templates;
  std::vector<Uint16> pixels;  ///< native: instances begin at different rows of it
  Bytes first_items, frame, last_item;

  ByteView store() const {
    return {reinterpret_cast<const Byte*>(pixels.data()), pixels.size() * sizeof(Uint16)};
  }
  std::size_t native_frame() const {
    return std::size_t{options.matrix} * options.matrix * sizeof(Uint16);
  }
  void add(unsigned patient, unsigned study);
  void prepare_frame(DcmDataset& data_set);
  void put_native(std::uint64_t number, Image& into) const;
  void put_fragments(Image& into) const;
};

void ImageMaker::Impl::add(unsigned patient, unsigned study_number) {
  PhantomOptions who;
  who.patient = patient;
  who.seed = options.seed;
  const PhantomStudy study{who,        invent_person(who), study_number,    "LOAD",
                           "TC torax", "20250311",         "081433.500000", nullptr};
  const PhantomSeries series{5, options.frames > 1 ? "XA" : "CT", "TC baixa dose", study.date,
                             study.time};
  PhantomInstance image = instance_of(study, series, options);
  const std::size_t words = native_frame() / sizeof(Uint16);
  std::vector<Uint16> one(words);
  for (std::size_t i = 0; i < words; ++i) one[i] = pixels[i % pixels.size()];
  image.pixels(one, options.matrix, options.matrix, false);
  if (templates.empty()) prepare_frame(image.root());

  Template made;
  made.header = header_bytes(image.root());
  made.uid_root = study.series_uid(5) + ".";
  append(made.header,
         Bytes{0xE0, 0x7F, 0x10, 0x00, 'O', frame.empty() ? Byte{'W'} : Byte{'B'}, 0, 0});
  const std::uint64_t length =
      frame.empty() ? std::uint64_t{native_frame()} * options.frames : 0xFFFFFFFFU;
  if (length > 0xFFFFFFFFU) throw std::runtime_error("more than 4 GiB of native pixels");
  little_endian(made.header, length, 4);
  const std::string placeholder = std::to_string(kPlaceholder);
  for (auto at = made.header.begin();;) {
    at = std::search(at, made.header.end(), placeholder.begin(), placeholder.end());
    if (at == made.header.end()) break;
    made.numbers.push_back(static_cast<std::size_t>(at++ - made.header.begin()));
  }
  templates.push_back(std::move(made));
}

/// Everything of the pixel data that is the same in all instances.
void ImageMaker::Impl::prepare_frame(DcmDataset& data_set) {
  const Syntax& syntax = syntax_of(options.syntax);
  transfer_syntax = syntax.uid;
  sop_class = options.frames > 1 ? UID_XRayAngiographicImageStorage : UID_CTImageStorage;
  if (syntax.dcmtk == EXS_LittleEndianExplicit) return;
  // Of a data set of its own: the header is not to know it, and the encoders want this class.
  DcmDataset copy(data_set);
  delete copy.remove(DCM_NumberOfFrames);
  auto* native = new DcmPixelData(DCM_PixelData);  // owned by the copy
  native->setVR(EVR_OW);
  const Uint16* values = nullptr;
  check(data_set.findAndGetUint16Array(DCM_PixelData, values), "pixels");
  check(native->putUint16Array(values, static_cast<unsigned long>(native_frame() / sizeof(Uint16))),
        "pixels");
  check(copy.insert(native, true), "pixels");
  const Bytes encoded = encoded_frame(copy, syntax, native_frame());
  first_items = item_head(0xE000, 0);  // an empty offset table
  frame = item_head(0xE000, encoded.size());
  append(frame, encoded);
  last_item = item_head(0xE0DD, 0);
}

void ImageMaker::Impl::put_native(std::uint64_t number, Image& into) const {
  const ByteView all = store();
  const std::size_t row = kSlice * sizeof(Uint16);
  std::size_t at = (number * 37 % (kSlice * kSlices)) * row;
  for (std::uint64_t left = std::uint64_t{native_frame()} * options.frames; left > 0;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, all.size() - at));
    into.rest.push_back(all.subspan(at, size));
    left -= size;
    at = 0;
  }
}

void ImageMaker::Impl::put_fragments(Image& into) const {
  into.rest.emplace_back(first_items);
  for (unsigned i = 0; i < options.frames; ++i) into.rest.emplace_back(frame);
  into.rest.emplace_back(last_item);
}

ImageMaker::ImageMaker(const ImageOptions& options) : impl_(std::make_unique<Impl>()) {
  OFLog::configure(OFLogger::WARN_LOG_LEVEL);
  DcmRLEEncoderRegistration::registerCodecs();
  DJEncoderRegistration::registerCodecs();
  DJLSEncoderRegistration::registerCodecs();
  impl_->options = options;
  impl_->pixels = body_slices();
  for (unsigned patient = 1; patient <= options.patients; ++patient)
    for (unsigned study = 1; study <= options.studies; ++study) impl_->add(patient, study);
}

ImageMaker::~ImageMaker() = default;

const std::string& ImageMaker::sop_class() const { return impl_->sop_class; }
const std::string& ImageMaker::transfer_syntax() const { return impl_->transfer_syntax; }

void ImageMaker::make(std::uint64_t number, Image& into) const {
  const std::uint64_t templates = impl_->templates.size();
  const Impl::Template& of = impl_->templates[number * templates / impl_->options.count];
  const std::string digits = std::to_string(kFirstNumber + number);
  into.sop_class = impl_->sop_class;
  into.sop_instance = of.uid_root + digits;
  into.header = of.header;
  for (const std::size_t at : of.numbers)
    std::memcpy(into.header.data() + at, digits.data(), digits.size());
  into.rest.clear();
  if (impl_->frame.empty())
    impl_->put_native(number, into);
  else
    impl_->put_fragments(into);
  into.size = into.header.size();
  for (const ByteView part : into.rest) into.size += part.size();
}

}  // namespace dosigate::bench
