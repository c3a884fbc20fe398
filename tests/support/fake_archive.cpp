#include "support/fake_archive.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <stop_token>
#include <system_error>

#include "dosigate/net/association_request.h"
#include "support/pdu_bytes.h"

namespace dosigate::testing {
namespace {

constexpr int kSliceMs = 20;

std::uint32_t read_big_endian(ByteView bytes) {
  std::uint32_t value = 0;
  for (const Byte b : bytes) value = value << 8U | b;
  return value;
}

/// Elements of group 0000 in Implicit VR Little Endian, by element number.
std::map<std::uint16_t, Bytes> read_command(ByteView bytes) {
  std::map<std::uint16_t, Bytes> out;
  Unpacker in(bytes);
  while (in.ok() && !in.rest().empty()) {
    const std::uint32_t tag = in.u32();
    out[static_cast<std::uint16_t>(tag >> 16U)] = in.bytes();
  }
  return out;
}

std::string uid_of(const Bytes& value) {
  std::string out(value.begin(), value.end());
  while (!out.empty() && out.back() == '\0') out.pop_back();
  return out;
}

void element(Packer& out, std::uint16_t number, ByteView value) {
  out.u32(std::uint32_t{number} << 16U).bytes(value);
}

void number(Packer& out, std::uint16_t element_number, std::uint16_t value) {
  element(out, element_number,
          std::array{static_cast<Byte>(value & 0xFFU), static_cast<Byte>(value >> 8U)});
}

}  // namespace

/// One connection, in a thread of its own.
struct FakeArchive::Session {
  FakeArchive& archive;
  std::stop_token stop;
  FileDescriptor socket;
  Script script;
  std::map<std::uint8_t, std::pair<std::string, std::string>>
      contexts;  // id -> class, accepted syntax
  int data_pdus = 0;
  bool is_open = false;
  Bytes command, data_set;

