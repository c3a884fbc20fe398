// The other transfer syntaxes: Implicit VR, Big Endian, Deflated, and bytes of one sent as another
// (PS3.5 Annex A).

#include "dosigate/dicom/walker.h"
#include "wire/hostile_case.h"

namespace dosigate::testing {
namespace {

constexpr std::uint32_t kImages = 0x00081140, kPixels = 0x7FE00010, kComments = 0x00104000;

HostileCase stored(const char* name, const char* section, Answer expected, const char* why,
                   Byte context, Bytes data_set) {
  return {name, section, expected, why,
          [context, data_set = std::move(data_set)](const Attack& attack) {
            return attack.store(context, RawScu::store_command(kCtClass, kHonestInstance),
                                data_set);
          }};
}
HostileCase refused(const char* name, const char* section, const char* why, Byte context,
                    Bytes data_set) {
  return stored(name, section, status(0xC000), why, context, std::move(data_set));
}

Bytes put(Encoding encoding, std::uint32_t tag, const Wire& element) {
  return Spoilt(encoding).put(tag, element).bytes();
}

/// Bytes that do not deflate.
Bytes noise(std::size_t size) {
  Bytes out(size);
  std::uint32_t state = 1;
  for (Byte& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<Byte>(state >> 24U);
  }
  return out;
}

Bytes first(const Bytes& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(size, bytes.size()))};
}

}  // namespace

