// What a peer can get wrong in an A-ASSOCIATE-RQ outside its user information (PS3.8 9.3.2).

#include "support/pdu_bytes.h"
#include "wire/hostile_case.h"
#include "wire/hostile_request_parts.h"

namespace dosigate::testing {
namespace {

using Parts = RequestParts;

HostileCase bytes_case(const char* name, const char* section, Answer expected, const char* why,
                       const Bytes& bytes) {
  return {
      name, section, expected, why, [bytes](const Attack& attack) { return attack.first(bytes); },
      bytes};
}

Bytes with_length(Byte type, std::size_t length) {
  Bytes out{type, 0};
  big_endian(out, length, 4);
  return out;
}

/// A PDU of a type that must not come first.
HostileCase first_type(const char* name, Byte type, Answer expected) {
  return bytes_case(name, "PS3.8 9.2 Table 9-10 Sta2", expected, "", pdu(type, Bytes(4)));
}

}  // namespace

std::vector<HostileCase> hostile_requests() {
  const char* const fixed = "PS3.8 9.3.2 Table 9-11";
  const char* const context_item = "PS3.8 9.3.2.2 Table 9-13";
  const char* const syntax = "PS3.8 9.3.2.2.1 Tables 9-14, 9-15";
  const char* const uid = "PS3.5 9.1";
  const char* const lengths = "PS3.8 9.3.1";
  const Answer bad = aborted(6);
  const auto make = [](const char* name, const char* section, Answer expected, const char* why,
                       const std::function<void(Parts&)>& spoil) {
    Parts parts;
    spoil(parts);
    return bytes_case(name, section, expected, why, parts.bytes());
  };
  const auto contexts = [&](const char* name, const char* section, const char* why, Bytes item) {
    return make(name, section, aborted(6), why,
                [&](Parts& parts) { parts.contexts = std::move(item); });
  };
  const Bytes abstract = item(0x30, as_bytes(kCtClass));
  const Bytes transfer = item(0x40, as_bytes(kImplicitSyntax));
  const auto context = [](Byte id, std::initializer_list<Bytes> subs) {
    Bytes inner{id, 0, 0, 0};
    for (const Bytes& sub : subs) append(inner, sub);
    return item(0x20, inner);
  };
  const auto joined = [](Bytes first, const Bytes& second) {
    append(first, second);
    return first;
  };
  const std::string long_uid(65, '1');

  std::vector<HostileCase> all{
      first_type("pdu_type_0_first", 0x00, aborted(1)),
      first_type("an_accept_first", 0x02, aborted(2)),
      first_type("a_reject_first", 0x03, aborted(2)),
      first_type("data_first", 0x04, aborted(2)),
      first_type("a_release_request_first", 0x05, aborted(2)),
      first_type("a_release_reply_first", 0x06, aborted(2)),
      first_type("an_abort_first_is_not_answered", 0x07, closed()),
      first_type("pdu_type_8_first", 0x08, aborted(1)),
      bytes_case("an_http_request_first", "PS3.8 9.3.1", aborted(1), "",
                 Bytes(as_bytes("GET / HTTP/1.1\r\n\r\n").begin(),
                       as_bytes("GET / HTTP/1.1\r\n\r\n").end())),
      bytes_case("a_tls_client_hello_on_a_plain_port", "PS3.15 B.1", aborted(1), "",
                 {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3}),
      bytes_case("request_of_4_gib_declared", lengths, bad, "", with_length(1, 0xFFFFFFFF)),
      bytes_case("request_over_256_kib_declared", lengths, bad, "", with_length(1, 256U << 10U)),
      bytes_case("request_of_no_bytes", fixed, bad, "shorter than its fixed part", with_length(1, 0)),
      bytes_case("request_cut_in_its_fixed_part", fixed, bad, "shorter than its fixed part",
                 pdu(1, joined({0, 1}, Bytes(65)))),
      make("protocol_version_0", "PS3.8 9.3.4 Table 9-21", rejected(1, 2, 2),
           "protocol version 1 is not offered", [](Parts& p) { p.version = 0; }),
      make("protocol_version_16_only", "PS3.8 9.3.2 Table 9-11", rejected(1, 2, 2),
           "protocol version 1 is not offered", [](Parts& p) { p.version = 0x8000; }),
      make("no_items", fixed, bad, "no application context",
           [](Parts& p) { p.application = p.contexts = p.user = {}; }),
      make("an_item_header_cut_off", lengths, bad, "its header is cut off",
           [](Parts& p) { p.user = {0x50, 0, 0}; }),
      make("an_item_longer_than_the_pdu", lengths, bad, "greater than what holds it",
           [](Parts& p) { p.user = {0x50, 0, 0xFF, 0xFF}; }),
      make("application_context_twice", fixed, bad, "0x10 at offset 99: twice",
           [](Parts& p) { p.application = [&] { Bytes two = p.application; append(two, p.application); return two; }(); }),
      make("application_context_empty", uid, bad, "not a UID", [](Parts& p) { p.application = item(0x10, {}); }),
      make("application_context_of_65_characters", uid, bad, "not a UID",
           [&](Parts& p) { p.application = item(0x10, as_bytes(long_uid)); }),
      make("application_context_with_letters", uid, bad, "not a UID",
           [](Parts& p) { p.application = item(0x10, as_bytes("1.2.eight")); }),
      make("another_application_context", "PS3.8 9.3.4 Table 9-21", rejected(1, 1, 2), "",
           [](Parts& p) { p.application = item(0x10, as_bytes("1.2.3")); }),
      make("application_context_missing", fixed, bad, "no application context", [](Parts& p) { p.application = {}; }),
      make("presentation_contexts_missing", fixed, bad, "no presentation context", [](Parts& p) { p.contexts = {}; }),
      contexts("an_even_context_id", context_item, "the context id is even", context(2, {abstract, transfer})),
      contexts("context_id_0", context_item, "the context id is even", context(0, {abstract, transfer})),
      contexts("a_context_id_twice", context_item, "a context id twice",
               joined(context(1, {abstract, transfer}), context(1, {abstract, transfer}))),
      contexts("a_context_shorter_than_its_header", context_item, "shorter than 4 bytes", item(0x20, Bytes{1, 0})),
      contexts("a_context_without_abstract_syntax", context_item, "without abstract or transfer", context(1, {transfer})),
      contexts("a_context_without_transfer_syntax", context_item, "without abstract or transfer", context(1, {abstract})),
      contexts("two_abstract_syntaxes_in_one_context", context_item, "a second abstract syntax", context(1, {abstract, abstract, transfer})),
      contexts("an_empty_abstract_syntax", syntax, "type 0x30 at offset 107: not a UID", context(1, {item(0x30, {}), transfer})),
      contexts("an_abstract_syntax_of_65_characters", syntax, "type 0x30 at offset 107: not a UID",
               context(1, {item(0x30, as_bytes(long_uid)), transfer})),
      contexts("an_abstract_syntax_with_a_line_feed", syntax, "type 0x30 at offset 107: not a UID",
               context(1, {item(0x30, as_bytes("1.2\n3")), transfer})),
      contexts("an_empty_transfer_syntax", syntax, "type 0x40", context(1, {abstract, item(0x40, {})})),
      contexts("a_transfer_syntax_of_65_characters", syntax, "type 0x40", context(1, {abstract, item(0x40, as_bytes(long_uid))})),
      contexts("a_transfer_syntax_that_is_a_path", syntax, "type 0x40", context(1, {abstract, item(0x40, as_bytes("../../etc"))})),
      contexts("a_syntax_whose_header_is_cut_off", lengths, "type 0x40", context(1, {abstract, Bytes{0x40, 0}})),
      contexts("a_syntax_longer_than_its_context", lengths, "type 0x40", context(1, {abstract, Bytes{0x40, 0, 0, 99, '1'}})),
      make("a_calling_title_with_a_line_feed", "PS3.5 6.2 AE", bad, "outside ISO 646", [](Parts& p) { p.calling = "CT\nFORGED"; }),
      make("a_calling_title_with_an_escape", "PS3.5 6.2 AE", bad, "outside ISO 646", [](Parts& p) { p.calling = "CT\x1B[2J"; }),
      make("a_called_title_with_a_nul_inside", "PS3.5 6.2 AE", bad, "outside ISO 646",
           [](Parts& p) { p.called = std::string("DOSI\0GATE", 9); }),
      make("a_called_title_of_eight_bit_letters", "PS3.5 6.2 AE", bad, "outside ISO 646", [](Parts& p) { p.called = "CORA\xC7\xC3O"; }),
      make("an_unknown_called_title", "PS3.8 9.3.4 Table 9-21", rejected(1, 1, 7), "", [](Parts& p) { p.called = "SOMEBODY"; }),
      make("a_calling_title_of_16_spaces", "PS3.5 6.2 AE", rejected(1, 1, 3), "", [](Parts& p) { p.calling = ""; }),
      make("an_unknown_item_is_skipped", "PS3.8 9.3.1", accepted(), "", [](Parts& p) { append(p.application, item(0x99, Bytes(7))); }),
      make("an_unknown_item_in_a_context_is_skipped", "PS3.8 9.3.1", accepted(), "",
           [&](Parts& p) { p.contexts = context(1, {abstract, item(0x41, Bytes(3)), transfer}); }),
      make("reserved_bytes_are_not_tested", "PS3.8 9.3.2 Table 9-11", accepted(), "", [](Parts& p) { p.reserved = 0xFF; }),
      make("no_context_that_we_take", "PS3.8 9.3.3.2 Table 9-18", accepted(), "",
           [&](Parts& p) { p.contexts = context(1, {item(0x30, as_bytes("1.2.840.10008.5.1.4.1.2.2.1")), transfer}); }),
      make("no_transfer_syntax_that_we_know", "PS3.8 9.3.3.2 Table 9-18", accepted(), "",
           [&](Parts& p) { p.contexts = context(1, {abstract, item(0x40, as_bytes("1.2.3.4"))}); }),
      make("all_128_context_ids", "PS3.8 9.3.2.2", accepted(), "",
           [&](Parts& p) {
             p.contexts = {};
             for (unsigned id = 1; id < 256; id += 2) append(p.contexts, context(static_cast<Byte>(id), {abstract, transfer}));
           }),
      make("a_129th_context", "PS3.8 9.3.2.2", bad, "a context id twice",
           [&](Parts& p) {
             p.contexts = {};
             for (unsigned id = 1; id < 258; id += 2) append(p.contexts, context(static_cast<Byte>(id), {abstract, transfer}));
           }),
      make("a_thousand_transfer_syntaxes", "PS3.8 9.3.2.2", accepted(), "",
           [&](Parts& p) {
             Bytes many = abstract;
             for (unsigned i = 0; i < 1000; ++i) append(many, item(0x40, as_bytes("1.2." + std::to_string(i))));
             p.contexts = context(1, {many, transfer});
           }),
      {"half_a_request_and_a_close", "PS3.8 9.2.3 Sta2 AA-5", closed(), "",
       [](const Attack& attack) {
         RawScu scu(attack.port());
         scu.send(ByteView(Parts().bytes()).first(100));
         scu.close();
         return closed();
       }},
      {"three_bytes_and_a_close", "PS3.8 9.2.3 Sta2 AA-5", closed(), "",
       [](const Attack& attack) {
         RawScu scu(attack.port());
         scu.send(Bytes{1, 0, 0});
         scu.close();
         return closed();
       }},
  };
  return all;
}

}  // namespace dosigate::testing
