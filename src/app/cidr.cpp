#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "dosigate/app/config.h"

namespace dosigate {
namespace {

constexpr unsigned kMapped = 96;  ///< bits before an IPv4 address in ::ffff:0:0/96

struct Address {
  std::array<Byte, 16> bytes{};
  bool v4 = false;
};

std::optional<Address> parse_address(std::string_view text) {
  // A link-local address comes with its interface: "fe80::1%eth0".
  const std::string plain(text.substr(0, text.find('%')));
  Address out;
  std::array<Byte, 4> v4{};
  if (inet_pton(AF_INET, plain.c_str(), v4.data()) == 1) {
    out.v4 = true;
    out.bytes[10] = out.bytes[11] = 0xFF;
    std::copy(v4.begin(), v4.end(), out.bytes.begin() + 12);
    return out;
  }
  if (inet_pton(AF_INET6, plain.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

std::array<Byte, 16> masked(std::array<Byte, 16> bytes, unsigned prefix) {
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = prefix > i * 8 ? std::min(prefix - i * 8, 8U) : 0U;
    bytes[i] = static_cast<Byte>(bytes[i] & static_cast<Byte>(0xFF00U >> kept));
  }
  return bytes;
}

std::string text_of(const std::array<Byte, 16>& bytes, bool v4) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), out.data(), out.size());
  return out.data();
}

}  // namespace

bool Network::contains(std::string_view numeric_address) const {
  const auto parsed = parse_address(numeric_address);
  return parsed && masked(parsed->bytes, prefix) == address;
}

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto parsed = parse_address(text.substr(0, slash));
  const std::string shown = "\"" + std::string(text) + "\"";
  if (!parsed)
    return fail(Fault::Invalid, shown + " is no address or network, as in \"10.1.0.0/16\"");
  const unsigned longest = parsed->v4 ? 32 : 128;
  unsigned prefix = longest;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (digits.empty() || failed != std::errc{} || end != digits.data() + digits.size() ||
        prefix > longest) {
      return fail(Fault::Invalid,
                  shown + ": the prefix is a number from 0 to " + std::to_string(longest));
    }
  }
  Network out;
  out.prefix = prefix + (parsed->v4 ? kMapped : 0);
  out.address = masked(parsed->bytes, out.prefix);
  if (out.address != parsed->bytes) {
    return fail(Fault::Invalid, shown + " has bits set beyond its prefix (did you mean " +
                                    text_of(out.address, parsed->v4) + "/" +
                                    std::to_string(prefix) + "?)");
  }
  return out;
}

}  // namespace dosigate
