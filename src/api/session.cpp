// HTTP/1.1 over one connection, whatever its bytes run over.

#include "session.h"

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "dosigate/api/problem.h"
#include "dosigate/api/security_headers.h"
#include "dosigate/net/rate_floor.h"
#include "local_peer.h"
#include "request_head.h"

namespace dosigate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using HeadParser = http::request_parser<http::buffer_body, WipingAllocator<char>>;
using WholeBody = http::basic_string_body<char, std::char_traits<char>, WipingAllocator<char>>;
using WholeParser = http::request_parser<WholeBody, WipingAllocator<char>>;
// Of any address family: what is made of a stream takes minutes to compile.
using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;
using TlsStream = beast::ssl_stream<PlainStream>;

constexpr std::uint32_t kLargestHeader = 16U << 10U;
/// For a whole head, a handshake, and between two requests.
constexpr std::chrono::seconds kPatience{10};
/// For the next bytes of a body that is streamed, and for the peer to take the next of an answer.
constexpr std::chrono::seconds kStreamPatience{30};
/// The least that a peer has to send or take: it decides how long a body of some size may take.
constexpr std::uint64_t kSlowest = 32U << 10U;  // bytes a second
constexpr std::uint64_t kSlowestStream = 500;
/// What a refused peer still sends is thrown away for a moment, so that it reads its answer instead
/// of a reset.
constexpr std::chrono::seconds kLinger{2};
constexpr std::uint64_t kMostWaste = 4U << 20U;

std::chrono::seconds time_for(std::uint64_t bytes) {
  return kPatience + std::chrono::seconds(bytes / kSlowest);
}

/// The boundary of the thread: what a handler throws becomes one failed request.
template <class Answering>
auto guarded(Answering answering) noexcept -> decltype(answering()) {
  try {
    return answering();
  } catch (const std::exception& broken) {
    return problem_of(500, "Internal failure", broken.what());
  } catch (...) {
    return problem_of(500, "Internal failure", "unknown; see the daemon's log");
  }
}