  bool receive(std::span<Byte> into) {
    while (!into.empty()) {
      if (stop.stop_requested()) return false;
      pollfd entry{socket.get(), POLLIN, 0};
      if (::poll(&entry, 1, kSliceMs) <= 0) continue;
      const ssize_t got = ::recv(socket.get(), into.data(), into.size(), 0);
      if (got <= 0) return false;
      into = into.subspan(static_cast<std::size_t>(got));
    }
    return true;
  }
  void send(ByteView bytes) const {
    (void)::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void wait_for_end() {
    Byte ignored = 0;
    while (receive({&ignored, 1})) {
    }
  }

  bool has_place() {
    const std::lock_guard lock(archive.mutex_);
    is_open = script.most_associations == 0 || archive.open_ < script.most_associations;
    if (is_open) ++archive.open_;
    return is_open;
  }
  void leave() {
    const std::lock_guard lock(archive.mutex_);
    if (is_open) --archive.open_;
  }

  bool receive_pdu(Byte& type, Bytes& whole) {
    whole.resize(6);
    if (!receive(whole)) return false;
    type = whole[0];
    const std::uint32_t length = read_big_endian(ByteView(whole).subspan(2));
    if (length > (64U << 20U)) return false;
    whole.resize(6 + length);
    return receive(std::span(whole).subspan(6));
  }

  bool associate() {
    Byte type = 0;
    Bytes request;
    if (!receive_pdu(type, request) || type != 1) return false;
    {
      const std::lock_guard lock(archive.mutex_);
      script = archive.script_;
    }
    switch (script.on_association) {
      case OnAssociation::Silence:
        wait_for_end();
        return false;
      case OnAssociation::Close:
        return false;
      case OnAssociation::Abort:
        send(abort_pdu(2, 0));
        return false;
      case OnAssociation::RejectTransient:
        send(association_reject(2, 3, 1));
        return false;
      case OnAssociation::RejectPermanentCalled:
        send(association_reject(1, 1, 7));
        return false;
      case OnAssociation::RejectPermanentCalling:
        send(association_reject(1, 1, 3));
        return false;
      case OnAssociation::Accept:
        break;
    }
    const auto parsed = read_association_request(request);
    if (!parsed) return false;
    if (!has_place()) {
      send(association_reject(2, 3, 2));
      return false;
    }

    Bytes body{0, 1, 0, 0};
    append(body, ByteView(request).subspan(10, 64));  // titles and reserved bytes as sent
    append(body, item(0x10, as_bytes("1.2.840.10008.3.1.1.1")));
    for (const auto& context : parsed->contexts) {
      const auto accepted = std::ranges::find_if(
          context.transfer_syntaxes,
          [&](const std::string& s) { return script.accepts(context.abstract_syntax, s); });
      const bool yes = accepted != context.transfer_syntaxes.end();
      if (yes) contexts[context.id] = {context.abstract_syntax, *accepted};
      Bytes answer{context.id, 0, static_cast<Byte>(yes ? 0 : 4), 0};
      append(answer, item(0x40, as_bytes(yes ? *accepted : context.transfer_syntaxes.front())));
      append(body, item(0x21, answer));
    }
    Bytes max_pdu;
    big_endian(max_pdu, script.max_pdu, 4);
    Bytes user = item(0x51, max_pdu);
    append(user, item(0x52, as_bytes("2.25.1")));
    append(body, item(0x50, user));
    {
      const std::lock_guard lock(archive.mutex_);
      ++archive.associations_;
    }
    send(pdu(2, body));
    return true;
  }

  void run() {
    if (!associate()) return;
    for (;;) {
      Byte type = 0;
      Bytes whole;
      if (!receive_pdu(type, whole)) return;
      if (type == 5) {
        {
          const std::lock_guard lock(archive.mutex_);
          ++archive.releases_;
        }
        send(pdu(6, Bytes(4)));
        return;
      }
      if (type != 4) return;
      if (script.before_each_pdu.count() > 0) {
        std::this_thread::sleep_for(script.before_each_pdu);  // a slow reader is the point
      }
      if (script.abort_after_pdus > 0 && ++data_pdus >= script.abort_after_pdus) {
        send(abort_pdu(0, 0));
        return;
      }
      if (!take(ByteView(whole).subspan(6))) return;
    }
  }

  bool take(ByteView pdvs) {
    while (pdvs.size() >= 6) {
      const std::uint32_t length = read_big_endian(pdvs.first(4));
      if (length < 2 || length > pdvs.size() - 4) return false;
      const std::uint8_t context = pdvs[4];
      const bool is_command = (pdvs[5] & 1U) != 0;
      const bool is_last = (pdvs[5] & 2U) != 0;
      append(is_command ? command : data_set, pdvs.subspan(6, length - 2));
      pdvs = pdvs.subspan(4 + length);
      if (!is_last) continue;
      const auto fields = read_command(command);
      const bool is_echo = fields.contains(0x0100) && fields.at(0x0100) == Bytes{0x30, 0x00};
      if (is_command && !is_echo) continue;
      if (!respond(context, fields, is_echo)) return false;
      command.clear();
      data_set.clear();
    }
    return true;
  }

  bool respond(std::uint8_t context, const std::map<std::uint16_t, Bytes>& fields, bool is_echo) {
    const std::string sop = is_echo ? "" : uid_of(fields.at(0x1000));
    std::uint16_t status = 0;
    {
      const std::lock_guard lock(archive.mutex_);
      script = archive.script_;
      if (!is_echo) {
        int& times = archive.times_[sop];
        status = script.status(sop, times);
        if (status == 0 || status >> 12U == 0xB) ++times;
        archive.received_.push_back(
            {contexts[context].first, sop, contexts[context].second, data_set, status});
        archive.changed_.notify_all();
      }
    }
    std::uint16_t message_id =
        static_cast<std::uint16_t>(fields.at(0x0110)[0] | fields.at(0x0110)[1] << 8U);
    switch (script.on_response) {
      case OnResponse::Silence:
        wait_for_end();
        return false;
      case OnResponse::CloseBefore:
        return false;
      case OnResponse::Abort:
        send(abort_pdu(2, 0));
        return false;
      case OnResponse::Garbage:
        send(Bytes(200, 0xEE));
        wait_for_end();
        return false;
      case OnResponse::WrongMessageId:
        message_id = static_cast<std::uint16_t>(message_id + 77);
        break;
      case OnResponse::CloseInside:
      case OnResponse::Answer:
        break;
    }
    const Bytes out = response(context, fields, message_id, status, is_echo);
    if (script.on_response == OnResponse::CloseInside) {
      send(ByteView(out).first(out.size() / 2));
      return false;
    }
    send(out);
    return true;
  }

  Bytes response(std::uint8_t context, const std::map<std::uint16_t, Bytes>& fields,
                 std::uint16_t message_id, std::uint16_t status, bool is_echo) const {
    Packer body;
    element(body, 0x0002, fields.at(0x0002));
    number(body, 0x0100, is_echo ? 0x8030 : 0x8001);
    number(body, 0x0120, message_id);
    number(body, 0x0800, 0x0101);
    number(body, 0x0900, status);
    if (!script.comment.empty() && status != 0) {
      std::string comment = script.comment;
      if (comment.size() % 2 != 0) comment.push_back(' ');
      element(body, 0x0902, as_bytes(comment));
    }
    if (!is_echo) element(body, 0x1000, fields.at(0x1000));
    const Bytes elements = body.take();
    Packer group;
    Packer length;
    length.u32(static_cast<std::uint32_t>(elements.size()));
    element(group, 0x0000, length.view());
    Bytes set = group.take();
    append(set, elements);

    Bytes data;
    big_endian(data, set.size() + 2, 4);
    data.push_back(context);
    data.push_back(3);  // command, last
    append(data, set);
    return pdu(4, data);
  }
};

FakeArchive::FakeArchive() { listen(); }

FakeArchive::~FakeArchive() { down(); }

void FakeArchive::set(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void FakeArchive::listen() {
  FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 64) != 0 ||
      ::getsockname(listener.get(), generic, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this, listening = std::move(listener)](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd entry{listening.get(), POLLIN, 0};
      if (::poll(&entry, 1, kSliceMs) <= 0) continue;
      FileDescriptor socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) continue;
      const std::lock_guard lock(mutex_);
      ++connections_;
      sessions_.emplace_back(
          [this, s = std::move(socket)](const std::stop_token& session_stop) mutable {
            serve(session_stop, std::move(s));
          });
    }
  });
}

void FakeArchive::serve(const std::stop_token& stop, FileDescriptor socket) {
  Session session{*this, stop, std::move(socket), {}, {}, 0, false, {}, {}};
  session.run();
  session.leave();
}

void FakeArchive::down() {
  acceptor_ = {};  // stops and joins
  std::vector<std::jthread> ending;
  {
    const std::lock_guard lock(mutex_);
    ending.swap(sessions_);
  }
}

void FakeArchive::up() { listen(); }

std::vector<FakeArchive::Received> FakeArchive::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::size_t FakeArchive::kept() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(times_, [](const auto& entry) { return entry.second > 0; }));
}

bool FakeArchive::wait_for_kept(std::size_t count, std::chrono::milliseconds deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] {
    return static_cast<std::size_t>(std::ranges::count_if(
               times_, [](const auto& entry) { return entry.second > 0; })) >= count;
  });
}

unsigned FakeArchive::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}
unsigned FakeArchive::associations() const {
  const std::lock_guard lock(mutex_);
  return associations_;
}
unsigned FakeArchive::releases() const {
  const std::lock_guard lock(mutex_);
  return releases_;
}

}  // namespace dosigate::testing
