// Much of something that is allowed once: what it costs must end (PS3.7 9.1.1.1.9 A700).

#include <sys/socket.h>

#include "support/pdu_bytes.h"
#include "wire/hostile_case.h"
#include "wire/hostile_request_parts.h"

namespace dosigate::testing {
namespace {

constexpr std::uint32_t kImages = 0x00081140, kPixels = 0x7FE00010;
const Bytes kStore = RawScu::store_command(kCtClass, kHonestInstance);

HostileCase stored(const char* name, const char* section, Answer expected, const char* why,
                   const std::function<Bytes()>& make) {
  return {name, section, expected, why,
          [make](const Attack& attack) { return attack.store(kExplicitContext, kStore, make()); }};
}

Bytes fragments(const std::function<void(Wire&)>& fill) {
  Wire wire = Wire().header(kPixels, "OB", Wire::kUndefined);
  fill(wire);
  return Spoilt().put(kPixels, wire.end_sequence()).bytes();
}

/// A P-DATA PDU full of empty data PDVs.
Bytes empty_fragments(std::size_t count) {
  Bytes body;
  for (std::size_t i = 0; i < count; ++i) {
    big_endian(body, 2, 4);
    append(body, Bytes{kExplicitContext, 0});
  }
  return pdu(4, body);
}

}  // namespace

std::vector<HostileCase> hostile_amounts() {
  return {
      stored("an_instance_over_the_limit", "PS3.7 9.1.1.1.9 A700", status(0xA700), "larger than",
             [] {
               const std::string large((kLargestMib << 20U) + 2, 'x');
               return Spoilt().put(kPixels, Wire().element(kPixels, "OW", large)).bytes();
             }),
      {"an_instance_that_never_ends", "PS3.8 9.3.5", aborted(6), "",
       [](const Attack& attack) {
         RawScu scu = attack.open();
         scu.send(RawScu::p_data(kExplicitContext, true, true, kStore));
         const Bytes part = RawScu::p_data(kExplicitContext, false, false, Bytes(100'000));
         for (std::size_t i = 0; i < 6 * kLargestMib * 10; ++i) scu.send(part);
         return Attack::next(scu);
       }},
      {"an_instance_of_empty_fragments_that_never_ends", "PS3.8 9.3.5.1", aborted(6), "",
       [](const Attack& attack) {
         RawScu scu = attack.open();
         scu.send(RawScu::p_data(kExplicitContext, true, true, kStore));
         const Bytes part = empty_fragments(20'000);
         for (std::size_t i = 0; i < 6 * kLargestMib * 10; ++i) scu.send(part);
         return Attack::next(scu);
       }},
      {"a_data_set_in_single_bytes", "PS3.8 Annex F", status(0), "",
       [](const Attack& attack) {
         RawScu scu = attack.open();
         scu.send(RawScu::p_data(kExplicitContext, true, true, kStore));
         const Bytes honest = Spoilt().bytes();
         Bytes all;
         for (std::size_t i = 0; i < honest.size(); ++i)
           append(all, RawScu::p_data(kExplicitContext, false, i + 1 == honest.size(),
                                      Bytes{honest[i]}));
         scu.send(all);
         return Attack::next(scu);
       }},
      stored("a_million_elements", "PS3.5 7.1", status(0xC000), "more than 1000000 elements",
             [] {
               Wire sequence = Wire().header(kImages, "SQ", Wire::kUndefined);
               for (int i = 0; i < 1'000'001; ++i) sequence.item(0);
               return Spoilt().put(kImages, sequence.end_sequence()).bytes();
             }),
      stored("a_hundred_thousand_empty_items", "PS3.5 7.5", status(0), "",
             [] {
               Wire sequence = Wire().header(kImages, "SQ", Wire::kUndefined);
               for (int i = 0; i < 100'000; ++i) sequence.item(0);
               return Spoilt().put(kImages, sequence.end_sequence()).bytes();
             }),
      stored("almost_a_million_items", "PS3.5 7.5", status(0), "",
             [] {
               Wire sequence = Wire().header(kImages, "SQ", Wire::kUndefined);
               for (int i = 0; i < 999'000; ++i) sequence.item(0);
               return Spoilt().put(kImages, sequence.end_sequence()).bytes();
             }),
      stored("a_million_elements_out_of_un", "PS3.5 6.2.2", status(0xC000),
             "sequence inside UN at (0008,1140): more than",
             [] {
               const Encoding implicit = Encoding::ImplicitLittle;
               Wire items(implicit), both;
               for (int i = 0; i < 600'000; ++i) items.item(0);
               Spoilt spoilt = Spoilt().put(kImages, Wire().element(kImages, "UN", items));
               return std::move(spoilt)
                   .put(0x00081115, Wire().element(0x00081115, "UN", items))
                   .bytes();
             }),
      stored("a_million_fragments", "PS3.5 A.4", status(0xC000), "more than 1000000 elements",
             [] {
               return fragments([](Wire& wire) {
                 for (int i = 0; i < 1'000'001; ++i) wire.fragment("");
               });
             }),
      stored("thirty_thousand_private_elements", "PS3.5 7.8", status(0), "",
             [] {
               Wire all;
               all.element(0x00090010, "LO", "NOBODY");
               for (std::uint32_t i = 0; i < 250; ++i) all.element(0x00091000 + i, "LO", "x ");
               Wire items;
               for (int i = 0; i < 120; ++i) items.item(all);
               return Spoilt().put(kImages, Wire().element(kImages, "SQ", items)).bytes();
             }),
      stored("ten_thousand_values", "PS3.5 6.4", status(0), "",
             [] {
               std::string values;
               for (int i = 0; i < 10'000; ++i) values += "1\\";
               return Spoilt()
                   .put(0x00280034, Wire().element(0x00280034, "IS", values + "1 "))
                   .bytes();
             }),
      {"twenty_connections_that_say_nothing", "PS3.8 9.1.4 ARTIM", accepted(), "",
       [](const Attack& attack) {
         std::vector<RawScu> held;
         for (int i = 0; i < 20; ++i) held.emplace_back(attack.port());
         return attack.first(RequestParts().bytes());
       }},
      {"a_request_in_single_bytes", "PS3.8 9.1.4", accepted(), "",
       [](const Attack& attack) {
         RawScu scu(attack.port());
         for (const Byte byte : RequestParts().bytes()) scu.send(Bytes{byte});
         return Attack::next(scu);
       }},
      {"a_hundred_stores_before_the_first_answer_is_read", "PS3.7 D.3.3.3", status(0), "",
       [](const Attack& attack) {
         RawScu scu = attack.open();
         Bytes one = RawScu::p_data(kExplicitContext, true, true, kStore);
         append(one, RawScu::p_data(kExplicitContext, false, true, Spoilt().bytes()));
         for (int i = 0; i < 100; ++i) scu.send(one);
         Answer last{Answer::Kind::Other};
         for (int i = 0; i < 100; ++i) {
           last = Attack::next(scu);
           if (last != status(0)) break;
         }
         return last;
       }},
  };
}

}  // namespace dosigate::testing
