// Writes what the fuzzers start from: corpus DIRECTORY TARGET. Made of the hostile cases and of
// honest bytes; the walker also starts from the developers' collection of files, where it is there.

#include <fstream>
#include <iostream>
#include <map>

#include "dosigate/base/durable_file.h"
#include "dosigate/dicom/walker.h"
#include "support/paths.h"
#include "support/pdu_bytes.h"
#include "unit/dicom/real_files.h"
#include "wire/hostile_case.h"
#include "wire/hostile_request_parts.h"

namespace dosigate::testing {
namespace {

using Seeds = std::vector<Bytes>;

constexpr std::size_t kLargestSeed = 64U << 10U;

Bytes copy(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }
Bytes of_file(const std::string& name) {
  return read_file(std::filesystem::path(DOSIGATE_SOURCE_DIR) / name, 1U << 20U);
}

Seeds requests() {
  Seeds out{RequestParts().bytes()};
  for (const auto& table : {hostile_requests(), hostile_user_items()})
    for (const auto& one : table)
      if (!one.request.empty()) out.push_back(one.request);
  return out;
}

/// Answers to contexts 1 and 3, as the target asks for them.
Seeds answers() {
  const auto answer = [](Byte first, Byte second) {
    Bytes body{0, 1, 0, 0};
    body.resize(68, ' ');
    append(body, item(0x10, as_bytes("1.2.840.10008.3.1.1.1")));
    for (const Byte id : {first, second}) {
      Bytes context{id, 0, 0, 0};
      append(context, item(0x40, as_bytes(id == 1 ? kExplicitSyntax : kImplicitSyntax)));
      append(body, item(0x21, context));
    }
    append(body, item(0x50, RequestParts::user_items()));
    return pdu(2, body);
  };
  return {answer(1, 3), answer(1, 1), answer(3, 5), pdu(3, Bytes{0, 1, 1, 7}), pdu(7, Bytes(4))};
}

Seeds commands() {
  Seeds out{RawScu::store_command(kCtClass, kHonestInstance),
            RawScu::plain_command(0x0030, kVerificationClass)};
  for (const auto& one : hostile_commands())
    if (!one.command.empty()) out.push_back(one.command);
  return out;
}

Seeds messages() {
  const auto joined = [](std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) append(out, part);
    return out;
  };
  const Bytes echo =
      RawScu::p_data(3, true, true, RawScu::plain_command(0x0030, kVerificationClass));
  const Bytes store =
      RawScu::p_data(1, true, true, RawScu::store_command(kCtClass, kHonestInstance));
  const Bytes data = Spoilt().bytes();
  const Bytes release = pdu(5, Bytes(4));
  Seeds out{joined({echo, echo, release}),
            joined({store, RawScu::p_data(1, false, true, data), release}),
            joined({store, RawScu::p_data(1, false, false, data),
                    RawScu::p_data(1, false, true, data), echo}),
            joined({store, pdu(7, Bytes(4))}), joined({echo, RequestParts().bytes()})};
  for (const Bytes& command : commands()) out.push_back(RawScu::p_data(3, true, true, command));
  return out;
}

/// The first byte chooses the transfer syntax, as the target does.
Seeds data_sets() {
  Seeds out;
  const auto add = [&out](Byte syntax, const Bytes& bytes) {
    if (bytes.size() >= kLargestSeed) return;
    Bytes seed{syntax};
    append(seed, bytes);
    out.push_back(std::move(seed));
  };
  const std::array<Encoding, 3> encodings{Encoding::ImplicitLittle, Encoding::ExplicitLittle,
                                          Encoding::ExplicitBig};
  constexpr std::uint32_t kImages = 0x00081140, kPixels = 0x7FE00010;
  for (Byte i = 0; i < encodings.size(); ++i) {
    const Encoding encoding = encodings[i];
    Wire inner(encoding);
    inner.element(0x00081150, "UI", "1.2.").element(0x00081155, "UI", "1.2.3.");
    add(i, Spoilt(encoding).bytes());
    for (const bool undefined : {true, false})
      add(i, Spoilt(encoding).put(kImages, nested(encoding, kImages, 9, undefined)).bytes());
    add(i, Spoilt(encoding)
               .put(kImages, Wire(encoding).element(kImages, "SQ", Wire(encoding).item(inner)))
               .bytes());
    add(i, Wire(encoding)
               .element(0x00290011, "LO", "SIEMENS MEDCOM HEADER ")
               .element(0x00291140, "SQ", Wire(encoding).item(inner))
               .bytes);
    add(i, Wire(encoding)
               .header(kImages, "UN", Wire::kUndefined)
               .text(as_text(Wire(Encoding::ImplicitLittle).item(4).bytes))
               .text(as_text(Wire(Encoding::ImplicitLittle).item().end_item().bytes))
               .end_sequence()
               .bytes);
  }
  add(3, Spoilt()
             .put(kPixels, Wire()
                               .header(kPixels, "OB", Wire::kUndefined)
                               .fragment("")
                               .fragment("\xFF\xD8\xFF\xD9")
                               .end_sequence())
             .bytes());
  for (const auto& file : real_files()) {
    const std::map<std::string, Byte> syntaxes{{"1.2.840.10008.1.2", 0},
                                               {"1.2.840.10008.1.2.1", 1},
                                               {"1.2.840.10008.1.2.2", 2},
                                               {"1.2.840.10008.1.2.4.70", 3}};
    const auto found = syntaxes.find(file.transfer_syntax_uid.c_str());
    if (found != syntaxes.end()) add(found->second, file.data_set);
  }
  return out;
}

Seeds deflated() {
  Seeds out;
  for (const Bytes& data_set : data_sets())
    if (data_set[0] == 1) out.push_back(deflate_data_set(ByteView(data_set).subspan(1)));
  out.push_back(deflate_data_set(Bytes(kAnyRatioUpTo + 1)));
  for (auto& file : real_files())
    if (file.transfer_syntax_uid == "1.2.840.10008.1.2.1.99")
      out.push_back(std::move(file.data_set));
  return out;
}

Seeds profiles() {
  return {of_file("conf/profiles/dosimetry.toml"), of_file("conf/profiles/basic.toml"),
          copy("name = \"x\"\nversion = \"1\"\n[options]\nretain_uids = true\n"
               "[[rule]]\ntag = \"0010,xx20 > 0008,0100\"\naction = \"keep\"\n"
               "[[drop]]\nmodality = \"SC\"\nburned_in = true\n"
               "[[subject]]\nname = \"phantoms\"\npatient_id = \"QC*\"\n")};
}

/// The sample as it is, and with every key set that it only shows.
Seeds configurations() {
  const Bytes sample = of_file("conf/dosigate.toml");
  std::string shown;
  const std::string_view text = as_text(sample);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.remove_prefix(1);
    if (!line.starts_with("# ")) shown.append(line).append("\n");
    at = end + 1;
  }
  return {sample, copy(shown)};
}

