#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"

namespace dosigate::bench {

/// What the load sends: images of the phantom with all the traps of its header, made in memory.
struct ImageOptions {
  unsigned matrix = 512;  ///< rows and columns, 16 bit
  unsigned frames = 1;    ///< above 1: a multi-frame object, its memory does not grow with it
  /// "native" (Explicit VR Little Endian), "rle", "jpeg" (lossless), "jpeg-ls": one frame encoded
  /// by DCMTK; "j2k", "htj2k": bytes that only look like it.
  std::string syntax = "native";
  unsigned patients = 4;
  unsigned studies = 1;  ///< of each patient
  unsigned seed = 1;     ///< another seed, other UIDs
  std::uint64_t count = 1;
};

/// A data set as the pieces that make it up, in order; the pieces are the maker's.
struct Image {
  std::string sop_class, sop_instance;
  Bytes header;                ///< up to the head of the pixel data
  std::vector<ByteView> rest;  ///< what follows
  std::uint64_t size = 0;      ///< in all
};

/// Thread: const after construction.
class ImageMaker {
 public:
  explicit ImageMaker(const ImageOptions& options);
  ~ImageMaker();
  ImageMaker(const ImageMaker&) = delete;
  ImageMaker& operator=(const ImageMaker&) = delete;

  const std::string& sop_class() const;
  const std::string& transfer_syntax() const;
  /// @param number  0 to count - 1; neighbours are of one study.
  void make(std::uint64_t number, Image& into) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate::bench