template <class Stream>
class Session final : public SessionHandle, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Args>
  Session(ServerCore& core, ApiRequest peer, Args&&... args)
      : core_(core), peer_(std::move(peer)), stream_(std::forward<Args>(args)...) {}
  ~Session() override { core_.leave(*this, peer_.address); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Stream& stream() { return stream_; }
  ApiRequest& peer() { return peer_; }
  /// False: there are enough connections already.
  bool admitted() { return core_.enter(*this, peer_.address); }

  void start() { on_strand(&Session::read); }

  void cancel() override {
    asio::post(stream_.get_executor(), [weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) beast::get_lowest_layer(self->stream_).close();
    });
  }

  void read() {
    head_.emplace();
    head_->header_limit(kLargestHeader);
    head_->body_limit(boost::none);  // until it is known who asks
    request_ = peer_;
    expires_after(kPatience);
    http::async_read_header(stream_, buffer_, *head_,
                            [self = this->shared_from_this()](
                                beast::error_code failed, std::size_t) { self->on_head(failed); });
  }

 private:
  class Body;

  template <class Method, class... Args>
  void on_strand(Method method, Args... args) {
    asio::dispatch(stream_.get_executor(),
                   [self = this->shared_from_this(), method, ... args = std::move(args)]() mutable {
                     (self.get()->*method)(std::move(args)...);
                   });
  }
  void expires_after(std::chrono::seconds time) {
    beast::get_lowest_layer(stream_).expires_after(time);
  }

  void on_head(beast::error_code failed) {
    if (failed) return broken(failed);
    if (!read_head(head_->get().base(), request_))
      return answer(problem_of(400, "Not valid", "the request target is no path"));
    const auto coding = head_->get()[http::field::content_encoding];
    if (!coding.empty() && !beast::iequals(coding, "identity")) {
      ApiResponse refused =
          problem_of(415, "Not a coding that is taken", "send the body without Content-Encoding");
      refused.headers.emplace_back("Accept-Encoding", "identity");
      return answer(std::move(refused));
    }
    asio::post(core_.work, [self = this->shared_from_this()] {
      using Entered = std::variant<ApiService::Entry, ApiResponse>;
      self->on_strand(&Session::on_entered, guarded([&]() -> Entered {
        return self->core_.service.enter(self->request_);
      }));
    });
  }

  void on_entered(std::variant<ApiService::Entry, ApiResponse> entered) {
    if (auto* refused = std::get_if<ApiResponse>(&entered)) return answer(std::move(*refused));
    const auto& entry = std::get<ApiService::Entry>(entered);
    if (head_->content_length().value_or(0) > entry.most_body) return answer(too_large());
    most_body_ = entry.most_body;
    const auto expected = head_->get()[http::field::expect];
    if (expected.empty()) return take_body(entry.streamed);
    if (!beast::iequals(expected, "100-continue"))
      return answer(problem_of(417, "Not valid", "the only thing to expect is 100-continue"));
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    expires_after(kPatience);
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = this->shared_from_this(), streamed = entry.streamed](
                          beast::error_code failed, std::size_t) {
                        if (failed) return self->close();
                        self->take_body(streamed);
                      });
  }

  void take_body(bool streamed) {
    if (streamed) {
      auto place = std::make_shared<ServerCore::Place>(core_);
      if (!place->taken()) {
        ApiResponse busy = problem_of(503, "Busy",
                                      "as many uploads as [http] max_uploads allows are coming in: "
                                      "try again");
        busy.headers.emplace_back("Retry-After", "5");
        return answer(std::move(busy));
      }
      return asio::post(core_.uploads,
                        [self = this->shared_from_this(), place] { self->run_stream(); });
    }
    const std::uint64_t stated = head_->content_length().value_or(most_body_);
    whole_.emplace(std::move(*head_));
    whole_->body_limit(most_body_);
    expires_after(time_for(stated));
    http::async_read(stream_, buffer_, *whole_,
                     [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
                       self->on_body(failed);
                     });
  }

  void on_body(beast::error_code failed) {
    if (failed) return broken(failed);
    asio::post(core_.work, [self = this->shared_from_this()] {
      self->on_strand(&Session::answer, guarded([&] { return self->handled(); }));
    });
  }

  ApiResponse handled() {
    const auto& body = whole_->get().body();
    if (!body.empty()) {
      boost::json::error_code wrong;
      request_.body = boost::json::parse({body.data(), body.size()}, wrong, wiping_memory());
      if (wrong) return problem_of(400, "Not valid", "the body is no JSON: " + wrong.message());
    }
    return core_.service.answer(request_);
  }

  /// In a thread of the uploads.
  void run_stream() {
    Body body(*this);
    const ApiResponse response = guarded([&]() -> ApiResponse {
      try {
        return core_.service.stream(request_, body);
      } catch (const std::system_error&) {
        if (body.too_large()) return too_large();
        if (body.gone()) return {};
        throw;
      }
    });
    if (body.gone()) return on_strand(&Session::close);
    if (response.stream) return send_stream(response);
    on_strand(&Session::answer, response);
  }

  static ApiResponse too_large() {
    return problem_of(413, "Too large", "the body is larger than this endpoint takes");
  }

  /// What an answer has to know of its request.
  struct Asked {
    bool head_only;
    bool is_read;  ///< nothing of it is still to come
    bool keeps_alive;
  };
  /// Wipes the request: whoever has its answer may rely on it that what it carried is gone.
  Asked forget_request() {
    const bool is_read = whole_ ? whole_->is_done() : head_ && head_->is_done();
    const bool wants_more =
        whole_ ? whole_->get().keep_alive() : head_ && head_->get().keep_alive();
    const Asked asked{request_.method == "HEAD", is_read, is_read && wants_more};
    whole_.reset();
    head_.reset();
    request_ = {};
    buffer_.shrink_to_fit();  // what was read out of it is still there
    return asked;
  }

  template <class Response>
  void fill_head(Response& out, const ApiResponse& response, bool keeps_alive) const {
    out.version(11);
    out.result(response.status);
    const bool is_json = response.content_type.empty();
    out.set(http::field::content_type, !is_json                 ? response.content_type
                                       : response.status >= 400 ? "application/problem+json"
                                                                : "application/json");
    out.set(http::field::cache_control, "no-store");
    if constexpr (std::is_same_v<Stream, TlsStream>)
      out.set(http::field::strict_transport_security, "max-age=31536000");
    for (const auto& [name, value] : response.headers) out.set(name, value);
    out.keep_alive(keeps_alive);
  }

  void answer(ApiResponse response) {
    if (response.stream)
      return asio::post(core_.uploads, [self = this->shared_from_this(), response] {
        self->send_stream(response);
      });
    const Asked asked = forget_request();
    add_security_headers(response);  // not all come from the service
    auto out = std::make_shared<http::response<http::string_body>>();
    fill_head(*out, response, asked.keeps_alive);
    out->body() = response.content_type.empty() ? boost::json::serialize(response.body)
                                                : std::move(response.text);
    if (response.status == 204 || response.status == 304) out->body().clear();
    out->prepare_payload();
    if (response.status == 204 || response.status == 304) out->erase(http::field::content_length);
    if (asked.head_only) out->body().clear();
    expires_after(time_for(out->body().size()));
    http::async_write(
        stream_, *out,
        [self = this->shared_from_this(), out, asked](beast::error_code failed, std::size_t) {
          if (failed) return self->close();
          self->answered(asked);
        });
  }

  void answered(Asked asked) {
    if (asked.keeps_alive) return read();
    if (asked.is_read) return close();
    linger();
  }

  /// In a thread of the uploads. What cannot be read any more breaks the connection off: its length
  /// was promised.
  void send_stream(const ApiResponse& response) {
    const Asked asked = forget_request();
    http::response<http::buffer_body> out;
    fill_head(out, response, asked.keeps_alive);
    out.content_length(response.stream->length());
    out.body().data = nullptr;
    out.body().more = true;
    http::response_serializer<http::buffer_body> serializer(out);
    beast::error_code failed = wait_for([&](auto done) {
      expires_after(kStreamPatience);
      http::async_write_header(stream_, serializer, done);
    });
    Result<void> whole = {};
    if (!failed && !asked.head_only) {
      const auto send = [&](ByteView piece, bool more) {
        out.body().data = const_cast<Byte*>(piece.data());  // only read
        out.body().size = piece.size();
        out.body().more = more;
        failed = wait_for([&](auto done) {
          expires_after(kStreamPatience);
          http::async_write(stream_, serializer, done);
        });
        if (failed == http::error::need_buffer) failed = {};
        return !failed;
      };
      whole = response.stream->read([&](ByteView piece) { return send(piece, true); });
      if (whole && !failed) send({}, false);
    }
    if (failed || !whole) return on_strand(&Session::close);
    on_strand(&Session::answered, asked);
  }

  /// Begins an operation on the strand and waits for its end, in a thread that is none of it.
  template <class Begin>
  beast::error_code wait_for(Begin begin) {
    const auto ended = std::make_shared<std::promise<beast::error_code>>();
    auto result = ended->get_future();
    asio::post(stream_.get_executor(), [&begin, ended] {
      begin([ended](beast::error_code failed, std::size_t) { ended->set_value(failed); });
    });
    return result.get();
  }

  /// What cannot be read as a request: said to the peer where that makes sense.
  void broken(beast::error_code failed) {
    if (failed == http::error::body_limit) return answer(too_large());
    if (failed == http::error::header_limit)
      return answer(problem_of(431, "Too large", "request headers have at most 16 KiB"));
    const bool is_http = failed.category() == make_error_code(http::error::bad_method).category();
    if (is_http && failed != http::error::end_of_stream && failed != http::error::partial_message)
      return answer(problem_of(400, "Not valid", "no HTTP request: " + failed.message()));
    close();
  }

  void linger() {
    beast::error_code ignored;  // the peer may be gone already
    beast::get_lowest_layer(stream_).socket().shutdown(asio::socket_base::shutdown_send, ignored);
    expires_after(kLinger);
    throw_away();
  }
  void throw_away() {
    beast::get_lowest_layer(stream_).async_read_some(
        asio::buffer(waste_),
        [self = this->shared_from_this()](beast::error_code failed, std::size_t bytes) {
          self->wasted_ += bytes;
          if (!failed && self->wasted_ < kMostWaste) self->throw_away();
        });
  }

  void close() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      expires_after(kLinger);
      stream_.async_shutdown([self = this->shared_from_this()](beast::error_code) {});
    } else {
      beast::error_code ignored;  // the peer may be gone already
      beast::get_lowest_layer(stream_).socket().shutdown(asio::socket_base::shutdown_send, ignored);
    }
  }

  ServerCore& core_;
  ApiRequest peer_;  ///< what is known of everything that comes over this connection
  Stream stream_;
  beast::basic_flat_buffer<WipingAllocator<char>> buffer_;
  std::optional<HeadParser> head_;
  std::optional<WholeParser> whole_;
  std::uint64_t most_body_ = 0;
  ApiRequest request_;
  std::array<char, 8192> waste_{};
  std::uint64_t wasted_ = 0;
};

