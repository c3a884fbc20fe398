#include "support/raw_scu.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "support/pdu_bytes.h"

namespace dosigate::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::string padded_title(std::string title) {
  title.resize(16, ' ');
  return title;
}

void element(Bytes& out, std::uint16_t number, ByteView value) {
  little_endian(out, 0, 2);
  little_endian(out, number, 2);
  little_endian(out, value.size(), 4);
  append(out, value);
}

void uid_element(Bytes& out, std::uint16_t number, std::string uid) {
  if (uid.size() % 2 != 0) uid += '\0';
  element(out, number, as_bytes(uid));
}

void number_element(Bytes& out, std::uint16_t number, std::uint16_t value) {
  const Bytes bytes{static_cast<Byte>(value), static_cast<Byte>(value >> 8U)};
  element(out, number, bytes);
}

Bytes with_group_length(const Bytes& body) {
  Bytes length;
  little_endian(length, body.size(), 4);
  Bytes out;
  element(out, 0x0000, length);
  append(out, body);
  return out;
}

/// Value of an element of group 0000 in a response PDU with one PDV.
std::optional<Bytes> find_element(const RawScu::Pdu& from, std::uint16_t number) {
  if (from.type != 4 || from.body.size() < 6) return std::nullopt;
  ByteView in = ByteView(from.body).subspan(6);
  while (in.size() >= 8) {
    const std::size_t length = in[4] | std::size_t{in[5]} << 8U | std::size_t{in[6]} << 16U;
    if (in.size() - 8 < length) return std::nullopt;
    const ByteView value = in.subspan(8, length);
    if ((in[2] | in[3] << 8) == number) return Bytes(value.begin(), value.end());
    in = in.subspan(8 + length);
  }
  return std::nullopt;
}

/// Body of the answer to one context in an A-ASSOCIATE-AC.
std::optional<Bytes> find_context(const RawScu::Pdu& accept, std::uint8_t context) {
  if (accept.type != 2 || accept.body.size() < 68) return std::nullopt;
  ByteView in = ByteView(accept.body).subspan(68);
  while (in.size() >= 4) {
    const std::size_t length = std::size_t{in[2]} << 8U | in[3];
    if (in.size() - 4 < length) return std::nullopt;
    const ByteView body = in.subspan(4, length);
    if (in[0] == 0x21 && body.size() >= 4 && body[0] == context) {
      return Bytes(body.begin(), body.end());
    }
    in = in.subspan(4 + length);
  }
  return std::nullopt;
}

}  // namespace

