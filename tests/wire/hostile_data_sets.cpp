// Data sets in Explicit VR Little Endian (PS3.5 7): each refused by our walker before DCMTK parses
// it, except those that only look wrong.

#include "wire/hostile_case.h"

namespace dosigate::testing {
namespace {

constexpr std::uint32_t kImages = 0x00081140;  // Referenced Image Sequence
constexpr std::uint32_t kComments = 0x00104000, kAccession = 0x00080050, kPixels = 0x7FE00010;
constexpr std::uint32_t kPrivateCreator = 0x00090010;

HostileCase stored(const char* name, const char* section, Answer expected, const char* why,
                   Bytes data_set) {
  return {name, section, expected, why, [data_set = std::move(data_set)](const Attack& attack) {
            return attack.store(kExplicitContext, RawScu::store_command(kCtClass, kHonestInstance),
                                data_set);
          }};
}

/// Refused as what DICOM is not, with the walker's words in the log.
HostileCase refused(const char* name, const char* section, const char* why, Bytes data_set) {
  return stored(name, section, status(0xC000), why, std::move(data_set));
}
HostileCase at(const char* name, const char* section, const char* why, std::uint32_t tag,
               const Wire& element) {
  return refused(name, section, why, Spoilt().put(tag, element).bytes());
}
/// Behind everything else, where no tag may come before it.
HostileCase behind(const char* name, const char* section, const char* why, const Wire& bytes) {
  return refused(name, section, why, Spoilt().end(bytes).bytes());
}

Wire sequence(const Wire& inside) {
  return Wire().header(kImages, "SQ", Wire::kUndefined).text(as_text(inside.bytes));
}
Wire in_item(const Wire& elements) { return Wire().element(kImages, "SQ", Wire().item(elements)); }
Wire pixels(const Wire& fragments) {
  return Wire().header(kPixels, "OB", Wire::kUndefined).text(as_text(fragments.bytes));
}
/// A standard sequence whose items come as bytes of UN with a length.
Wire inside_un(const Wire& implicit) { return Wire().element(kImages, "UN", implicit); }

Wire disordered(unsigned count) {
  Wire item;
  for (unsigned i = count + 1; i-- > 0;) item.element(0x00200001 + i, "US", "12");
  return in_item(item);
}

Wire creators(unsigned count) {
  Wire out;
  for (unsigned group = 9; count > 0; group += 2)
    for (unsigned block = 0x10; block <= 0xFF && count > 0; ++block, --count)
      out.element(group << 16U | block, "LO", "MAKER ");
  return out;
}

}  // namespace

std::vector<HostileCase> hostile_data_sets() {
  const char* const structure = "PS3.5 7.1";
  const char* const lengths = "PS3.5 7.1.1";
  const char* const order = "PS3.5 7.1 ascending tags";
  const char* const items = "PS3.5 7.5";
  const char* const delimiters = "PS3.5 7.5 Table 7.5-2";
  const char* const fragments = "PS3.5 A.4";
  const char* const vr = "PS3.5 6.2";
  const char* const un = "PS3.5 6.2.2";
  const char* const creator = "PS3.5 7.8.1";
  const Wire plain = Wire().element(kComments, "LT", "abcd");
  const Encoding explicit_vr = Encoding::ExplicitLittle, implicit = Encoding::ImplicitLittle;
  Bytes preamble(128);
  for (const char c : std::string_view("DICM")) preamble.push_back(static_cast<Byte>(c));
  const Bytes honest = Spoilt().bytes();
  const Bytes header_of_pixels = Wire().header(kPixels, "OW", 8).bytes;
  const Wire sequence_end_of_4 = Wire().text(std::string_view("\xFE\xFF\xDD\xE0\4\0\0\0abcd", 12));
  preamble.insert(preamble.end(), honest.begin(), honest.end());

  return {
      stored("an_honest_instance", "PS3.4 B.2.3", status(0), "", honest),
      refused("a_data_set_of_no_bytes", structure, "the data set is empty", {}),
      refused("a_data_set_of_one_byte", structure, "too few for an element", {8}),
      behind("seven_bytes_behind_the_last_element", structure, "too few for an element",
             Wire().text("1234567")),
      behind("zeros_behind_the_last_element", structure, "(0000,0000) has no place",
             Wire().text(std::string(64, '\0'))),
      refused("a_file_in_place_of_a_data_set", "PS3.10 7.1", "(0000,0000) has no place", preamble),
      refused(
          "a_header_cut_in_its_length", structure, "ends inside an element header",
          Spoilt().put(kPixels, Wire().text(as_text(ByteView(header_of_pixels).first(9)))).bytes()),
      at("a_length_over_the_end", lengths, "(7FE0,0010) declares 10000 bytes", kPixels,
         Wire().header(kPixels, "OW", 10'000).text("12345678")),
      at("a_length_of_4_gib_less_two", lengths, "(7FE0,0010) declares 4294967294 bytes", kPixels,
         Wire().header(kPixels, "OW", 0xFFFFFFFE)),
      at("a_text_over_the_end", lengths, "(FFFC,0001) declares 65534 bytes", 0xFFFC0001,
         Wire().header(0xFFFC0001, "LO", 0xFFFE)),
      at("text_of_undefined_length", lengths, "cannot have an undefined length", kAccession,
         Wire().header(kAccession, "UT", Wire::kUndefined).text("abcd")),
      at("other_bytes_of_undefined_length", lengths, "cannot have an undefined length", 0x00420011,
         Wire().header(0x00420011, "OB", Wire::kUndefined).item().end_sequence()),
      at("float_pixels_of_undefined_length", fragments, "cannot have an undefined length",
         0x7FE00008, Wire().header(0x7FE00008, "OF", Wire::kUndefined).fragment("").end_sequence()),
      at("a_tag_twice", order, "(0010,4000) stands out of order or twice", kComments,
         Wire().element(kComments, "LT", "abcd").element(kComments, "LT", "efgh")),
      at("two_patients", order, "(0010,0020) stands out of order or twice", 0x00100021,
         Wire().element(0x00100020, "LO", "771200")),
      behind("a_tag_behind_a_higher_one", order, "(0010,4000) stands out of order", plain),
      at("a_tag_twice_in_an_item", order, "stands out of order or twice", kImages,
         in_item(Wire().element(kComments, "LT", "ab").element(kComments, "LT", "cd"))),
      at("a_tag_twice_apart_in_an_item", order, "(0010,4000) stands twice in one item", kImages,
         in_item(Wire()
                     .element(kComments, "LT", "ab")
                     .element(0x00200010, "SH", "12")
                     .element(kComments, "LT", "cd"))),
      at("three_hundred_elements_out_of_order_in_an_item", order, "stands out of order or twice",
         kImages, disordered(300)),
      stored("two_elements_out_of_order_in_an_item", order, status(0), "",
             Spoilt().put(kImages, disordered(2)).bytes()),
      refused("command_elements_in_a_data_set", "PS3.7 6.3.1", "(0000,0002) has no place",
              Wire().element(0x00000002, "UI", "1.2.").bytes),
      refused("meta_information_in_a_data_set", "PS3.10 7.1", "(0002,0010) has no place",
              Wire().element(0x00020010, "UI", "1.2.").bytes),
      at("an_item_at_the_top", items, "(FFFE,E000) where an element must stand", kImages,
         Wire().item(4).text("abcd")),
      at("an_item_end_at_the_top", delimiters, "(FFFE,E00D) where an element must stand", kImages,
         Wire().end_item()),
      at("a_sequence_end_at_the_top", delimiters, "(FFFE,E0DD) where an element must stand",
         kImages, Wire().end_sequence()),
      at("an_item_end_in_an_item_with_a_length", delimiters, "(FFFE,E00D) where an element",
         kImages, in_item(Wire().end_item())),
      at("an_item_end_with_a_length", delimiters, "(FFFE,E00D) where an element", kImages,
         sequence(Wire().item().text(std::string_view("\xFE\xFF\x0D\xE0\4\0\0\0abcd", 12)))),
      at("a_sequence_end_with_a_length", delimiters, "(FFFE,E0DD) where an item", kImages,
         sequence(Wire().item().end_item().text(as_text(sequence_end_of_4.bytes)))),
      at("a_sequence_end_in_a_sequence_with_a_length", delimiters, "(FFFE,E0DD) where an item",
         kImages, Wire().element(kImages, "SQ", Wire().end_sequence())),
      at("an_element_where_an_item_must_stand", items, "(0010,4000) where an item", kImages,
         Wire().element(kImages, "SQ", plain)),
      at("a_sequence_that_is_not_closed", items, "(0008,0008) where an item", 0x00080001,
         Wire().header(0x00080001, "SQ", Wire::kUndefined)),
      behind("an_item_that_is_not_closed", items, "is not closed",
             Wire().header(0xFFFC0002, "SQ", Wire::kUndefined).item()),
      behind("a_sequence_open_at_the_end", items, "is not closed",
             Wire().header(0xFFFC0002, "SQ", Wire::kUndefined).item().end_item()),
      at("an_item_longer_than_its_sequence", lengths, "a declared length of 100 exceeds", kImages,
         Wire().header(kImages, "SQ", 12).item(100).text("abcd")),
      at("a_sequence_longer_than_its_item", lengths, "a declared length of 1000 exceeds", kImages,
         in_item(Wire().header(kImages, "SQ", 1000))),
      at("an_element_longer_than_its_item", lengths, "(0010,4000) declares 64 bytes", kImages,
         in_item(Wire().header(kComments, "LT", 64).text("abcd"))),
      at("an_item_of_six_bytes", items, "too few for an element", kImages,
         Wire().header(kImages, "SQ", 14).item(6).text("abcdef")),
      at("sequences_65_deep", "PS3.5 7.5.2", "nested deeper than 64", kImages,
         nested(explicit_vr, kImages, 65, true)),
      at("sequences_with_lengths_65_deep", "PS3.5 7.5.2", "nested deeper than 64", kImages,
         nested(explicit_vr, kImages, 65, false)),
      at("sequences_10000_deep", "PS3.5 7.5.2", "nested deeper than 64", kImages,
         nested(explicit_vr, kImages, 10'000, true)),
      stored("sequences_64_deep", "PS3.5 7.5.2", status(0), "",
             Spoilt().put(kImages, nested(explicit_vr, kImages, 64, true)).bytes()),
      at("sequences_65_deep_inside_un", un, "nested deeper than 64", kImages,
         Wire()
             .header(kImages, "UN", Wire::kUndefined)
             .item()
             .text(as_text(nested(implicit, kImages, 64, true).bytes))
             .end_item()
             .end_sequence()),
      at("sequences_65_deep_in_the_bytes_of_un", un, "sequence inside UN at (0008,1140)", kImages,
         inside_un(Wire(implicit).item(nested(implicit, kImages, 65, false)))),
      at("a_sequence_in_un_that_is_none", un, "sequence inside UN at (0008,1140)", kImages,
         inside_un(Wire(implicit).text("not items at all"))),
      at("a_length_over_the_end_in_the_bytes_of_un", un, "sequence inside UN at (0008,1140)",
         kImages,
         inside_un(Wire(implicit).item(Wire(implicit).header(kComments, "LT", 999).text("ab")))),
      at("a_tag_twice_in_the_bytes_of_un", un, "sequence inside UN at (0008,1140)", kImages,
         inside_un(Wire(implicit).item(
             Wire(implicit).element(kComments, "LT", "ab").element(kComments, "LT", "cd")))),
      at("un_longer_than_the_rest", un, "(7FE1,0010) declares 2147483647 bytes", 0x7FE10010,
         Wire().header(0x7FE10010, "UN", 0x7FFFFFFF)),
      at("a_vr_that_no_element_has", vr, "has a VR that no element can have", kComments,
         Wire().header(kComments, "na", 0)),
      at("the_vr_of_a_fragment", vr, "has a VR that no element can have", kComments,
         Wire().header(kComments, "pi", 0)),
      at("fragments_without_items", fragments, "where a fragment of pixel data must stand", kPixels,
         pixels(plain)),
      at("a_fragment_longer_than_the_rest", fragments, "where a fragment", kPixels,
         pixels(Wire().item(500).text("abcd"))),
      at("a_fragment_of_undefined_length", fragments, "where a fragment", kPixels,
         pixels(Wire().item().end_sequence())),
      at("fragments_without_an_end", fragments, "is not closed", kPixels,
         pixels(Wire().fragment("").fragment("abcd"))),
      at("a_fragment_end_with_a_length", fragments, "where a fragment", kPixels,
         pixels(Wire().fragment("").text(as_text(sequence_end_of_4.bytes)))),
      at("pixels_twice", "PS3.3 C.7.6.3", "a second pixel data element", 0x7FE00008,
         Wire().element(0x7FE00008, "OF", "12345678")),
      at("a_private_block_reserved_twice_in_an_item", creator, "twice", kImages,
         in_item(
             Wire().element(kPrivateCreator, "LO", "ONE ").element(kPrivateCreator, "LO", "TWO "))),
      at("1025_private_creators", creator, "more than 1024 private creators", 0x00090010,
         creators(1025)),
  };
}

}  // namespace dosigate::testing