template <class Stream>
class Session<Stream>::Body final : public RequestBody {
 public:
  explicit Body(Session& session) : session_(session) {
    session.head_->body_limit(session.most_body_);
  }
  bool gone() const { return gone_; }
  bool too_large() const { return too_large_; }

  std::size_t read(std::span<Byte> into) override {
    HeadParser& parser = *session_.head_;
    while (!parser.is_done()) {
      auto& room = parser.get().body();
      room.data = into.data();
      room.size = into.size();
      room.more = true;
      beast::error_code failed = session_.wait_for([&](auto done) {
        session_.expires_after(kStreamPatience);
        http::async_read_some(session_.stream_, session_.buffer_, parser, done);
      });
      if (failed == http::error::need_buffer) failed = {};
      const std::size_t got = into.size() - room.size;
      if (!failed && !floor_.keeps_up(got)) failed = beast::error::timeout;
      if (failed) {
        too_large_ = failed == http::error::body_limit;
        gone_ = !too_large_;
        throw std::system_error(std::make_error_code(std::errc::connection_aborted),
                                "the request body");
      }
      if (got > 0) return got;
    }
    return 0;
  }

 private:
  Session& session_;
  RateFloor floor_{kSlowestStream, kStreamPatience};
  bool gone_ = false, too_large_ = false;
};

}  // namespace

