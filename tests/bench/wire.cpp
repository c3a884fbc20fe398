#include "bench/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <system_error>

#include "dosigate/net/association_request.h"
#include "support/pdu_bytes.h"
#include "support/raw_scu.h"

namespace dosigate::bench {
namespace {

using testing::append, testing::big_endian, testing::item, testing::little_endian, testing::pdu;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::uint32_t big_endian_32(ByteView bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | bytes[3];
}

void no_delay(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

sockaddr_in address_of(in_addr_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = host;
  address.sin_port = htons(port);
  return address;
}

std::string text_value(ByteView value) {
  std::string text(as_text(value));
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.pop_back();
  return text;
}

void put(Bytes& out, std::uint16_t number, ByteView value) {
  little_endian(out, std::size_t{number} << 16U, 4);
  little_endian(out, value.size(), 4);
  append(out, value);
}

void put(Bytes& out, std::uint16_t number, std::uint16_t value) {
  put(out, number, Bytes{static_cast<Byte>(value & 0xFFU), static_cast<Byte>(value >> 8U)});
}

void put(Bytes& out, std::uint16_t number, std::string uid) {
  if (uid.size() % 2 != 0) uid += '\0';
  put(out, number, as_bytes(uid));
}

/// Asks for PDUs of our size: the scripted peer of the tests asks for small ones.
void set_max_pdu(Bytes& request) {
  const Bytes small{0x51, 0, 0, 4, 0, 0, 0x40, 0};
  const auto at = std::search(request.begin(), request.end(), small.begin(), small.end());
  if (at == request.end()) throw std::logic_error("no maximum length in the request");
  Bytes length;
  big_endian(length, kMaxPdu, 4);
  std::ranges::copy(length, at + 4);
}

}  // namespace

std::uint64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

FileDescriptor listen_on(std::uint16_t port, bool everywhere) {
  FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = address_of(htonl(everywhere ? INADDR_ANY : INADDR_LOOPBACK), port);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener.get(), 128) != 0)
    fail("listen");
  return listener;
}

FileDescriptor accept_from(const FileDescriptor& listener) {
  FileDescriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) fail("accept");
  no_delay(socket.get());
  return socket;
}

FileDescriptor connect_to(const std::string& address, std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in peer = address_of(::inet_addr(address.c_str()), port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0)
    fail("connect");
  no_delay(socket.get());
  return socket;
}

void send_all(int socket, std::vector<iovec> pieces, bool more) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  while (message.msg_iovlen > 0) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("send");
    auto left = static_cast<std::size_t>(sent);
    while (message.msg_iovlen > 0 && left >= message.msg_iov->iov_len) {
      left -= message.msg_iov->iov_len;
      ++message.msg_iov;
      --message.msg_iovlen;
    }
    if (message.msg_iovlen > 0) {
      message.msg_iov->iov_base = static_cast<Byte*>(message.msg_iov->iov_base) + left;
      message.msg_iov->iov_len -= left;
    }
  }
}

