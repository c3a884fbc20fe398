#include "http_link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "dosigate/base/secret.h"
#include "peer.h"

namespace dosigate {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kPiece = 64U << 10U;
constexpr std::uint32_t kMostHead = 16U << 10U;
constexpr std::size_t kMostConnectAnswer = 64U << 10U;
constexpr int kContinue = 100, kLastInformational = 199;
constexpr int kMostInformational = 16;  // before the answer itself (RFC 9110 15.2)
/// What an archive sent before it closed the connection on us is there already.
constexpr std::chrono::seconds kLastWord{1};

std::optional<std::chrono::seconds> seconds_of(std::string_view text) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(out);
}

/// Gathers what a source gives into pieces, each of which waits for its turn on the link.
class Pieces {
 public:
  using Send = std::function<bool(ByteView)>;
  Pieces(std::size_t largest, Send send) : largest_(largest), send_(std::move(send)) {
    piece_.reserve(largest_);
  }
  ~Pieces() { wipe(piece_.data(), piece_.size()); }  // its beginning has held the credentials
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  bool add(ByteView bytes) {
    total_ += bytes.size();
    while (!bytes.empty()) {
      if (piece_.size() == largest_ && !flush()) return false;
      const std::size_t part = std::min(bytes.size(), largest_ - piece_.size());
      piece_.insert(piece_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
      bytes = bytes.subspan(part);
    }
    return true;
  }
  bool flush() {
    if (piece_.empty()) return true;
    const bool sent = send_(piece_);
    piece_.clear();
    return sent;
  }
  std::uint64_t total() const { return total_; }

 private:
  const std::size_t largest_;
  const Send send_;
  Bytes piece_;
  std::uint64_t total_ = 0;
};

}  // namespace

std::string http_status_text(unsigned status) {
  const auto known = http::int_to_status(status);
  if (known == http::status::unknown) return std::to_string(status);
  return std::to_string(status) + " " + std::string(http::obsolete_reason(known));
}

Result<std::unique_ptr<HttpLink>> HttpLink::open(const Destination& to) {
  std::unique_ptr<HttpLink> link(new HttpLink(to));
  if (auto connected = link->connect(); !connected) return connected.error();
  return link;
}

Result<void> HttpLink::connect() {
  const WebAddress& url = to_.stow.url;
  if (url.secure && (!to_.tls || !to_.tls_context))
    return fail(Fault::Denied, url.text() + " needs [tls] with ca");
  const SteadyTime deadline = steady_now() + to_.connect_timeout;
  const WebAddress& first = to_.stow.proxy ? *to_.stow.proxy : url;
  auto connected = OutboundStream::connect(first.host, first.port, deadline);
  if (!connected)
    return fail(Fault::Unavailable, (to_.stow.proxy ? "the proxy " : "") + first.text() + " " +
                                        connected.error().detail);
  stream_ = std::move(*connected);
  if (to_.stow.proxy) {
    if (auto through = tunnel(deadline); !through) return through;
  }
  if (!url.secure) return {};
  if (auto proved = stream_->secure(to_.tls_context, *to_.tls, url.host, deadline); !proved)
    return fail(proved.error().fault == Fault::Denied ? Fault::Denied : Fault::Unavailable,
                "no TLS session with " + url.text() + ": " + proved.error().detail);
  return {};
}

Result<void> HttpLink::tunnel(SteadyTime deadline) {
  const WebAddress& url = to_.stow.url;
  const std::string proxy = "the proxy " + to_.stow.proxy->text();
  const std::string name =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string there = name + ":" + std::to_string(url.port);
  std::string head = "CONNECT " + there + " HTTP/1.1\r\nHost: " + there + "\r\n";
  if (!to_.stow.proxy_password_file.empty()) {
    auto basic = basic_of(to_.stow.proxy_password_file);
    if (!basic) return fail(Fault::Denied, basic.error().detail);
    head.reserve(head.size() + basic->size() + 40);  // no copy of the password is left behind
    head += "Proxy-Authorization: " + *basic + "\r\n";
    wipe(basic->data(), basic->size());
  }
  head += "\r\n";
  const bool sent = stream_->write(as_bytes(head), deadline);
  wipe(head.data(), head.size());
  auto answer = sent ? read_answer(deadline, kMostConnectAnswer, true)
                     : Result<HttpAnswer>(fail(Fault::Unavailable, "it closed the connection"));
  if (!answer)
    return fail(Fault::Unavailable,
                proxy + " makes no tunnel to " + there + ": " + answer.error().detail);
  const unsigned status = answer->status;
  if (status >= 200 && status < 300) {
    // In a tunnel it is the archive's turn only after ours.
    if (in_.empty()) return {};
    return fail(Fault::Unavailable, proxy + " sends data into the tunnel: it is at fault");
  }
  const std::string says = proxy + " answers " + http_status_text(status);
  if (status == 407)
    return fail(Fault::Denied, says + ": it wants other credentials, in proxy_password_file");
  if (status == 403 || status == 405)
    return fail(Fault::Denied, says + ": have connections to " + there + " allowed there");
  return fail(status >= 500 || status == 429 ? Fault::Unavailable : Fault::Denied,
              says + " when asked for a tunnel to " + there);
}

Result<std::string> HttpLink::head_of(const Request& request) const {
  const StowTarget& stow = to_.stow;
  std::string head = request.method + " " + stow.url.path + request.target +
                     " HTTP/1.1\r\nHost: " + stow.url.authority() +
                     "\r\nUser-Agent: dosigate/" DOSIGATE_VERSION
                     "\r\nAccept: application/dicom+json\r\n" +
                     request.headers;
  if (request.body) head += "Content-Length: " + std::to_string(request.content_length) + "\r\n";
  if (!stow.token_file.empty() || !stow.password_file.empty()) {
    auto value =
        stow.token_file.empty() ? basic_of(stow.password_file) : bearer_of(stow.token_file);
    if (!value) return fail(Fault::Denied, value.error().detail);
    head.reserve(head.size() + value->size() + 40);  // no copy of the secret is left behind
    head += "Authorization: ";
    head += *value;
    head += "\r\n";
    wipe(value->data(), value->size());
  }
  return head + "\r\n";
}