void serve_local(asio::local::stream_protocol::socket socket, ServerCore& core) {
  auto peer = local_peer(socket.native_handle());
  if (!peer) return;  // nobody known, nothing served
  const auto session =
      std::make_shared<Session<PlainStream>>(core, std::move(*peer), std::move(socket));
  if (session->admitted()) session->start();
}

void serve_tcp(asio::ip::tcp::socket socket, ServerCore& core,
               const std::shared_ptr<const TlsContext>& tls, const OnTlsFailure& failed) {
  beast::error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone) return;
  ApiRequest peer;
  peer.address = remote.address().to_string();
  socket.set_option(asio::ip::tcp::no_delay(true), gone);
  if (!tls) {
    const auto session =
        std::make_shared<Session<PlainStream>>(core, std::move(peer), std::move(socket));
    if (session->admitted()) session->start();
    return;
  }
  asio::ssl::context shared(tls->share());
  const auto session =
      std::make_shared<Session<TlsStream>>(core, std::move(peer), std::move(socket), shared);
  if (!session->admitted()) return;
  auto& stream = session->stream();
  // Who has none may still have a token.
  stream.set_verify_mode(tls->has_ca() ? asio::ssl::verify_peer : asio::ssl::verify_none);
  beast::get_lowest_layer(stream).expires_after(kPatience);
  stream.async_handshake(
      asio::ssl::stream_base::server, [session, failed](const beast::error_code& broken) {
        if (broken) return failed(session->peer().address, broken.message());
        session->peer().certificate = tls_identity_of(session->stream().native_handle());
        session->read();
      });
}

}  // namespace dosigate
