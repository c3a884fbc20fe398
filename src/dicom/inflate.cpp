#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include <zlib.h>

#include "dosigate/dicom/walker.h"

namespace dosigate {
namespace {

constexpr int kRaw = -MAX_WBITS;  // PS3.5 A.5: no zlib header (RFC 1951)
constexpr std::size_t kChunk = std::size_t{256} * 1024;

uInt at_most_uint(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Result<Bytes> inflate_data_set(ByteView deflated, std::size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, kRaw) != Z_OK) throw std::runtime_error("inflate: zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);

  Bytes out;
  ByteView rest = deflated;
  while (true) {
    // One byte more than allowed, so that "exactly the limit" and "over it" differ.
    const std::size_t room = std::min(kChunk, limit - out.size() + 1);
    const std::size_t before = out.size();
    out.resize(before + room);
    stream.next_in = const_cast<Byte*>(rest.data());
    stream.avail_in = at_most_uint(rest.size());
    stream.next_out = out.data() + before;
    stream.avail_out = static_cast<uInt>(room);
    const uInt offered = stream.avail_in;

    const int code = inflate(&stream, Z_NO_FLUSH);

    rest = rest.subspan(offered - stream.avail_in);
    out.resize(before + room - stream.avail_out);
    if (out.size() > limit)
      return fail(Fault::Busy,
                  "the deflated data set grows over " + std::to_string(limit) + " bytes");
    if (out.size() > kAnyRatioUpTo && out.size() / kLargestRatio > deflated.size())
      return fail(Fault::NotDicom, "the deflated data set grows to more than " +
                                       std::to_string(kLargestRatio) + " times its size");
    if (code == Z_STREAM_END) break;
    if (code != Z_OK || (rest.empty() && stream.avail_out != 0))
      return fail(Fault::NotDicom, "the deflated data set is broken or incomplete at byte " +
                                       std::to_string(deflated.size() - rest.size()));
  }
  // A NUL may pad the stream to even length, and a real encoder appends the eight bytes that end a
  // gzip file. They go no further.
  constexpr std::size_t kTolerated = 9;
  if (rest.size() > kTolerated)
    return fail(Fault::NotDicom,
                std::to_string(rest.size()) + " bytes follow the deflated data set");
  return out;
}

Bytes deflate_data_set(ByteView data_set) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflate: zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);

  Bytes out;
  ByteView rest = data_set;
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    const std::size_t before = out.size();
    out.resize(before + kChunk);
    stream.next_in = const_cast<Byte*>(rest.data());
    stream.avail_in = at_most_uint(rest.size());
    stream.next_out = out.data() + before;
    stream.avail_out = static_cast<uInt>(kChunk);
    const uInt offered = stream.avail_in;
    code = deflate(&stream, offered == rest.size() ? Z_FINISH : Z_NO_FLUSH);
    if (code == Z_STREAM_ERROR) throw std::runtime_error("deflate: zlib stream error");
    rest = rest.subspan(offered - stream.avail_in);
    out.resize(before + kChunk - stream.avail_out);
  }
  if (out.size() % 2 != 0) out.push_back(0);
  return out;
}

}  // namespace dosigate
