#include "answers.h"

#include <unistd.h>

#include <system_error>

#include <spdlog/spdlog.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "dosigate/base/clock.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kKept = ".answer", kLoose = ".part";

Bytes card_of(const Answers::Head& head) {
  json::array headers;
  for (const auto& [name, value] : head.headers) headers.push_back(json::array{name, value});
  const std::string text = json::serialize(json::object{{"status", head.status},
                                                        {"content_type", head.content_type},
                                                        {"headers", std::move(headers)},
                                                        {"request", head.request}});
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

/// Of a card that this program wrote: it is authenticated.
Answers::Head head_of(const Bytes& card) {
  const json::value parsed = json::parse(as_text(card));
  Answers::Head head;
  head.status = json::value_to<unsigned>(parsed.at("status"));
  head.content_type = json::value_to<std::string>(parsed.at("content_type"));
  head.request = json::value_to<std::string>(parsed.at("request"));
  for (const auto& header : parsed.at("headers").as_array())
    head.headers.emplace_back(json::value_to<std::string>(header.at(0)),
                              json::value_to<std::string>(header.at(1)));
  return head;
}

/// A sealed answer. What is still at `path` then goes with this object.
class SealedBody final : public ApiBody {
 public:
  explicit SealedBody(SealedFileReader reader, fs::path path = {})
      : reader_(std::move(reader)), path_(std::move(path)) {}
  ~SealedBody() override {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  SealedBody(const SealedBody&) = delete;
  SealedBody& operator=(const SealedBody&) = delete;
  std::uint64_t length() const override { return reader_.length(Section::Body); }
  Result<void> read(const std::function<bool(ByteView)>& sink) override {
    return reader_.read(Section::Body, Section::Body, sink);
  }

 private:
  const SealedFileReader reader_;
  const fs::path path_;
};

}  // namespace

Answers::Answers(fs::path directory, const Keyring& keys, std::chrono::hours keep)
    : directory_(std::move(directory)), keys_(keys), keep_(keep) {
  make_private_directory(directory_);
  for (const auto& file : fs::directory_iterator(directory_))
    if (file.path().extension() != kKept) fs::remove(file.path());
  expire();
}

Answers::Draft::Draft(Answers& answers, fs::path keep_as)
    : answers_(answers),
      path_(answers.directory_ / (to_hex(random_id()) + std::string(kLoose))),
      keep_as_(std::move(keep_as)) {
  {
    const std::lock_guard lock(answers_.mutex_);
    cleared_ = answers_.cleared_;
  }
  file_ = std::make_unique<SealedFileWriter>(answers_.keys_, path_, random_id(),
                                             static_cast<std::uint64_t>(to_unix(wall_now())));
}

Answers::Draft::~Draft() = default;  // the writer removes what is not finished

std::shared_ptr<ApiBody> Answers::Draft::finish(const Head& head) {
  file_->finish(Purpose::SpoolArchive, card_of(head));
  auto reader = SealedFileReader::open(answers_.keys_, Purpose::SpoolArchive, path_);
  if (!reader) throw std::runtime_error("an answer cannot be read back: " + reader.error().detail);
  return std::make_shared<SealedBody>(std::move(*reader), path_);
}

void Answers::Draft::keep() {
  if (keep_as_.empty()) return;
  const std::lock_guard lock(answers_.mutex_);
  if (cleared_ != answers_.cleared_) return;
  std::error_code broken;
  fs::rename(path_, keep_as_, broken);
  if (broken) spdlog::warn("an answer is not kept for its key error={}", broken.message());
}

Answers::Draft Answers::draft() { return {*this, {}}; }

fs::path Answers::kept(const std::string& name) const {
  return directory_ / (name + std::string(kKept));
}

Result<std::unique_ptr<Answers::Key>> Answers::key(const std::string& actor,
                                                   const std::string& idempotency_key) {
  std::string name = to_hex(keyed_hash(keys_.index_key(), "idempotency-key",
                                       {as_bytes(actor), as_bytes(idempotency_key)}));
  const std::lock_guard lock(mutex_);
  if (!busy_.insert(name).second)
    return fail(Fault::Conflict,
                "a request with this Idempotency-Key is being answered: wait for its answer");
  return std::unique_ptr<Key>(new Key(*this, std::move(name)));
}

Answers::Key::~Key() {
  const std::lock_guard lock(answers_.mutex_);
  answers_.busy_.erase(name_);
}

std::optional<Answers::Key::Given> Answers::Key::given() const {
  const fs::path file = answers_.kept(name_);
  if (!fs::exists(file) || answers_.is_over(file)) return std::nullopt;
  auto reader = SealedFileReader::open(answers_.keys_, Purpose::SpoolArchive, file);
  if (!reader) return std::nullopt;  // half written when the node was killed, or its key is gone
  Head head = head_of(reader->card());
  return Given{std::move(head), std::make_shared<SealedBody>(std::move(*reader))};
}

Answers::Draft Answers::Key::draft() const { return {answers_, answers_.kept(name_)}; }

bool Answers::is_over(const fs::path& file) const {
  std::error_code gone;
  const auto written = fs::last_write_time(file, gone);
  return gone || fs::file_time_type::clock::now() - written > keep_;
}

void Answers::expire() {
  const std::lock_guard lock(mutex_);
  remove_if([this](const fs::path& file) {
    return is_over(file) && !busy_.contains(file.stem().string());
  });
}

void Answers::clear() {
  const std::lock_guard lock(mutex_);
  ++cleared_;
  remove_if([](const fs::path&) { return true; });
}

void Answers::remove_if(const std::function<bool(const fs::path&)>& wanted) {
  for (const auto& file : fs::directory_iterator(directory_)) {
    if (file.path().extension() == kKept && wanted(file.path())) fs::remove(file.path());
  }
}

}  // namespace dosigate
