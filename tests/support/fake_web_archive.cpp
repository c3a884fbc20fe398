#include "support/fake_web_archive.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <strings.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace dosigate::testing {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

std::size_t length_of(const FakeWebArchive::Request& request) {
  const std::string text = request.header("Content-Length");
  return text.empty() ? 0 : std::stoul(text);
}

FileDescriptor connected_to(std::uint16_t port) {
  FileDescriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return out;
}

void carry(int one, int other) {
  std::array<char, 65536> bytes;
  pollfd both[] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
  while (::poll(both, 2, 30'000) > 0) {
    for (int i = 0; i < 2; ++i) {
      if (both[i].revents == 0) continue;
      const ssize_t got = ::recv(both[i].fd, bytes.data(), bytes.size(), 0);
      if (got <= 0) return;
      for (ssize_t sent = 0; sent < got;) {
        const ssize_t part = ::send(both[1 - i].fd, bytes.data() + sent,
                                    static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
        if (part <= 0) return;
        sent += part;
      }
    }
  }
}

}  // namespace

struct FakeWebArchive::Channel {
  int socket;
  std::unique_ptr<TlsSession> tls;
  std::string in;

  bool fill() {
    std::array<Byte, 65536> bytes;
    const ssize_t got = tls ? tls->read(bytes, steady_now() + kPatience)
                            : ::recv(socket, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    in.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(got));
    return true;
  }
  bool send(const std::string& text) const {
    if (tls) return tls->write(as_bytes(text), steady_now() + kPatience);
    std::size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t part = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (part <= 0) return false;
      sent += static_cast<std::size_t>(part);
    }
    return true;
  }
};

std::string FakeWebArchive::Request::header(const std::string& name) const {
  for (std::size_t at = head.find("\r\n"); at != std::string::npos;
       at = head.find("\r\n", at + 2)) {
    if (::strncasecmp(head.c_str() + at + 2, (name + ":").c_str(), name.size() + 1) != 0) continue;
    const auto begin = head.find_first_not_of(' ', at + 3 + name.size());
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  return "";
}

std::string FakeWebArchive::Request::sop_instance_uid() const {
  const std::string tag("\x02\x00\x03\x00UI", 6);
  const auto at = body.find(tag);
  if (at == std::string::npos) return "";
  const auto size = static_cast<unsigned char>(body.at(at + 6)) +
                    256U * static_cast<unsigned char>(body.at(at + 7));
  std::string uid = body.substr(at + 8, size);
  while (!uid.empty() && uid.back() == '\0') uid.pop_back();
  return uid;
}

std::string FakeWebArchive::Request::data_set() const {
  const std::string tag("\x02\x00\x00\x00UL\x04\x00", 8);
  const auto at = body.find(tag);
  const auto end = body.rfind("\r\n--");
  if (at == std::string::npos || end == std::string::npos) return "";
  std::uint32_t size = 0;
  std::memcpy(&size, body.data() + at + 8, 4);
  const std::size_t begin = at + 12 + size;
  return body.substr(begin, end - begin);
}

FakeWebArchive::Reply FakeWebArchive::http(int status, const std::string& body,
                                           const std::string& headers) {
  return {"HTTP/1.1 " + std::to_string(status) + " Words\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body};
}

FakeWebArchive::Reply FakeWebArchive::stored(const std::string& uid, int warning) {
  const std::string reason =
      warning == 0 ? "" : R"(,"00081196":{"vr":"US","Value":[)" + std::to_string(warning) + "]}";
  return http(warning == 0 ? 200 : 202,
              R"({"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":[")" + uid +
                  R"("]})" + reason + "}]}}",
              "Content-Type: application/dicom+json\r\n");
}

FakeWebArchive::Reply FakeWebArchive::failed(const std::string& uid, int reason, int status) {
  return http(status,
              R"({"00081198":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":[")" + uid +
                  R"("]},"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}}]}}",
              "Content-Type: application/dicom+json\r\n");
}

FakeWebArchive::Reply FakeWebArchive::accept(const Request& request, int) {
  return stored(request.sop_instance_uid());
}

