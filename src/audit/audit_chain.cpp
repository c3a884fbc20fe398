#include "audit_chain.h"

#include <algorithm>

#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

constexpr std::size_t kReadAhead = 1U << 20U;
/// Longer than any line of ours: a file without line ends is not read into memory as one line.
constexpr std::size_t kLongestLine = 1U << 20U;

/// The heads that were kept elsewhere, against the lines as they pass.
class Kept {
 public:
  Kept(const std::filesystem::path& file, std::vector<AuditHead> heads)
      : file_(file), heads_(std::move(heads)) {
    std::sort(heads_.begin(), heads_.end(),
              [](const AuditHead& a, const AuditHead& b) { return a.number < b.number; });
  }
  Result<void> passed(const AuditLink& link) {
    for (; next_ < heads_.size() && heads_[next_].number == link.number; ++next_)
      if (heads_[next_].value != to_hex(link.value))
        return fail(Fault::Corrupt,
                    "the audit record " + file_.string() + " holds, but its line " +
                        std::to_string(link.number) + " is another one than when the head " +
                        text_of(heads_[next_]) +
                        " was kept: the record was begun anew, or written again from an earlier "
                        "line on; keep the file as evidence");
    return {};
  }
  Result<void> ended(const AuditLink& last) const {
    if (next_ == heads_.size()) return {};
    return fail(Fault::Corrupt,
                "the audit record " + file_.string() + " ends at line " +
                    std::to_string(last.number) + ", and had line " +
                    std::to_string(heads_.back().number) + " when the head " +
                    text_of(heads_.back()) +
                    " was kept: lines were cut off from its end, or it was begun anew or put back "
                    "from a backup of before; keep the file as evidence");
  }

 private:
  const std::filesystem::path& file_;
  std::vector<AuditHead> heads_;
  std::size_t next_ = 0;
};

}  // namespace

Error broken_chain(const std::filesystem::path& file, std::uint64_t line, std::string_view what) {
  return fail(Fault::Corrupt, "the audit record " + file.string() + " was changed: line " +
                                  std::to_string(line) + " " + std::string(what) +
                                  "; keep the file as evidence, find out who wrote to it, and move "
                                  "it away to start a new record");
}

Result<AuditChain> walk_chain(int fd, const std::filesystem::path& file, const Keyring& keys,
                              std::uint64_t size, const std::vector<AuditHead>& heads) {
  Kept kept(file, heads);
  AuditChain chain;
  std::string pending;
  Bytes block(kReadAhead);
  for (std::uint64_t at = 0; at < size;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size - at));
    if (!read_exactly_at(fd, std::span(block).first(count), at, file))
      return broken_chain(file, chain.last.number + 1, "is missing: the file became shorter");
    at += count;
    pending += as_text(ByteView(block).first(count));
    std::size_t from = 0;
    for (std::size_t end; (end = pending.find('\n', from)) != std::string::npos; from = end + 1) {
      const std::string_view line = std::string_view(pending).substr(from, end - from);
      if (const char* wrong = follow(chain.last, line, keys))
        return broken_chain(file, chain.last.number + 1, wrong);
      if (auto same = kept.passed(chain.last); !same) return same.error();
      chain.complete_bytes += line.size() + 1;
    }
    pending.erase(0, from);
    if (pending.size() > kLongestLine)
      return broken_chain(file, chain.last.number + 1, "has no end");
  }
  if (auto reached = kept.ended(chain.last); !reached) return reached.error();
  chain.cut_bytes = pending.size();
  return chain;
}

}  // namespace dosigate