Seeds sealed_files() {
  return {Bytes{1},       Bytes{1, 0, 0, 0, 'D'}, Bytes{1, 8, 0, 0, 9}, Bytes{1, 0xFF, 0xFF, 1, 0},
          Bytes{1, 0x80}, Bytes(300, 0)};
}

Seeds http() {
  return {copy("GET /api/v1/status HTTP/1.1\r\nHost: dosigate\r\n\r\n"),
          copy("GET /api/v1/queue?state=parked&limit=10&x=%41+b HTTP/1.1\r\nHost: d\r\n\r\n"),
          copy("POST /api/v1/drain HTTP/1.1\r\nHost: d\r\nContent-Length: 11\r\n\r\n{\"on\":true}"),
          copy("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n")};
}

/// The first byte says of what kind it is, the second how it is cut.
Seeds uploads() {
  Bytes zip = copy(std::string(
      "\1\10PK\3\4\24\0\0\0\0\0\0\0\0\0\206\246\020\066\5\0\0\0\5\0\0\0\1\0\0\0ahello", 38));
  zip[0] = 0;
  return {zip, copy("\1\6--b\r\nA: b\r\n\r\nfirst\r\n--b\r\n\r\n\r\n--b--\r\n"),
          copy("\2\6m/r; type=\"application/dicom\"; boundary=x")};
}

}  // namespace
}  // namespace dosigate::testing

int main(int argc, char** argv) {
  using namespace dosigate::testing;
  const std::map<std::string, Seeds (*)()> makers{{"association_request", requests},
                                                  {"command_set", commands},
                                                  {"association_answer", answers},
                                                  {"messages", messages},
                                                  {"walker", data_sets},
                                                  {"deflate", deflated},
                                                  {"profile", profiles},
                                                  {"configuration", configurations},
                                                  {"http", http},
                                                  {"upload", uploads},
                                                  {"sealed_file", sealed_files}};
  const auto maker = argc == 3 ? makers.find(argv[2]) : makers.end();
  if (maker == makers.end()) {
    std::cerr << "usage: corpus DIRECTORY TARGET\n";
    return 1;
  }
  std::filesystem::create_directories(argv[1]);
  std::size_t number = 0;
  for (const dosigate::Bytes& seed : maker->second()) {
    std::ofstream out(std::filesystem::path(argv[1]) / ("seed-" + std::to_string(number++)),
                      std::ios::binary);
    out.write(reinterpret_cast<const char*>(seed.data()),
              static_cast<std::streamsize>(seed.size()));
    if (!out) return 1;
  }
  std::cout << number << " seeds for " << argv[2] << "\n";
  return 0;
}
