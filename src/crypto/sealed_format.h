#pragma once

#include "aead.h"
#include "dosigate/crypto/sealed_file.h"

/// The numbers of sealed file format 2 (sealed_file.h), shared by writer and reader.
namespace dosigate::sealed {

inline constexpr std::string_view kMagic = "DSGF";
inline constexpr std::string_view kTailMagic = "DSGE";
inline constexpr Byte kFormat = 2;
inline constexpr std::size_t kHeadNamed =
    36;  ///< up to the nonce: associated data of the wrapped key
inline constexpr std::size_t kHeadZeros = 16;
inline constexpr std::size_t kHead =
    kHeadNamed + Aead::kNonceSize + Secret::kSize + Aead::kTagSize + kHeadZeros;
static_assert(kHead == 112);

inline constexpr std::size_t kChunkMax = 65'536;
inline constexpr std::size_t kChunkHead = 1 + 4;
inline constexpr std::size_t kChunkOverhead = kChunkHead + Aead::kTagSize;
inline constexpr std::size_t kTail = 8;
inline constexpr std::size_t kEndFixed = 8 + 4 * 8 + 8;  ///< plain bytes of the end before the card
inline constexpr std::size_t kCardMax = 60'000;

/// Place of sections 1 to 4 in the list of lengths.
constexpr std::size_t section_index(Section section) {
  return static_cast<std::size_t>(section) - 1;
}

/// As they stand in the file.
inline constexpr std::array kStored{Section::Body, Section::Header, Section::Trailer,
                                    Section::Pairs, Section::End};
constexpr std::size_t place_of(Section section) {
  std::size_t place = 0;
  while (kStored[place] != section) ++place;
  return place;
}

/// Chunks of a section of `length` plain bytes, and what they take in the file.
constexpr std::uint64_t chunk_count(std::uint64_t length) {
  return length / kChunkMax + (length % kChunkMax != 0 ? 1 : 0);
}
constexpr std::uint64_t stored_size(std::uint64_t length) {
  return length + chunk_count(length) * kChunkOverhead;
}

/// Section and place of a chunk, as the first 5 bytes in the file say and as the cipher sees them.
struct ChunkFrame {
  std::array<Byte, kChunkHead + sizeof(InstanceId)> associated{};
  Aead::Nonce nonce{};

  ChunkFrame(Section section, std::size_t length, std::uint64_t number, const InstanceId& id) {
    associated[0] = static_cast<Byte>(section);
    for (std::size_t i = 0; i < 4; ++i) associated[1 + i] = static_cast<Byte>(length >> (8 * i));
    for (std::size_t i = 0; i < id.size(); ++i) associated[kChunkHead + i] = id[i];
    nonce[0] = static_cast<Byte>(section);
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<Byte>(number >> (8 * i));
  }
  ByteView stored_head() const { return ByteView(associated).first(kChunkHead); }
};

}  // namespace dosigate::sealed