FakeWebArchive::FakeWebArchive(std::shared_ptr<const TlsContext> tls) : tls_(std::move(tls)) {
  set({accept});
  listen_on(0);
  accepting_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

FakeWebArchive::~FakeWebArchive() {
  accepting_.request_stop();
  accepting_.join();
  open_.with([](auto& sockets) {
    for (const int socket : sockets) ::shutdown(socket, SHUT_RDWR);
  });
}

void FakeWebArchive::listen_on(std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), any, size) != 0 || ::listen(socket.get(), 64) != 0 ||
      ::getsockname(socket.get(), any, &size) != 0)
    throw std::runtime_error("fake web archive: cannot listen");
  port_ = ntohs(address.sin_port);
  listener_ = std::move(socket);
}

void FakeWebArchive::set(Script script) {
  broken_ = 0;
  auto fresh = std::make_shared<const Script>(std::move(script));
  script_.with([&](auto& now) { now = fresh; });
}

std::vector<FakeWebArchive::Request> FakeWebArchive::requests() const {
  return requests_.with([](const auto& all) { return all; });
}

void FakeWebArchive::down() {
  accepting_.request_stop();
  accepting_.join();
  listener_ = FileDescriptor();
  open_.with([](auto& sockets) {
    for (const int socket : sockets) ::shutdown(socket, SHUT_RDWR);
  });
}

void FakeWebArchive::up() {
  listen_on(port_);
  accepting_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

void FakeWebArchive::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 20) != 1) continue;
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    open_.with([&](auto& sockets) { sockets.push_back(socket.get()); });
    serving_.emplace_back([this, number = ++connections_, taken = std::move(socket)]() mutable {
      const int name = taken.get();
      serve(FileDescriptor(::dup(name)), number);
      open_.with([&](auto& sockets) { std::erase(sockets, name); });
      ::shutdown(name, SHUT_RDWR);
    });
  }
}

bool FakeWebArchive::answer(Channel& channel, const Request&, const Reply& reply) {
  std::this_thread::sleep_for(reply.after);
  if (reply.each_byte.count() > 0) {
    for (const char c : reply.bytes) {
      if (!channel.send(std::string(1, c))) return false;
      std::this_thread::sleep_for(reply.each_byte);
    }
  } else if (!channel.send(reply.bytes)) {
    return false;
  }
  if (reply.tunnel_to != 0) {
    const FileDescriptor to = connected_to(reply.tunnel_to);
    if (to) carry(channel.socket, to.get());
    return false;
  }
  return !reply.close;
}

void FakeWebArchive::serve(FileDescriptor socket, unsigned number) {
  Channel channel{socket.get(), nullptr, {}};
  if (tls_) {
    channel.tls = std::make_unique<TlsSession>(tls_, socket.get(), TlsPin());
    if (!channel.tls->handshake(steady_now() + kPatience)) return;
  }
  while (true) {
    Request request;
    request.connection = number;
    while (channel.in.find("\r\n\r\n") == std::string::npos)
      if (!channel.fill()) return;
    const auto head_end = channel.in.find("\r\n\r\n") + 4;
    request.head = channel.in.substr(0, head_end);
    channel.in.erase(0, head_end);
    const auto script = script_.with([](const auto& now) { return now; });
    if (script->early) {
      const Reply early = script->early(request);
      if (!early.bytes.empty() || early.close) {
        requests_.with([&](auto& all) { all.push_back(request); });
        (void)answer(channel, request, early);
        // What is unread would make the kernel send a reset, which may overtake the answer.
        ::shutdown(channel.socket, SHUT_WR);
        do {
          drained_ += channel.in.size();
          channel.in.clear();
        } while (channel.fill());
        return;
      }
    }
    const std::size_t length = length_of(request);
    const bool breaks = broken_ < script->breaks;
    while (channel.in.size() < (breaks ? std::min(length, script->break_after) : length))
      if (!channel.fill()) return;
    if (breaks) {
      ++broken_;
      return;
    }
    request.body = channel.in.substr(0, length);
    channel.in.erase(0, length);
    const int count = requests_.with([&](auto& all) {
      all.push_back(request);
      return static_cast<int>(all.size());
    });
    if (!answer(channel, request, script->reply(request, count))) return;
  }
}

}  // namespace dosigate::testing
