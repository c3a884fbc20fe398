#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "dosigate/api/http.h"
#include "dosigate/crypto/sealed_file.h"

namespace dosigate {

/// What is given back over HTTP lies sealed on disk until the client has it, and under an
/// Idempotency-Key until its time is over, across restarts. Files are under the key of the
/// archive's domain, in a directory of their own; an answer that a rotation of keys has made
/// unreadable has ended. Thread: any.
class Answers {
 public:
  /// Removes what no key keeps: left by a crash.
  Answers(std::filesystem::path directory, const Keyring& keys, std::chrono::hours keep);

  /// What an answer says beside its bytes.
  struct Head {
    unsigned status = 200;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string request;  ///< digest of the body that it answers; empty without a key
  };

  /// An answer in the making; or bytes that are part of one, put aside. Removed with the object,
  /// and with the body that it became, unless it is kept. Thread: one.
  class Draft {
   public:
    ~Draft();
    Draft(Draft&&) noexcept = default;
    Draft& operator=(Draft&&) = delete;
    /// Throws std::system_error.
    void write(ByteView bytes) { file_->write(Section::Body, bytes); }
    /// Of all that was written.
    std::shared_ptr<ApiBody> finish(const Head& head);
    /// From now on a draft under a key is given again: to be called once what is in it counts as
    /// given, while its body lives. Nothing without a key, when all was cleared meanwhile, or when
    /// the disk fails: a request under that key is then answered anew.
    void keep();

   private:
    friend class Answers;
    Draft(Answers& answers, std::filesystem::path keep_as);
    Answers& answers_;
    std::filesystem::path path_, keep_as_;
    unsigned cleared_;
    std::unique_ptr<SealedFileWriter> file_;
  };
  Draft draft();

  /// One request under an Idempotency-Key. While it is held no other one of that key runs.
  class Key {
   public:
    ~Key();
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    /// The answer that was given under it before, if its time is not over.
    struct Given {
      Head head;
      std::shared_ptr<ApiBody> body;
    };
    std::optional<Given> given() const;
    /// For a draft that may be kept under the key.
    Draft draft() const;

   private:
    friend class Answers;
    Key(Answers& answers, std::string name) : answers_(answers), name_(std::move(name)) {}
    Answers& answers_;
    std::string name_;
  };
  /// Conflict: a request under that key of that client is being answered now.
  Result<std::unique_ptr<Key>> key(const std::string& actor, const std::string& idempotency_key);

  /// Removes the answers whose time is over.
  void expire();
  /// Removes all that are kept: nobody knows any more whose copies are in which.
  void clear();

 private:
  /// Under the lock.
  void remove_if(const std::function<bool(const std::filesystem::path&)>& wanted);
  bool is_over(const std::filesystem::path& file) const;
  std::filesystem::path kept(const std::string& name) const;

  const std::filesystem::path directory_;
  const Keyring& keys_;
  const std::chrono::hours keep_;
  std::mutex mutex_;
  std::set<std::string> busy_;
  unsigned cleared_ = 0;  ///< times
};

}  // namespace dosigate
