// PDUs and PDVs on an established association (PS3.8 9.2, 9.3.5 to 9.3.8).

#include <sys/socket.h>

#include "support/pdu_bytes.h"
#include "wire/hostile_case.h"
#include "wire/hostile_request_parts.h"

namespace dosigate::testing {
namespace {

const Bytes kEcho = RawScu::plain_command(0x0030, kVerificationClass);
const Bytes kStore = RawScu::store_command(kCtClass, kHonestInstance);

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

HostileCase send(const char* name, const char* section, Answer expected, Bytes bytes) {
  return {name, section, expected, "",
          [bytes = std::move(bytes)](const Attack& attack) { return attack.then(bytes); }};
}

/// A peer that sends and is gone: nothing can be answered, the node has to notice.
HostileCase leave(const char* name, const char* section, Bytes bytes) {
  return {name, section, closed(), "", [bytes = std::move(bytes)](const Attack& attack) {
            RawScu scu = attack.open();
            scu.send(bytes);
            scu.close();
            return closed();
          }};
}

/// The header of a PDU that declares a length, and what follows it.
Bytes declared(Byte type, std::size_t length, ByteView rest = {}) {
  Bytes out{type, 0};
  big_endian(out, length, 4);
  append(out, rest);
  return out;
}

/// A PDV with a length of its own choice.
Bytes pdv(std::size_t length, Byte context, Byte control, ByteView data) {
  Bytes out;
  big_endian(out, length, 4);
  append(out, Bytes{context, control});
  append(out, data);
  return out;
}

Bytes command_part(Byte context, bool last, ByteView data) {
  return RawScu::p_data(context, true, last, data);
}
Bytes data_part(Byte context, bool last, ByteView data) {
  return RawScu::p_data(context, false, last, data);
}

}  // namespace

std::vector<HostileCase> hostile_pdus() {
  const char* const state = "PS3.8 9.2 Table 9-10 Sta6";
  const char* const data = "PS3.8 9.3.5.1 Table 9-23";
  const char* const length = "PS3.8 9.3.1";
  const char* const control = "PS3.8 Annex E.2";
  const Answer bad = aborted(6), unexpected = aborted(2), unknown = aborted(1);
  const Bytes half = ByteView(kEcho).size() > 20 ? Bytes(kEcho.begin(), kEcho.begin() + 20) : kEcho;
  const Bytes rest(kEcho.begin() + 20, kEcho.end());
  const Bytes store = command_part(kExplicitContext, true, kStore);
  const Bytes honest = Spoilt().bytes();
  Bytes strange_header = pdv(kEcho.size() + 2, kEchoContext, 0x03 | 0xFC, kEcho);
  Bytes reserved = command_part(kEchoContext, true, kEcho);
  reserved[1] = 0xFF;

  return {
      send("a_second_association_request", state, unexpected, RequestParts().bytes()),
      send("an_accept_inside_an_association", state, unexpected, pdu(2, Bytes(68))),
      send("a_reject_inside_an_association", state, unexpected, pdu(3, Bytes(4))),
      send("a_release_reply_nobody_asked_for", state, unexpected, pdu(6, Bytes(4))),
      send("pdu_type_0_inside", state, unknown, pdu(0, Bytes(4))),
      send("pdu_type_8_inside", state, unknown, pdu(8, Bytes(4))),
      send("text_inside_an_association", state, unknown, joined({Bytes(64, 'A')})),
      send("an_abort_is_not_answered", "PS3.8 9.2 AA-3", closed(), pdu(7, Bytes(4))),
      send("an_abort_of_4_gib", "PS3.8 9.2 AA-3", closed(), declared(7, 0xFFFFFFFF)),
      send("a_release_of_no_bytes", "PS3.8 9.3.6 Table 9-24", bad, declared(5, 0)),
      send("a_release_of_4_gib", "PS3.8 9.3.6 Table 9-24", bad, declared(5, 0xFFFFFFFF)),
      send("a_release", "PS3.8 9.3.7", released(), pdu(5, Bytes(4))),
      send("data_of_no_bytes", data, bad, declared(4, 0)),
      send("data_shorter_than_a_pdv_header", data, bad, declared(4, 5, Bytes(5))),
      send("data_longer_than_we_announced", "PS3.8 D.1.1", bad, declared(4, 1U << 20U)),
      send("data_of_4_gib", length, bad, declared(4, 0xFFFFFFFF)),
      send("a_pdv_of_length_0", data, bad, pdu(4, pdv(0, kEchoContext, 3, {}))),
      send("a_pdv_of_length_1", data, bad, pdu(4, pdv(1, kEchoContext, 3, {}))),
      send("a_pdv_longer_than_its_pdu", data, bad, pdu(4, pdv(99, kEchoContext, 3, kEcho))),
      send("a_pdv_of_4_gib", data, bad, pdu(4, pdv(0xFFFFFFFF, kEchoContext, 3, kEcho))),
      send("bytes_behind_the_last_pdv", data, bad,
           pdu(4, joined({pdv(half.size() + 2, kEchoContext, 1, half), Bytes(5)}))),
      send("a_second_pdv_longer_than_the_rest", data, bad,
           pdu(4, joined({pdv(half.size() + 2, kEchoContext, 1, half),
                          pdv(0x7FFFFFFF, kEchoContext, 3, rest)}))),
      send("a_third_pdv_longer_than_the_rest", data, bad,
           pdu(4, joined({pdv(half.size() + 2, kEchoContext, 1, half),
                          pdv(4, kEchoContext, 1, rest), pdv(0xFFFFFFF0, kEchoContext, 3, {})}))),
      send("a_context_never_proposed", "PS3.8 9.3.5.1", bad, command_part(99, true, kEcho)),
      send("context_id_0_in_data", "PS3.8 9.3.2.2", bad, command_part(0, true, kEcho)),
      send("a_context_that_was_refused", "PS3.8 9.3.3.2", bad,
           command_part(kRefusedContext, true, kEcho)),
      send("a_data_set_without_command", "PS3.7 6.3.1", bad,
           data_part(kExplicitContext, true, honest)),
      send("a_command_that_goes_on_in_another_context", control, bad,
           joined({command_part(kEchoContext, false, half),
                   command_part(kExplicitContext, true, rest)})),
      send("data_inside_a_command", control, bad,
           joined({command_part(kEchoContext, false, half), data_part(kEchoContext, true, rest)})),
      send("a_command_inside_a_data_set", control, bad,
           joined({store, data_part(kExplicitContext, false, honest),
                   command_part(kExplicitContext, true, kEcho)})),
      send("a_data_set_in_another_context", control, bad,
           joined({store, data_part(kImplicitContext, true, honest)})),
      send("a_data_set_that_changes_its_context", control, bad,
           joined({store, data_part(kExplicitContext, false, honest),
                   data_part(kImplicitContext, true, honest)})),
      send(
          "an_empty_fragment_of_a_command", "PS3.8 9.3.5.1", bad,
          joined({command_part(kEchoContext, false, {}), command_part(kEchoContext, true, kEcho)})),
      send("a_command_of_no_bytes", "PS3.7 6.3.1", bad, command_part(kEchoContext, true, {})),
      send("a_command_over_64_kib", "PS3.7 6.3.1", bad,
           joined({command_part(kEchoContext, false, Bytes(15'000)),
                   command_part(kEchoContext, false, Bytes(100'000))})),
      send("a_release_inside_a_command", "PS3.8 9.2", bad,
           joined({command_part(kEchoContext, false, half), pdu(5, Bytes(4))})),
      send("a_release_inside_a_data_set", "PS3.8 9.2", bad,
           joined({store, data_part(kExplicitContext, false, honest), pdu(5, Bytes(4))})),
      send("an_abort_inside_a_data_set", "PS3.8 9.2 AA-3", closed(),
           joined({store, data_part(kExplicitContext, false, honest), pdu(7, Bytes(4))})),
      send("a_second_request_inside_a_data_set", state, unexpected,
           joined({store, data_part(kExplicitContext, false, honest), RequestParts().bytes()})),
      send("reserved_bits_of_the_control_header", control, status(0), pdu(4, strange_header)),
      send("the_reserved_byte_of_a_pdu", "PS3.8 9.3.1", status(0), reserved),
      send("a_command_in_single_bytes", "PS3.8 Annex F", status(0),
           [] {
             Bytes out;
             for (std::size_t i = 0; i < kEcho.size(); ++i)
               append(out, command_part(kEchoContext, i + 1 == kEcho.size(), Bytes{kEcho[i]}));
             return out;
           }()),
      send(
          "an_empty_last_fragment", "PS3.8 9.3.5.1", status(0),
          joined({command_part(kEchoContext, false, kEcho), command_part(kEchoContext, true, {})})),
      send("command_and_data_set_in_one_pdu", "PS3.8 9.3.5", status(0),
           pdu(4, joined({pdv(kStore.size() + 2, kExplicitContext, 3, kStore),
                          pdv(honest.size() + 2, kExplicitContext, 2, honest)}))),
      leave("gone_inside_a_pdu_header", "PS3.8 9.2 AA-4", {4, 0, 0}),
      leave("gone_inside_a_pdv", "PS3.8 9.2 AA-4", declared(4, 1000, Bytes(100))),
      leave("gone_inside_a_command", "PS3.8 9.2 AA-4", command_part(kEchoContext, false, half)),
      leave("gone_inside_a_data_set", "PS3.8 9.2 AA-4",
            joined({store, data_part(kExplicitContext, false, honest)})),
      leave("gone_before_the_response", "PS3.8 9.2 AA-4",
            joined({store, data_part(kExplicitContext, true, honest)})),
      leave("gone_with_a_command_unanswered_a_hundred_times", "PS3.8 9.2 AA-4",
            [] {
              Bytes out;
              for (int i = 0; i < 100; ++i) append(out, command_part(kEchoContext, true, kEcho));
              return out;
            }()),
      {"garbage_right_behind_the_request", state, unknown, "",
       [](const Attack& attack) {
         RawScu scu(attack.port());
         scu.send(joined({RequestParts().bytes(), Bytes(200, 0xEE)}));
         const auto answer = scu.receive();
         return answer && answer->type == 2 ? Attack::next(scu) : Answer{Answer::Kind::Other};
       }},
      {"a_message_before_the_answer_is_read", "PS3.8 9.2 Table 9-10 Sta3", aborted(6), "",
       [](const Attack& attack) {
         RawScu scu(attack.port());
         // Context 1 of RequestParts is open when the message is read; 99 is not.
         scu.send(joined({RequestParts().bytes(), command_part(99, true, kEcho)}));
         const auto answer = scu.receive();
         return answer && answer->type == 2 ? Attack::next(scu) : Answer{Answer::Kind::Other};
       }},
  };
}

}  // namespace dosigate::testing
