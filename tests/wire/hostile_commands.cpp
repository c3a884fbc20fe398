// Command sets (PS3.7 6.3, 9.3, 10.3, Annex E).

#include "support/pdu_bytes.h"
#include "wire/hostile_case.h"

namespace dosigate::testing {
namespace {

enum Element : std::uint16_t {
  kLength = 0x0000,
  kClass = 0x0002,
  kRequestedClass = 0x0003,
  kField = 0x0100,
  kMessage = 0x0110,
  kPriority = 0x0700,
  kDataSetType = 0x0800,
  kInstance = 0x1000,
  kRequestedInstance = 0x1001,
};

using Elements = std::vector<std::pair<std::uint16_t, Bytes>>;

Bytes text(std::string value) {
  if (value.size() % 2 != 0) value += '\0';
  const ByteView bytes = as_bytes(value);
  return {bytes.begin(), bytes.end()};
}

Bytes set_of(const Elements& elements) {
  Bytes out;
  for (const auto& [number, value] : elements) append(out, command_element(number, value));
  return out;
}

Elements echo() {
  return {{kClass, text(kVerificationClass)},
          {kField, u16(0x0030)},
          {kMessage, u16(7)},
          {kDataSetType, u16(0x0101)}};
}

HostileCase command(const char* name, const char* section, Answer expected, const char* why,
                    const Bytes& command_set, Byte context = kEchoContext) {
  return {name,
          section,
          expected,
          why,
          [command_set, context](const Attack& attack) {
            return attack.then(RawScu::p_data(context, true, true, command_set));
          },
          {},
          command_set};
}

HostileCase with(const char* name, const char* section, Answer expected, const char* why,
                 const std::function<void(Elements&)>& spoil) {
  Elements elements = echo();
  spoil(elements);
  return command(name, section, expected, why, set_of(elements));
}

/// A request that is none of a storage SCP, with its class.
HostileCase operation(const char* name, const char* section, Answer expected, std::uint16_t field,
                      Byte context) {
  return command(name, section, expected, "", RawScu::plain_command(field, kCtClass), context);
}

}  // namespace

std::vector<HostileCase> hostile_commands() {
  const char* const encoding = "PS3.7 6.3.1";
  const char* const fields = "PS3.7 Table E.1-1";
  const char* const store = "PS3.7 Table 9.1-1";
  const Answer bad = aborted(6), unrecognised = status(0x0211);
  const char* const missing = "command field, message id or data set type is missing";
  const char* const not_two = "a number that is not 2 bytes long";
  const char* const both = "an affected and a requested";
  const char* const order = "out of order or twice";
  const Bytes good = set_of(echo());
  const auto replaced = [](std::uint16_t number, Bytes value) {
    return [number, value = std::move(value)](Elements& all) {
      for (auto& [which, bytes] : all)
        if (which == number) bytes = value;
    };
  };
  const auto dropped = [](std::uint16_t number) {
    return [number](Elements& all) {
      std::erase_if(all, [number](const auto& one) { return one.first == number; });
    };
  };
  const auto inserted = [](std::size_t at, std::uint16_t number, Bytes value) {
    return [=](Elements& all) {
      all.insert(all.begin() + static_cast<std::ptrdiff_t>(at), {number, value});
    };
  };
  Bytes foreign = good;
  append(foreign, Bytes{8, 0, 0x18, 0, 2, 0, 0, 0, '1', 0});
  Bytes beyond = good;
  append(beyond, Bytes{0, 0, 0, 0x90, 200, 0, 0, 0, 1});
  Bytes four_gib = good;
  append(four_gib, Bytes{0, 0, 0, 0x90, 0xFF, 0xFF, 0xFF, 0xFF});
  Bytes cut = good;
  append(cut, Bytes{0, 0, 0, 0x90, 0});
  const Bytes explicit_set{0, 0, 0, 0, 'U', 'L', 4, 0, 20, 0, 0, 0, 0, 0, 2, 0, 'U', 'I', 2, 0};
  const Bytes big{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 20, 0, 0, 0, 2};

  return {
      command("a_command_header_cut_off", encoding, bad, "an element header is cut off", cut),
      command("an_element_of_another_group", "PS3.7 6.3.1", bad, "an element outside group 0000",
              foreign),
      command("a_command_length_over_the_end", encoding, bad, "greater than what is left", beyond),
      command("a_command_length_of_4_gib", encoding, bad, "greater than what is left", four_gib),
      command("a_command_in_explicit_vr", encoding, bad, "greater than what is left", explicit_set),
      command("a_command_in_big_endian", encoding, bad, "greater than what is left", big),
      with("a_message_id_twice", encoding, bad, order, inserted(3, kMessage, u16(8))),
      with("a_class_twice", encoding, bad, order, inserted(1, kClass, text(kCtClass))),
      with("a_field_before_its_class", encoding, bad, order,
           [](Elements& all) { std::swap(all[0], all[1]); }),
      with("a_group_length_at_the_end", encoding, bad, order, inserted(4, kLength, Bytes(4))),
      with("an_affected_and_a_requested_class", "PS3.7 9.3.5, 10.3.1", bad, both,
           inserted(1, kRequestedClass, text(kVerificationClass))),
      with("an_affected_class_and_a_requested_instance", "PS3.7 10.3.2", bad, both,
           inserted(4, kRequestedInstance, text("1.2.3"))),
      with("no_command_field", fields, bad, missing, dropped(kField)),
      with("no_message_id", fields, bad, missing, dropped(kMessage)),
      with("no_data_set_type", fields, bad, missing, dropped(kDataSetType)),
      with("a_field_of_4_bytes", fields, bad, not_two, replaced(kField, {0x30, 0, 0, 0})),
      with("a_message_id_of_1_byte", fields, bad, not_two, replaced(kMessage, {7})),
      with("a_data_set_type_of_no_bytes", fields, bad, not_two, replaced(kDataSetType, {})),
      with("an_event_type_of_6_bytes", fields, bad, not_two, inserted(4, 0x1002, Bytes(6))),
      with("a_group_length_of_2_bytes", encoding, bad, "a group length of not 4 bytes",
           inserted(0, kLength, u16(9))),
      with("a_group_length_that_lies_is_not_asked", encoding, status(0), "",
           inserted(0, kLength, {0xFF, 0xFF, 0xFF, 0x7F})),
      with("no_group_length", encoding, status(0), "", [](Elements&) {}),
      with("unknown_elements_are_skipped", "PS3.7 Annex E", status(0), "",
           [](Elements& all) {
             all.push_back({0x4000, Bytes(200, 0xFF)});
             all.push_back({0x9999, {}});
           }),
      with("a_priority_that_is_none", "PS3.7 Table 9.1-1", status(0), "",
           inserted(3, kPriority, Bytes(300, '%'))),
      with("an_echo_of_another_class", "PS3.7 9.3.5", status(0), "",
           replaced(kClass, text("'; DROP TABLE map; --"))),
      with("an_echo_of_a_class_of_4_kib", "PS3.7 9.3.5", status(0), "",
           replaced(kClass, Bytes(4096, '9'))),
      with("four_thousand_elements", encoding, status(0), "",
           [](Elements& all) {
             for (std::uint16_t i = 0; i < 4000; ++i)
               all.push_back({static_cast<std::uint16_t>(0x2000 + i), {}});
           }),
      operation("a_find", "PS3.7 9.3.2 Annex C.5.13", unrecognised, 0x0020, kImplicitContext),
      operation("a_move", "PS3.7 9.3.4 Annex C.5.13", unrecognised, 0x0021, kImplicitContext),
      operation("a_get", "PS3.7 9.3.3 Annex C.5.13", unrecognised, 0x0010, kImplicitContext),
      operation("a_delete", "PS3.7 10.3.6 Annex C.5.13", unrecognised, 0x0150, kImplicitContext),
      operation("an_event_nobody_asked_for", "PS3.4 J.3.3", unrecognised, 0x0100, kImplicitContext),
      operation("field_0", fields, unrecognised, 0x0000, kImplicitContext),
      operation("a_store_response", fields, bad, 0x8001, kImplicitContext),
      operation("every_bit_of_the_field", fields, bad, 0xFFFF, kImplicitContext),
      operation("an_echo_on_a_storage_context", "PS3.7 9.3.5", status(0), 0x0030, kImplicitContext),
      {"a_store_for_verification", "PS3.7 9.1.1.1.9 0122", status(0x0122), "",
       [](const Attack& attack) {
         return attack.store(kEchoContext, RawScu::store_command(kVerificationClass, "1.2.3"),
                             Spoilt().bytes());
       }},
      {"a_create_with_its_data_set", "PS3.7 10.3.5 Annex C.5.13", unrecognised, "",
       [](const Attack& attack) {
         const Bytes create = set_of({{kClass, text(kCtClass)},
                                      {kField, u16(0x0140)},
                                      {kMessage, u16(1)},
                                      {kDataSetType, u16(0)}});
         return attack.store(kExplicitContext, create, Spoilt().bytes());
       }},
      {"a_cancel_has_no_answer", "PS3.7 9.3.2.3", status(0), "",
       [](const Attack& attack) {
         RawScu scu = attack.open();
         const Bytes cancel =
             set_of({{kField, u16(0x0FFF)}, {0x0120, u16(1)}, {kDataSetType, u16(0x0101)}});
         scu.send(RawScu::p_data(kEchoContext, true, true, cancel));
         scu.send(RawScu::p_data(kEchoContext, true, true, set_of(echo())));
         return Attack::next(scu);
       }},
      {"a_store_that_says_it_has_no_data_set", store, status(0xC000), "",
       [](const Attack& attack) {
         return attack.then(
             RawScu::p_data(kExplicitContext, true, true,
                            RawScu::store_command(kCtClass, kHonestInstance, 1, false)));
       }},
      {"the_next_command_in_place_of_a_data_set", "PS3.7 9.3.1", bad, "",
       [](const Attack& attack) {
         const Bytes store_command = RawScu::store_command(kCtClass, kHonestInstance);
         Bytes both_commands = RawScu::p_data(kExplicitContext, true, true, store_command);
         append(both_commands, RawScu::p_data(kEchoContext, true, true, set_of(echo())));
         return attack.then(both_commands);
       }},
      {"a_data_set_behind_an_echo_without_one", "PS3.7 6.3.1", status(0), "",
       [](const Attack& attack) {
         RawScu scu = attack.open();
         scu.send(RawScu::p_data(kEchoContext, true, true, set_of(echo())));
         scu.send(RawScu::p_data(kEchoContext, false, true, Bytes(100)));
         const Answer first = Attack::next(scu);
         return first == status(0) && Attack::next(scu) == aborted(6) ? first
                                                                      : Answer{Answer::Kind::Other};
       }},
  };
}

}  // namespace dosigate::testing
