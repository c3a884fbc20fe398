#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "bench/load_images.h"
#include "dosigate/deid/deidentifier.h"
#include "unit/identity/map_fixture.h"

namespace dosigate::bench {

/// A map on disk and the engine of a route over it, as a node has them.
class Engine {
 public:
  Engine() : map_(home_.open()) {
    const auto declared = map_->declare_site(testing::site_a());
    auto profile = Profile::load({}, "dosimetry");
    if (!declared || !profile) throw std::runtime_error("no profile or site");
    deidentifier_ = std::make_unique<Deidentifier>(
        Deidentifier::Settings{std::move(*profile), testing::site_a(), {}, "", 64U << 20U}, *map_);
  }
  PseudonymMap& map() const { return *map_; }
  const Keyring& keys() const { return *home_.keys; }
  std::filesystem::path directory() const { return home_.dir.path; }
  /// Throws when the instance is not cleaned.
  Cleaned clean(const ReceivedInstance& received) const {
    Verdict verdict = deidentifier_->clean(received);
    if (auto* cleaned = std::get_if<Cleaned>(&verdict)) return std::move(*cleaned);
    throw std::runtime_error("not cleaned");
  }

 private:
  testing::Node home_{false};
  std::unique_ptr<PseudonymMap> map_;
  std::unique_ptr<Deidentifier> deidentifier_;
};

/// One of the load's images as it arrives.
inline ReceivedInstance received_image(const ImageMaker& maker, std::uint64_t number) {
  Image image;
  maker.make(number, image);
  ReceivedInstance out;
  out.sop_class_uid = image.sop_class;
  out.sop_instance_uid = Phi(image.sop_instance);
  out.transfer_syntax_uid = maker.transfer_syntax();
  out.data_set = std::move(image.header);
  for (const ByteView part : image.rest)
    out.data_set.insert(out.data_set.end(), part.begin(), part.end());
  return out;
}

/// An enhanced CT whose functional groups have about so many elements, items and delimiters not
/// counted; without pixels.
ReceivedInstance enhanced_header(std::size_t elements);
/// A slice of the phantom's kind of PET, with the private elements of three makers.
ReceivedInstance pet_image();

}  // namespace dosigate::bench