bool PduReader::fill(std::size_t wanted) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ + wanted > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < wanted) {
    const ssize_t got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    end_ += static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<ByteView> PduReader::next() {
  if (!fill(kPduHead)) return std::nullopt;
  const std::size_t size =
      kPduHead + big_endian_32(ByteView(buffer_).subspan(begin_ + 2, sizeof(std::uint32_t)));
  if (size > buffer_.size()) throw std::runtime_error("a PDU longer than agreed");
  if (!fill(size)) return std::nullopt;
  const ByteView pdu = ByteView(buffer_).subspan(begin_, size);
  begin_ += size;
  return pdu;
}

std::vector<Pdv> pdvs_of(ByteView pdu) {
  std::vector<Pdv> out;
  for (ByteView in = pdu.subspan(kPduHead); !in.empty();) {
    const std::size_t length = in.size() < kPdvHead ? 0 : big_endian_32(in.first(4));
    if (length < 2 || length > in.size() - 4) throw std::runtime_error("a broken PDV");
    out.push_back({in[4], (in[5] & 1U) != 0, (in[5] & 2U) != 0, in.subspan(6, length - 2)});
    in = in.subspan(4 + length);
  }
  return out;
}

void put_pdv_head(Bytes& out, Byte context, bool command, bool last, std::size_t size) {
  out.push_back(4);
  out.push_back(0);
  big_endian(out, size + kPdvHead, 4);
  big_endian(out, size + 2, 4);
  out.push_back(context);
  out.push_back(static_cast<Byte>((command ? 1U : 0U) | (last ? 2U : 0U)));
}

Bytes accept_all(ByteView request, Contexts& contexts) {
  const auto asked = read_association_request(request);
  if (!asked) throw std::runtime_error("no association request: " + asked.error().detail);
  Bytes body{0, 1, 0, 0};
  append(body, request.subspan(10, 64));  // titles and reserved bytes as sent
  append(body, item(0x10, as_bytes("1.2.840.10008.3.1.1.1")));
  for (const auto& context : asked->contexts) {
    contexts[context.id] = {context.abstract_syntax, context.transfer_syntaxes.front()};
    Bytes answer{context.id, 0, 0, 0};
    append(answer, item(0x40, as_bytes(context.transfer_syntaxes.front())));
    append(body, item(0x21, answer));
  }
  Bytes max_pdu;
  big_endian(max_pdu, kMaxPdu, 4);
  Bytes user = item(0x51, max_pdu);
  append(user, item(0x52, as_bytes("2.25.1")));
  append(body, item(0x50, user));
  return pdu(2, body);
}

Contexts associate(int socket, PduReader& reader, const std::string& called,
                   const std::string& calling, const std::vector<Context>& wanted) {
  std::vector<testing::RawScu::Context> proposed;
  for (const Context& context : wanted)
    proposed.push_back(
        {static_cast<Byte>(2 * proposed.size() + 1), context.sop_class, {context.syntax}});
  Bytes request = testing::RawScu::association_request(called, calling, proposed);
  set_max_pdu(request);
  send_all(socket, {piece(request)});
  const auto answer = reader.next();
  if (!answer || (*answer)[0] != 2) throw std::runtime_error("the association was refused");
  const testing::RawScu::Pdu accepted{2, Bytes(answer->begin() + kPduHead, answer->end())};
  Contexts out;
  for (const auto& context : proposed) {
    if (testing::RawScu::result_of(accepted, context.id) == 0)
      out[context.id] = {context.abstract_syntax, context.transfer_syntaxes.front()};
  }
  return out;
}

Command read_command(ByteView set) {
  Command out;
  Unpacker in(set);
  while (in.ok() && !in.rest().empty()) {
    const std::uint32_t tag = in.u32();
    const Bytes value = in.bytes();
    const auto number = [&] {
      return static_cast<std::uint16_t>(value.size() < 2 ? 0 : value[0] | value[1] << 8U);
    };
    switch (tag >> 16U) {
      case 0x0002:
        out.sop_class = text_value(value);
        break;
      case 0x0100:
        out.field = number();
        break;
      case 0x0110:
        out.message_id = number();
        break;
      case 0x0900:
        out.status = number();
        break;
      case 0x1000:
        out.sop_instance = text_value(value);
        break;
      default:
        break;
    }
  }
  return out;
}

Bytes response_to(const Command& request, Byte context) {
  Bytes set;
  put(set, 0x0002, request.sop_class);
  put(set, 0x0100, static_cast<std::uint16_t>(request.field | 0x8000U));
  put(set, 0x0120, request.message_id);
  put(set, 0x0800, std::uint16_t{0x0101});
  put(set, 0x0900, std::uint16_t{0});
  if (!request.sop_instance.empty()) put(set, 0x1000, request.sop_instance);
  Bytes length;
  little_endian(length, set.size(), 4);
  Bytes whole;
  put(whole, 0x0000, length);
  append(whole, set);
  Bytes out;
  put_pdv_head(out, context, true, true, whole.size());
  append(out, whole);
  return out;
}

void Tail::add(ByteView bytes) {
  if (bytes.size() >= kSize) last_.clear();
  append(last_, bytes.last(std::min(bytes.size(), kSize)));
  if (last_.size() > kSize)
    last_.erase(last_.begin(), last_.end() - static_cast<std::ptrdiff_t>(kSize));
}

std::uint64_t Tail::take() {
  std::uint64_t digest = 0xCBF2'9CE4'8422'2325U;
  for (const Byte byte : last_) digest = (digest ^ byte) * 0x100'0000'01B3U;
  last_.clear();
  return digest;
}

Bytes release_pdu(Byte type) { return pdu(type, Bytes(4)); }

}  // namespace dosigate::bench