Result<HttpAnswer> HttpLink::exchange(const Request& request, const Pace* pace) {
  usable_ = false;  // until all is well
  ended_while_idle_ = false;
  heard_ = false;
  auto head = head_of(request);
  if (!head) return head.error();

  bool early = false, broken = false;
  int why = 0;
  const std::size_t largest =
      pace == nullptr ? kPiece : std::min(kPiece, pace->throttle.largest_piece());
  Pieces pieces(largest, [&](ByteView piece) {
    if (pace != nullptr) pace->throttle.take(piece.size(), pace->stop);
    // Whoever answers in the middle has made up his mind.
    early = stream_->has_something();
    if (early) return false;
    broken = !stream_->write(piece, steady_now() + to_.dimse_timeout);
    if (broken) why = errno;
    return !broken;
  });
  bool going_on = pieces.add(as_bytes(*head));
  wipe(head->data(), head->size());
  const std::uint64_t head_size = pieces.total();
  if (going_on && request.body) {
    const auto given = request.body([&](ByteView bytes) { return going_on = pieces.add(bytes); });
    if (!given) return given.error();
    if (going_on && pieces.total() - head_size != request.content_length)
      return fail(Fault::Corrupt, "has not the length that the queue knows: its file is damaged");
  }
  if (going_on) going_on = pieces.flush();

  auto answer = read_answer(steady_now() + (broken ? kLastWord : to_.dimse_timeout),
                            request.most_answer, false);
  if (!going_on) usable_ = false;
  if (answer) {
    ++served_;
    return answer;
  }
  usable_ = false;
  ended_while_idle_ = served_ > 0 && !heard_ && (broken ? why != ETIMEDOUT : errno != ETIMEDOUT);
  if (!broken) return answer;
  errno = why;
  return broken_off("data were sent");
}

Error HttpLink::broken_off(const char* during) const {
  const std::string where = to_.stow.url.text(), when = std::string(" while ") + during;
  if (errno == ETIMEDOUT)
    return fail(Fault::Unavailable, where + " did nothing for " +
                                        std::to_string(to_.dimse_timeout.count()) + " s" + when +
                                        ": is it overloaded?");
  const std::string tls = stream_->tls_failure();
  if (!tls.empty()) return fail(Fault::Unavailable, where + when + ": " + tls);
  if (errno == EPIPE || errno == ECONNRESET || errno == 0)
    return fail(Fault::Unavailable, "the connection to " + where + " was closed" + when);
  return fail(Fault::Unavailable, where + when + ": " + std::generic_category().message(errno));
}

Result<HttpAnswer> HttpLink::read_answer(SteadyTime deadline, std::size_t most, bool to_connect) {
  const char* const during = "its answer was awaited";
  std::optional<http::response_parser<http::string_body>> parser;
  const auto begin = [&] {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(kMostHead);
    parser->body_limit(most);
    // Only of a refusal: a tunnel has no body (RFC 9110 9.3.6), whatever the headers say.
    if (to_connect) parser->skip(true);
  };
  const auto malformed = [&](const boost::system::error_code& error) -> Error {
    errno = 0;
    if (error == http::error::body_limit || error == http::error::header_limit)
      return fail(Fault::Unavailable, to_.stow.url.text() + " answers with more than " +
                                          std::to_string(most >> 10U) + " KiB, which is no answer");
    return fail(Fault::Unavailable, to_.stow.url.text() + " answers something that is not HTTP (" +
                                        error.message() + "): check the port and the address");
  };
  begin();
  std::array<Byte, kPiece> buffer;
  bool ended = false;
  int informational = 0;
  while (!parser->is_done()) {
    boost::system::error_code error;
    if (!in_.empty() && !ended) {
      const std::size_t used = parser->put(boost::asio::buffer(in_), error);
      in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(used));
      if (error && error != http::error::need_more) return malformed(error);
      if (parser->is_done()) {
        const int status = static_cast<int>(parser->get().result_int());
        if (status < kContinue || status > kLastInformational) continue;
        if (++informational > kMostInformational)
          return fail(Fault::Unavailable, to_.stow.url.text() + " answers " +
                                              http_status_text(parser->get().result_int()) +
                                              " again and again: it is at fault");
        begin();
        continue;
      }
      if (!error && used > 0 && !in_.empty()) continue;
    }
    // A read takes what is there also after the deadline; whoever always has something there would
    // never be given up.
    if (steady_now() >= deadline) {
      errno = ETIMEDOUT;
      return broken_off(during);
    }
    const ssize_t got = stream_->read(buffer, deadline);
    if (got < 0) return broken_off(during);
    if (got == 0) {
      if (parser->got_some()) parser->put_eof(error);
      errno = 0;
      if (!parser->got_some() || error || !parser->is_done()) return broken_off(during);
      ended = true;
      continue;
    }
    heard_ = true;
    in_.insert(in_.end(), buffer.begin(), buffer.begin() + got);
  }
  const auto& message = parser->get();
  HttpAnswer out;
  out.status = message.result_int();
  out.body = message.body();
  out.retry_after = seconds_of(std::string_view(message[http::field::retry_after]));
  usable_ = parser->keep_alive() && !ended && in_.empty();
  return out;
}

}  // namespace dosigate
