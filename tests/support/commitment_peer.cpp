#include "support/commitment_peer.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "dosigate/net/association_request.h"
#include "support/pdu_bytes.h"

namespace dosigate::testing {
namespace {

constexpr int kSliceMs = 20;

Bytes padded(std::string uid) {
  if (uid.size() % 2 != 0) uid += '\0';
  return {uid.begin(), uid.end()};
}

void command_element(Bytes& out, std::uint16_t number, ByteView value) {
  little_endian(out, 0, 2);
  little_endian(out, number, 2);
  little_endian(out, value.size(), 4);
  append(out, value);
}

void tag(Bytes& out, std::uint16_t group, std::uint16_t number) {
  little_endian(out, group, 2);
  little_endian(out, number, 2);
}

/// Explicit VR, short form.
void element(Bytes& out, std::uint16_t group, std::uint16_t number, const char* vr,
             ByteView value) {
  tag(out, group, number);
  append(out, as_bytes(vr));
  little_endian(out, value.size(), 2);
  append(out, value);
}

void sequence(Bytes& out, std::uint16_t group, std::uint16_t number,
              const std::vector<Bytes>& items) {
  Bytes all;
  for (const Bytes& one : items) {
    tag(all, 0xFFFE, 0xE000);
    little_endian(all, one.size(), 4);
    append(all, one);
  }
  tag(out, group, number);
  append(out, as_bytes("SQ"));
  little_endian(out, 0, 2);
  little_endian(out, all.size(), 4);
  append(out, all);
}

bool receive(const std::stop_token& stop, int socket, std::span<Byte> into) {
  while (!into.empty()) {
    if (stop.stop_requested()) return false;
    pollfd entry{socket, POLLIN, 0};
    if (::poll(&entry, 1, kSliceMs) <= 0) continue;
    const ssize_t got = ::recv(socket, into.data(), into.size(), 0);
    if (got <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

bool receive_pdu(const std::stop_token& stop, int socket, Bytes& whole) {
  whole.resize(6);
  if (!receive(stop, socket, whole)) return false;
  const std::size_t length = std::size_t{whole[2]} << 24U | std::size_t{whole[3]} << 16U |
                             std::size_t{whole[4]} << 8U | whole[5];
  whole.resize(6 + length);
  return receive(stop, socket, std::span(whole).subspan(6));
}

void send(int socket, ByteView bytes) {
  (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

Bytes accept_pdu(const Bytes& request, const AssociationRequest& parsed,
                 const std::set<std::string>& classes) {
  Bytes body{0, 1, 0, 0};
  append(body, ByteView(request).subspan(10, 64));  // titles and reserved bytes as sent
  append(body, item(0x10, as_bytes("1.2.840.10008.3.1.1.1")));
  for (const auto& context : parsed.contexts) {
    const bool yes = classes.contains(context.abstract_syntax);
    Bytes answer{context.id, 0, static_cast<Byte>(yes ? 0 : 3), 0};
    append(answer, item(0x40, as_bytes(context.transfer_syntaxes.front())));
    append(body, item(0x21, answer));
  }
  Bytes user = item(0x51, Bytes{0, 0, 0x40, 0});
  append(user, item(0x52, as_bytes("2.25.1")));
  append(body, item(0x50, user));
  return pdu(2, body);
}

}  // namespace

Bytes request_with_role(const std::string& called, const std::string& calling,
                        const std::vector<RawScu::Context>& contexts, const std::string& sop_class,
                        bool scu, bool scp) {
  Bytes out = RawScu::association_request(called, calling, contexts);
  Bytes body;
  big_endian(body, sop_class.size(), 2);
  append(body, as_bytes(sop_class));
  body.push_back(scu ? 1 : 0);
  body.push_back(scp ? 1 : 0);
  const Bytes role = item(0x54, body);
  // The user information is the last item: it and the PDU grow by the sub-item.
  const auto grow = [&](std::size_t at, int bytes) {
    std::size_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8U | out[at + static_cast<std::size_t>(i)];
    Bytes grown;
    big_endian(grown, value + role.size(), bytes);
    std::ranges::copy(grown, out.begin() + static_cast<std::ptrdiff_t>(at));
  };
  std::size_t last = 74, next = 74;
  while (next < out.size()) {
    last = next;
    next += 4 + (std::size_t{out[next + 2]} << 8U | out[next + 3]);
  }
  grow(last + 2, 2);
  grow(2, 4);
  append(out, role);
  return out;
}

Bytes command_set(const std::map<std::uint16_t, std::uint16_t>& numbers,
                  const std::map<std::uint16_t, std::string>& uids) {
  std::map<std::uint16_t, Bytes> elements;
  for (const auto& [number, value] : numbers)
    elements[number] = {static_cast<Byte>(value), static_cast<Byte>(value >> 8U)};
  for (const auto& [number, uid] : uids) elements[number] = padded(uid);
  Bytes body;
  for (const auto& [number, value] : elements) command_element(body, number, value);
  Bytes length, out;
  little_endian(length, body.size(), 4);
  command_element(out, 0, length);
  append(out, body);
  return out;
}

Bytes event_report(std::uint16_t event_type, bool with_data_set, const std::string& sop_instance) {
  return command_set({{0x0100, 0x0100},
                      {0x0110, 7},
                      {0x0800, with_data_set ? 0x0001 : 0x0101},
                      {0x1002, event_type}},
                     {{0x0002, kCommitmentClass}, {0x1000, sop_instance}});
}

Bytes report_data(const std::string& transaction_uid, const std::vector<std::string>& committed,
                  const std::map<std::string, std::uint16_t>& failed) {
  const auto object = [](const std::string& uid) {
    Bytes out;
    element(out, 0x0008, 0x1150, "UI", padded("1.2.840.10008.5.1.4.1.1.2"));
    element(out, 0x0008, 0x1155, "UI", padded(uid));
    return out;
  };
  Bytes out;
  element(out, 0x0008, 0x1195, "UI", padded(transaction_uid));
  std::vector<Bytes> items;
  for (const auto& [uid, reason] : failed) {
    Bytes one = object(uid);
    element(one, 0x0008, 0x1197, "US",
            Bytes{static_cast<Byte>(reason), static_cast<Byte>(reason >> 8U)});
    items.push_back(one);
  }
  if (!items.empty()) sequence(out, 0x0008, 0x1198, items);
  items.clear();
  for (const std::string& uid : committed) items.push_back(object(uid));
  if (!items.empty()) sequence(out, 0x0008, 0x1199, items);
  return out;
}

Bytes match_data(const std::string& study, const std::string& series, const std::string& sop) {
  Bytes out;
  if (!sop.empty()) element(out, 0x0008, 0x0018, "UI", padded(sop));
  if (!study.empty()) element(out, 0x0020, 0x000D, "UI", padded(study));
  if (!series.empty()) element(out, 0x0020, 0x000E, "UI", padded(series));
  return out;
}

std::vector<Bytes> message(std::uint8_t context, ByteView command, ByteView data_set) {
  constexpr std::size_t kFragment = 8000;
  std::vector<Bytes> out{RawScu::p_data(context, true, true, command)};
  while (!data_set.empty()) {
    const ByteView part = data_set.first(std::min(kFragment, data_set.size()));
    data_set = data_set.subspan(part.size());
    out.push_back(RawScu::p_data(context, false, data_set.empty(), part));
  }
  return out;
}

std::uint16_t ScriptedScp::Message::number(std::uint16_t element) const {
  const auto found = command.find(element);
  if (found == command.end() || found->second.size() != 2) return 0;
  return static_cast<std::uint16_t>(found->second[0] | found->second[1] << 8);
}

std::vector<std::string> ScriptedScp::Message::uids(std::uint16_t group,
                                                    std::uint16_t element) const {
  Bytes wanted;
  tag(wanted, group, element);
  append(wanted, as_bytes("UI"));
  std::vector<std::string> out;
  for (auto at = data_set.begin();;) {
    at = std::search(at, data_set.end(), wanted.begin(), wanted.end());
    if (data_set.end() - at < 8) return out;
    const std::size_t length = at[6] | std::size_t{at[7]} << 8U;
    at += 8;
    std::string uid(at, at + static_cast<std::ptrdiff_t>(length));
    while (!uid.empty() && uid.back() == '\0') uid.pop_back();
    out.push_back(uid);
  }
}

std::string ScriptedScp::Message::transaction() const {
  const auto found = uids(0x0008, 0x1195);
  return found.empty() ? std::string() : found.front();
}

std::vector<std::string> ScriptedScp::Message::instances() const { return uids(0x0008, 0x1155); }

ScriptedScp::ScriptedScp(std::set<std::string> accepted_classes, Script script)
    : classes_(std::move(accepted_classes)),
      script_(std::move(script)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
      ::getsockname(listener_.get(), any, &size) != 0)
    throw std::system_error(errno, std::generic_category(), "listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

std::vector<ScriptedScp::Message> ScriptedScp::seen(std::uint16_t field) const {
  const std::lock_guard lock(mutex_);
  std::vector<Message> out;
  std::ranges::copy_if(seen_, std::back_inserter(out),
                       [&](const Message& one) { return one.number(0x0100) == field; });
  return out;
}

void ScriptedScp::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd entry{listener_.get(), POLLIN, 0};
    if (::poll(&entry, 1, kSliceMs) <= 0) continue;
    const FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) serve(stop, socket.get());
  }
}

void ScriptedScp::serve(const std::stop_token& stop, int socket) {
  Bytes whole;
  if (!receive_pdu(stop, socket, whole)) return;
  const auto parsed = read_association_request(whole);
  if (!parsed) return;
  send(socket, accept_pdu(whole, *parsed, classes_));

  Message in;
  Bytes command;
  while (receive_pdu(stop, socket, whole)) {
    if (whole[0] == 5) return send(socket, pdu(6, Bytes(4)));
    if (whole[0] != 4) return;
    ByteView pdvs = ByteView(whole).subspan(6);
    while (pdvs.size() >= 6) {
      const std::size_t length = std::size_t{pdvs[0]} << 24U | std::size_t{pdvs[1]} << 16U |
                                 std::size_t{pdvs[2]} << 8U | pdvs[3];
      in.context = pdvs[4];
      const bool is_command = (pdvs[5] & 1U) != 0, last = (pdvs[5] & 2U) != 0;
      append(is_command ? command : in.data_set, pdvs.subspan(6, length - 2));
      pdvs = pdvs.subspan(4 + length);
      if (!last) continue;
      if (is_command) {
        Unpacker elements(command);
        while (elements.ok() && !elements.rest().empty()) {
          const std::uint32_t number = elements.u32();
          in.command[static_cast<std::uint16_t>(number >> 16U)] = elements.bytes();
        }
      }
      if (is_command && in.number(0x0800) != 0x0101) continue;
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(in);
      }
      for (const Bytes& out : script_(in)) {
        if (out.empty()) return;
        send(socket, out);
      }
      in = {};
      command.clear();
    }
  }
}

std::vector<Bytes> action_response(const ScriptedScp::Message& request, std::uint16_t status) {
  return message(
      request.context,
      command_set(
          {{0x0100, 0x8130}, {0x0120, request.number(0x0110)}, {0x0800, 0x0101}, {0x0900, status}},
          {{0x0002, kCommitmentClass}, {0x1000, kCommitmentInstance}}));
}

std::vector<Bytes> find_response(const ScriptedScp::Message& request, std::uint16_t status,
                                 ByteView data_set) {
  const std::uint16_t type = data_set.empty() ? 0x0101 : 0x0001;
  return message(
      request.context,
      command_set(
          {{0x0100, 0x8020}, {0x0120, request.number(0x0110)}, {0x0800, type}, {0x0900, status}},
          {{0x0002, kFindClass}}),
      data_set);
}

std::vector<Bytes> operator+(std::vector<Bytes> first, const std::vector<Bytes>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

}  // namespace dosigate::testing
