#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {

/// What programs show to ask over TCP: 256 random bits, of which only the SHA-256 is kept, in one
/// file (0600). Not part of a backup: a restore would bring back what was revoked since. Thread:
/// any.
class Tokens {
 public:
  struct Token {
    std::string name;          ///< letters, digits, - _ . (it stands in paths and in the audit log)
    std::uint32_t rights = 0;  ///< right_bit
    std::int64_t created = 0, expires = 0;  ///< Unix seconds
    std::int64_t last_used = 0;             ///< begin of the day (UTC) of its last use; 0 = never
    std::string made_by;                    ///< user name, "token:NAME" or "certificate:NAME"
    /// The account that made it, or that made the token that made it: whom it stands for where two
    /// persons are needed.
    unsigned maker_uid = 0;
    Digest hash{};
  };
  struct Made {
    Token token;
    std::string text;  ///< "dsgt_" and 64 hexadecimal digits; nobody can be told it again
  };

  /// A file that does not hold is said in the log and in `trouble`; then nobody is let in and
  /// nothing is written over it.
  explicit Tokens(std::filesystem::path file, WallClock clock = wall_now);

  /// Durable on return. Conflict when the name is taken, Busy when there are too many, Unavailable
  /// while the file is damaged.
  /// @param wanted  name, rights, expires, made_by and maker_uid; the rest is ours.
  Result<Made> add(Token wanted);
  /// Sorted by name.
  Result<std::vector<Token>> list() const;
  /// Those that it made are revoked with it: whoever had it may have them. Their names, it first;
  /// NotFound.
  Result<std::vector<std::string>> revoke(const std::string& name);
  /// NotFound when it is none of ours, Denied when it has expired, Unavailable while the file is
  /// damaged. All are compared, each in constant time.
  Result<Token> find(std::string_view presented);

  /// Empty while the file holds.
  const std::string& trouble() const { return trouble_; }
  std::filesystem::path file() const { return file_; }

 private:
  bool has(std::string_view name) const;
  void write() const;
  Error damaged() const;

  const std::filesystem::path file_;
  const WallClock clock_;
  std::string trouble_;
  mutable std::mutex mutex_;
  std::vector<Token> tokens_;
};

bool is_token_name(std::string_view name);

}  // namespace dosigate