std::vector<HostileCase> hostile_encodings() {
  const char* const implicit_vr = "PS3.5 A.1";
  const char* const big_endian = "PS3.5 A.3";
  const char* const deflated = "PS3.5 A.5";
  const char* const beyond = "are left";
  const Encoding little = Encoding::ImplicitLittle, big = Encoding::ExplicitBig;
  const Bytes honest = Spoilt().bytes();
  const Bytes deflated_honest = deflate_data_set(honest);
  Bytes followed = deflated_honest;
  followed.resize(followed.size() + 100);
  Bytes zlib_header{0x78, 0x9C};
  zlib_header.insert(zlib_header.end(), deflated_honest.begin(), deflated_honest.end());
  Bytes zeros_behind = honest;
  zeros_behind.resize(zeros_behind.size() + (std::size_t{18} << 20U));
  const auto with_pixels = [](const Bytes& bytes) {
    return Spoilt().put(kPixels, Wire().element(kPixels, "OW", as_text(bytes))).bytes();
  };

  return {
      stored("an_honest_implicit_instance", implicit_vr, status(0), "", kImplicitContext,
             Spoilt(little).bytes()),
      stored("an_honest_big_endian_instance", big_endian, status(0), "", kBigContext,
             Spoilt(big).bytes()),
      stored("an_honest_deflated_instance", deflated, status(0), "", kDeflatedContext,
             deflated_honest),
      refused("fragments_in_implicit_vr", "PS3.5 A.1, A.4", "cannot have an undefined length",
              kImplicitContext,
              put(little, kPixels,
                  Wire(little).header(kPixels, "", Wire::kUndefined).fragment("").end_sequence())),
      refused("implicit_text_of_undefined_length", implicit_vr, "cannot have an undefined length",
              kImplicitContext,
              put(little, kComments,
                  Wire(little).header(kComments, "", Wire::kUndefined).text("abcd"))),
      refused("implicit_sequences_65_deep", "PS3.5 7.5.2", "nested deeper than 64",
              kImplicitContext, put(little, kImages, nested(little, kImages, 65, true))),
      refused("implicit_unknown_tags_65_deep", "PS3.5 6.2.2", "nested deeper than 64",
              kImplicitContext, put(little, 0x00290001, nested(little, 0x00290001, 65, true))),
      refused("an_implicit_length_over_the_end", implicit_vr, beyond, kImplicitContext,
              put(little, kPixels, Wire(little).header(kPixels, "", 0x7FFFFFFF))),
      refused("an_implicit_sequence_without_items", "PS3.5 7.5",
              "(0010,4000) where an item of a sequence", kImplicitContext,
              put(little, kImages,
                  Wire(little).element(kImages, "", Wire(little).element(kComments, "", "abcd")))),
      refused("an_implicit_private_sequence_of_a_known_maker", "PS3.5 7.8",
              "where an item of a sequence", kImplicitContext,
              Spoilt(little)
                  .put(0x00290011, Wire(little).element(0x00290011, "", "SIEMENS MEDCOM HEADER "))
                  .put(0x00291140, Wire(little).element(0x00291140, "", "not items at all"))
                  .bytes()),
      refused("explicit_bytes_on_an_implicit_context", implicit_vr, beyond, kImplicitContext,
              honest),
      refused("implicit_bytes_on_an_explicit_context", "PS3.5 A.2", "", kExplicitContext,
              Spoilt(little).bytes()),
      refused("little_endian_bytes_on_a_big_endian_context", big_endian, "", kBigContext, honest),
      refused("big_endian_bytes_on_a_little_endian_context", "PS3.5 A.2", "", kExplicitContext,
              Spoilt(big).bytes()),
      refused("deflated_bytes_on_an_explicit_context", "PS3.5 A.2", "", kExplicitContext,
              deflated_honest),
      refused("big_endian_sequences_65_deep", "PS3.5 7.5.2", "nested deeper than 64", kBigContext,
              put(big, kImages, nested(big, kImages, 65, true))),
      refused("a_big_endian_length_over_the_end", big_endian, beyond, kBigContext,
              put(big, kPixels, Wire(big).header(kPixels, "OW", 0x00010000))),
      refused("a_big_endian_tag_twice", "PS3.5 7.1", "(0010,4000) stands out of order or twice",
              kBigContext,
              put(big, kComments,
                  Wire(big).element(kComments, "LT", "ab").element(kComments, "LT", "cd"))),
      refused("not_deflated_at_all", deflated, "deflated data set is broken", kDeflatedContext,
              Bytes(500, 0xFF)),
      refused("a_deflated_set_of_no_bytes", deflated, "broken or incomplete at byte 0",
              kDeflatedContext, {}),
      refused("deflated_to_nothing", deflated, "the data set is empty", kDeflatedContext,
              deflate_data_set({})),
      refused("a_deflated_stream_cut_off", deflated, "broken or incomplete", kDeflatedContext,
              first(deflated_honest, deflated_honest.size() / 2)),
      refused("bytes_behind_a_deflated_stream", deflated, "bytes follow the deflated data set",
              kDeflatedContext, followed),
      refused("a_zlib_header", "PS3.5 A.5 RFC 1951", "deflated data set", kDeflatedContext,
              zlib_header),
      refused("a_deflated_data_set_that_is_cut_off", deflated, beyond, kDeflatedContext,
              deflate_data_set(first(honest, honest.size() - 2))),
      refused("deflated_sequences_65_deep", "PS3.5 7.5.2", "nested deeper than 64",
              kDeflatedContext,
              deflate_data_set(put(Encoding::ExplicitLittle, kImages,
                                   nested(Encoding::ExplicitLittle, kImages, 65, true)))),
      refused("deflated_trailing_zeros", deflated, "", kDeflatedContext, deflate_data_set([&] {
                Bytes out = honest;
                out.resize(out.size() + 1000);
                return out;
              }())),
      refused("a_bomb_that_grows_a_thousand_times", deflated, "grows to more than 256 times",
              kDeflatedContext, deflate_data_set(zeros_behind)),
      stored("a_deflated_set_over_the_limit", deflated, status(0xA700), "grows over",
             kDeflatedContext, deflate_data_set(with_pixels([] {
               // Deflates by two or so: the ratio is that of a study, the size is not.
               Bytes out = noise(std::size_t{12} << 20U);
               out.resize(std::size_t{21} << 20U);
               return out;
             }()))),
      refused("jpeg_without_fragments", "PS3.5 A.4", "the data set does not parse", kJpegContext,
              honest),
  };
}

}  // namespace dosigate::testing
