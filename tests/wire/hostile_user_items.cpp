// The user information of an A-ASSOCIATE-RQ (PS3.8 9.3.2.3, PS3.7 D.3.3).

#include "wire/hostile_case.h"
#include "wire/hostile_request_parts.h"

namespace dosigate::testing {
namespace {

HostileCase one(const char* name, const char* section, Answer expected, const char* why,
                Bytes user) {
  RequestParts parts;
  parts.user = std::move(user);
  return {name,
          section,
          expected,
          why,
          [bytes = parts.bytes()](const Attack& attack) { return attack.first(bytes); },
          parts.bytes()};
}

/// The usual sub-items and one more.
HostileCase more(const char* name, const char* section, Answer expected, const char* why,
                 const Bytes& sub_item) {
  Bytes user = RequestParts::user_items();
  append(user, sub_item);
  return one(name, section, expected, why, item(0x50, user));
}

Bytes counted(std::string_view text) {
  Bytes out;
  big_endian(out, text.size(), 2);
  append(out, as_bytes(text));
  return out;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

}  // namespace

std::vector<HostileCase> hostile_user_items() {
  const Answer bad = aborted(6);
  const char* const lengths = "lengths do not fit";
  const Bytes all = item(0x50, RequestParts::user_items());
  const Bytes too_long{0, 99, '1', '.', '2'};
  Bytes many_roles = RequestParts::user_items();
  for (int i = 0; i < 500; ++i)
    append(many_roles, item(0x54, joined({counted(kCtClass), Bytes{1, 0}})));
  return {
      one("user_information_missing", "PS3.8 9.3.2.3", bad, "no user information", {}),
      one("user_information_twice", "PS3.8 9.3.2.3", bad, "type 0x50", joined({all, all})),
      more("a_sub_item_header_cut_off", "PS3.8 9.3.1", bad, "its header is cut off", {0x53, 0, 0}),
      more("a_sub_item_longer_than_its_item", "PS3.8 9.3.1", bad, "greater than what holds it",
           {0x53, 0, 0, 4, 0}),
      more("maximum_length_twice", "PS3.8 D.1", bad, "type 0x51", item(0x51, Bytes{0, 0, 0x40, 0})),
      one("maximum_length_of_3_bytes", "PS3.8 D.1.1 Table D.1-1", bad, lengths,
          item(0x50, item(0x51, Bytes{0, 0x40, 0}))),
      one("maximum_length_of_5_bytes", "PS3.8 D.1.1 Table D.1-1", bad, lengths,
          item(0x50, item(0x51, Bytes{0, 0, 0, 0x40, 0}))),
      one("maximum_length_0_is_no_limit", "PS3.8 D.1.1", accepted(), "",
          item(0x50, item(0x51, Bytes(4)))),
      one("user_information_without_sub_items", "PS3.7 D.3.3.2", accepted(), "", item(0x50, {})),
      more("implementation_class_twice", "PS3.7 D.3.3.2.1", bad, "type 0x52",
           item(0x52, as_bytes("1.2.3.4"))),
      one("implementation_class_empty", "PS3.7 Table D.3-1", bad, "not a UID",
          item(0x50, item(0x52, {}))),
      one("implementation_class_that_is_sql", "PS3.7 Table D.3-1", bad, "not a UID",
          item(0x50, item(0x52, as_bytes("1' OR '1'='1")))),
      one("implementation_class_of_65_characters", "PS3.7 Table D.3-1", bad, "not a UID",
          item(0x50, item(0x52, as_bytes(std::string(65, '1'))))),
      more("implementation_version_twice", "PS3.7 D.3.3.2.3", bad, "type 0x55",
           item(0x55, as_bytes("HOSTILE_2"))),
      one("implementation_version_with_a_line_feed", "PS3.7 Table D.3-3", bad, "not a version name",
          item(0x50, item(0x55, as_bytes("V1\nforged line")))),
      one("implementation_version_of_65_characters", "PS3.7 Table D.3-3", bad, "not a version name",
          item(0x50, item(0x55, as_bytes(std::string(65, 'V'))))),
      more("asynchronous_operations_of_3_bytes", "PS3.7 Table D.3-7", bad, lengths,
           item(0x53, Bytes(3))),
      more("asynchronous_operations_twice", "PS3.7 D.3.3.3", bad, "twice",
           joined({item(0x53, Bytes(4)), item(0x53, Bytes(4))})),
      more("asynchronous_operations_are_not_promised", "PS3.7 D.3.3.3", accepted(), "",
           item(0x53, Bytes{0, 9, 0, 9})),
      more("a_role_selection_of_no_bytes", "PS3.7 Table D.3-9", bad, lengths, item(0x54, {})),
      more("a_role_selection_with_a_uid_too_long", "PS3.7 Table D.3-9", bad, lengths,
           item(0x54, too_long)),
      more("a_role_selection_without_roles", "PS3.7 Table D.3-9", bad, lengths,
           item(0x54, counted(kCtClass))),
      more("a_role_selection_with_bytes_behind_it", "PS3.7 Table D.3-9", bad, lengths,
           item(0x54, joined({counted(kCtClass), Bytes{1, 0, 0}}))),
      more("a_role_selection_of_no_class", "PS3.7 D.3.3.4", accepted(), "",
           item(0x54, joined({counted("letters"), Bytes{1, 1}}))),
      one("five_hundred_role_selections", "PS3.7 D.3.3.4", accepted(), "", item(0x50, many_roles)),
      more("an_extended_negotiation_with_a_uid_too_long", "PS3.7 Table D.3-11", bad, lengths,
           item(0x56, too_long)),
      more("an_extended_negotiation_of_one_byte", "PS3.7 Table D.3-11", bad, lengths,
           item(0x56, Bytes{0})),
      more("an_extended_negotiation_is_skipped", "PS3.7 D.3.3.5", accepted(), "",
           item(0x56, joined({counted(kCtClass), Bytes(40, 0xFF)}))),
      more("a_common_negotiation_with_a_class_too_long", "PS3.7 Table D.3-12", bad, lengths,
           item(0x57, too_long)),
      more("a_common_negotiation_without_a_service", "PS3.7 Table D.3-12", bad, lengths,
           item(0x57, counted(kCtClass))),
      more("a_common_negotiation_with_related_classes_too_long", "PS3.7 Table D.3-12", bad, lengths,
           item(0x57, joined({counted(kCtClass), counted("1.2"), Bytes{0xFF, 0xFF}}))),
      more("a_user_identity_of_one_byte", "PS3.7 Table D.3-14", bad, lengths, item(0x58, Bytes{1})),
      more("a_user_identity_with_a_name_too_long", "PS3.7 Table D.3-14", bad, lengths,
           item(0x58, joined({Bytes{1, 0}, too_long}))),
      more("a_user_identity_without_passcode_field", "PS3.7 Table D.3-14", bad, lengths,
           item(0x58, joined({Bytes{2, 0}, counted("name")}))),
      more("a_user_identity_with_bytes_behind_it", "PS3.7 Table D.3-14", bad, lengths,
           item(0x58, joined({Bytes{1, 0}, counted("name"), counted(""), Bytes{0}}))),
      more("a_user_identity_twice", "PS3.7 D.3.3.7", bad, "twice",
           joined({item(0x58, joined({Bytes{1, 0}, counted("name"), counted("")})),
                   item(0x58, joined({Bytes{1, 0}, counted("name"), counted("")}))})),
      more("a_user_identity_is_not_believed", "PS3.7 D.3.3.7", accepted(), "",
           item(0x58, joined({Bytes{1, 0}, counted("root"), counted("")}))),
      more("an_unknown_sub_item_is_skipped", "PS3.8 9.3.1", accepted(), "",
           item(0x5F, Bytes(100, 0xAA))),
      more("an_unknown_sub_item_twice", "PS3.8 9.3.1", bad, "twice",
           joined({item(0x5F, Bytes(2)), item(0x5F, Bytes(2))})),
  };
}

}  // namespace dosigate::testing