RawScu::RawScu(std::uint16_t port, const std::string& from)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  if (!from.empty()) {
    address.sin_family = AF_INET;
    if (::inet_pton(AF_INET, from.c_str(), &address.sin_addr) != 1 ||
        ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      throw std::system_error(errno, std::generic_category(), "bind to " + from);
  }
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "connect to port " + std::to_string(port));
  }
  const int on = 1;
  (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void RawScu::send(ByteView bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;  // the peer has closed: what the test wants to know comes from receive()
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

std::size_t RawScu::try_send(ByteView bytes) const {
  const ssize_t sent =
      ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::optional<RawScu::Pdu> RawScu::receive(std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  timed_out_ = false;
  const auto read_exactly = [&](Bytes& into) {
    std::size_t got = 0;
    while (got < into.size()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
      pollfd entry{socket_.get(), POLLIN, 0};
      if (::poll(&entry, 1, static_cast<int>(std::max<long long>(left.count(), 0))) == 0) {
        timed_out_ = true;
        return false;
      }
      const ssize_t more = ::recv(socket_.get(), into.data() + got, into.size() - got, 0);
      if (more < 0 && errno == EINTR) continue;
      if (more <= 0) return false;
      got += static_cast<std::size_t>(more);
    }
    return true;
  };
  Bytes header(6);
  if (!read_exactly(header)) return std::nullopt;
  Pdu out{header[0], Bytes(std::size_t{header[2]} << 24U | std::size_t{header[3]} << 16U |
                           std::size_t{header[4]} << 8U | header[5])};
  if (!read_exactly(out.body)) return std::nullopt;
  return out;
}

bool RawScu::peer_closes(std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    pollfd entry{socket_.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(std::max<long long>(left.count(), 0))) == 0)
      return false;
    Bytes thrown_away(4096);
    const ssize_t got = ::recv(socket_.get(), thrown_away.data(), thrown_away.size(), 0);
    if (got == 0 || (got < 0 && errno != EINTR)) return true;
  }
}

std::optional<RawScu::Pdu> RawScu::associate(const std::string& called, const std::string& calling,
                                             const std::vector<Context>& contexts) {
  send(association_request(called, calling, contexts));
  return receive();
}

std::optional<std::uint16_t> RawScu::store(std::uint8_t context, const std::string& sop_class,
                                           const std::string& sop_instance, ByteView data_set,
                                           std::size_t fragment) {
  send(p_data(context, true, true, store_command(sop_class, sop_instance, next_message_++)));
  do {
    const ByteView part = data_set.first(std::min(fragment, data_set.size()));
    data_set = data_set.subspan(part.size());
    send(p_data(context, false, data_set.empty(), part));
  } while (!data_set.empty());
  const auto answer = receive();
  return answer ? status_of(*answer) : std::nullopt;
}

bool RawScu::release() {
  send(pdu(5, Bytes(4)));
  const auto answer = receive();
  return answer && answer->type == 6;
}

Bytes RawScu::association_request(const std::string& called, const std::string& calling,
                                  const std::vector<Context>& contexts) {
  Bytes body{0, 1, 0, 0};
  append(body, as_bytes(padded_title(called)));
  append(body, as_bytes(padded_title(calling)));
  body.resize(68);
  append(body, item(0x10, as_bytes("1.2.840.10008.3.1.1.1")));
  for (const auto& context : contexts) {
    Bytes inner{context.id, 0, 0, 0};
    append(inner, item(0x30, as_bytes(context.abstract_syntax)));
    for (const auto& syntax : context.transfer_syntaxes)
      append(inner, item(0x40, as_bytes(syntax)));
    append(body, item(0x20, inner));
  }
  Bytes user = item(0x51, Bytes{0, 0, 0x40, 0});
  append(user, item(0x52, as_bytes("1.2.3.4")));
  append(user, item(0x55, as_bytes("RAW_SCU")));
  append(body, item(0x50, user));
  return pdu(1, body);
}

Bytes RawScu::store_command(const std::string& sop_class, const std::string& sop_instance,
                            std::uint16_t message_id, bool with_data_set) {
  Bytes body;
  uid_element(body, 0x0002, sop_class);
  number_element(body, 0x0100, 0x0001);
  number_element(body, 0x0110, message_id);
  number_element(body, 0x0700, 0);
  number_element(body, 0x0800, with_data_set ? 0x0001 : 0x0101);
  uid_element(body, 0x1000, sop_instance);
  return with_group_length(body);
}

Bytes RawScu::plain_command(std::uint16_t field, const std::string& sop_class,
                            std::uint16_t message_id) {
  Bytes body;
  uid_element(body, 0x0002, sop_class);
  number_element(body, 0x0100, field);
  number_element(body, 0x0110, message_id);
  number_element(body, 0x0800, 0x0101);
  return with_group_length(body);
}

Bytes RawScu::p_data(std::uint8_t context, bool command, bool last, ByteView data) {
  Bytes body;
  big_endian(body, data.size() + 2, 4);
  body.push_back(context);
  body.push_back(static_cast<Byte>((command ? 1 : 0) | (last ? 2 : 0)));
  append(body, data);
  return pdu(4, body);
}

std::optional<std::uint16_t> RawScu::status_of(const Pdu& from) {
  const auto value = find_element(from, 0x0900);
  if (!value || value->size() != 2) return std::nullopt;
  return static_cast<std::uint16_t>((*value)[0] | (*value)[1] << 8);
}

std::string RawScu::comment_of(const Pdu& from) {
  const auto value = find_element(from, 0x0902);
  return value ? std::string(as_text(*value)) : std::string();
}

std::optional<std::uint8_t> RawScu::result_of(const Pdu& accept, std::uint8_t context) {
  const auto body = find_context(accept, context);
  return body ? std::optional<std::uint8_t>((*body)[2]) : std::nullopt;
}

std::string RawScu::transfer_syntax_of(const Pdu& accept, std::uint8_t context) {
  const auto body = find_context(accept, context);
  if (!body || body->size() < 8) return {};
  return std::string(as_text(ByteView(*body).subspan(8)));
}

}  // namespace dosigate::testing
