#include "admin_session.h"

#include <pwd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "problem.h"
#include "target.h"
#include "wiping_memory.h"

namespace dosigate {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Stream = beast::basic_stream<boost::asio::local::stream_protocol>;

/// What a request carries may be an identity or a key.
using Body = http::basic_string_body<char, std::char_traits<char>, WipingAllocator<char>>;
using Buffer = beast::basic_flat_buffer<WipingAllocator<char>>;

constexpr std::uint32_t kLargestHeader = 16U << 10U;
constexpr std::uint64_t kLargestBody = 1U << 20U;
/// A list of pseudonyms is taken as a whole or not at all, so it comes in one request.
constexpr std::string_view kImport = "/api/v1/map/import";
constexpr std::uint64_t kLargestImport = 64U << 20U;
constexpr std::chrono::seconds kPatience{
    10};  ///< for one whole request, and for the peer to take the answer

std::string actor_of(unsigned uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return "uid " + std::to_string(uid);
}

/// Supplementary groups that the peer had when it connected; what it gained or lost since, or
/// passed its end of the socket to, does not count. Empty when the kernel does not say: no right
/// then.
std::vector<unsigned> groups_of(int socket) {
  std::vector<gid_t> groups(64);
  for (int tries = 0; tries < 2; ++tries) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0)
      return {groups.begin(), groups.begin() + size / sizeof(gid_t)};
    if (errno != ERANGE) break;
    groups.resize(size / sizeof(gid_t));  // it said how many there are
  }
  return {};
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::local::stream_protocol::socket socket, std::shared_ptr<AdminShared> shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {
    ++shared_->sessions;
  }
  ~Session() { --shared_->sessions; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(stream_.socket().native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
      return;  // nobody known, nothing served
    uid_ = peer.uid;
    gid_ = peer.gid;
    groups_ = groups_of(stream_.socket().native_handle());
    actor_ = actor_of(peer.uid);
    boost::asio::dispatch(stream_.get_executor(),
                          beast::bind_front_handler(&Session::read, shared_from_this()));
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(kLargestHeader);
    parser_->body_limit(kLargestImport);
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, *parser_,
                            beast::bind_front_handler(&Session::on_header, shared_from_this()));
  }

  void on_header(beast::error_code failed, std::size_t) {
    if (failed) return on_read(failed, 0);
    const auto target = parser_->get().target();
    if (std::string_view(target.data(), target.size()) != kImport) {
      if (parser_->content_length().value_or(0) > kLargestBody)
        return on_read(http::error::body_limit, 0);
      parser_->body_limit(kLargestBody);  // of one that does not say its length
    }
    http::async_read(stream_, buffer_, *parser_,
                     beast::bind_front_handler(&Session::on_read, shared_from_this()));
  }

  void on_read(beast::error_code failed, std::size_t) {
    if (failed == http::error::body_limit)
      return answer(problem_of(413, "Too large",
                               "a request body has at most 1 MiB, an import of pseudonyms 64 MiB"),
                    false);
    if (failed == http::error::header_limit)
      return answer(problem_of(431, "Too large", "request headers have at most 16 KiB"), false);
    if (failed && failed.category() == http::make_error_code(http::error::bad_method).category() &&
        failed != http::error::end_of_stream && failed != http::error::partial_message) {
      return answer(problem_of(400, "Not valid", "no HTTP request: " + failed.message()), false);
    }
    if (failed) return close();
    answer(handled(parser_->get()), parser_->get().keep_alive());
  }

  ApiResponse handled(const http::request<Body>& request) noexcept {
    try {
      auto target = parse_target({request.target().data(), request.target().size()});
      if (!target) return problem_of(400, "Not valid", "the request target is no path");
      ApiRequest out;
      out.method = std::string(request.method_string());
      out.path = std::move(target->path);
      out.query = std::move(target->query);
      out.local = true;
      out.uid = uid_;
      out.gid = gid_;
      out.groups = groups_;
      out.actor = actor_;
      if (!request.body().empty()) {
        boost::json::error_code wrong;
        static WipingMemory memory;
        out.body =
            boost::json::parse({request.body().data(), request.body().size()}, wrong, &memory);
        if (wrong) return problem_of(400, "Not valid", "the body is no JSON: " + wrong.message());
      }
      return shared_->handler(out);
    } catch (const std::exception& broken) {
      // The boundary of the thread: a broken machine becomes one failed request.
      return problem_of(500, "Internal failure", broken.what());
    } catch (...) {
      return problem_of(500, "Internal failure", "unknown; see the daemon's log");
    }
  }

  void answer(const ApiResponse& response, bool keep_alive) {
    auto out = std::make_shared<http::response<http::string_body>>();
    out->version(11);
    out->result(response.status);
    const bool is_json = response.content_type.empty();
    out->set(http::field::content_type, !is_json                 ? response.content_type
                                        : response.status >= 400 ? "application/problem+json"
                                                                 : "application/json");
    for (const auto& [name, value] : response.headers) out->set(name, value);
    out->set(http::field::cache_control, "no-store");
    out->keep_alive(keep_alive);
    out->body() = is_json ? boost::json::serialize(response.body) : response.text;
    out->prepare_payload();
    stream_.expires_after(kPatience);
    http::async_write(stream_, *out,
                      [self = shared_from_this(), out](beast::error_code failed, std::size_t) {
                        if (failed || !out->keep_alive()) return self->close();
                        self->read();
                      });
  }

  void close() {
    beast::error_code ignored;  // the peer may be gone already
    stream_.socket().shutdown(boost::asio::local::stream_protocol::socket::shutdown_send, ignored);
  }

  Stream stream_;
  std::shared_ptr<AdminShared> shared_;
  Buffer buffer_;
  std::optional<http::request_parser<Body>> parser_;
  unsigned uid_ = 0, gid_ = 0;
  std::vector<unsigned> groups_;
  std::string actor_;
};

}  // namespace

void serve_admin(boost::asio::local::stream_protocol::socket socket,
                 std::shared_ptr<AdminShared> shared) {
  std::make_shared<Session>(std::move(socket), std::move(shared))->start();
}

}  // namespace dosigate
