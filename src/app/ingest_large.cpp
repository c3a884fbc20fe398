// Large instances: their pixel data go into a sealed file of the spool while they arrive.

#include "dosigate/app/ingest.h"

namespace dosigate {
namespace {

/// Bytes after which the room on the disk is looked at again, where nobody knows how many come.
constexpr std::uint64_t kLookAgain = 64U << 20U;

std::uint64_t stated_length(const PixelElement& element) {
  return element.encapsulated ? 0 : element.length;
}

}  // namespace

class Ingest::LargeInstance final : public AssociationServer::Passage {
 public:
  LargeInstance(Ingest& ingest, PixelStream seen, std::unique_ptr<SealedFileWriter> file)
      : ingest_(ingest), seen_(std::move(seen)), file_(std::move(file)) {}

  void pixels(ByteView piece) override try {
    unlooked_ += piece.size();
    if (unlooked_ >= kLookAgain) {
      unlooked_ = 0;
      if (!ingest_.spool_.has_room()) throw std::runtime_error("the disk is low");
    }
    seen_.add(piece);
    file_->write(Section::Body, piece);
  } catch (const std::exception& broken) {
    ingest_.trouble_.failed(broken.what());
    throw;
  }

  AssociationServer::Answer finish(ReceivedInstance instance) override {
    PassedBody body{seen_, file_.get()};
    return ingest_.accept(instance, &body);
  }

 private:
  Ingest& ingest_;
  PixelStream seen_;
  std::unique_ptr<SealedFileWriter> file_;
  std::uint64_t unlooked_ = 0;
};

Result<std::unique_ptr<AssociationServer::Passage>> Ingest::begin(const ReceivedInstance& begun) {
  const TransferSyntax* syntax = find_transfer_syntax(begun.transfer_syntax_uid);
  if (syntax == nullptr || !begun.passed)
    return fail(Fault::Invalid, "the transfer syntax is not in the table");
  auto seen = PixelStream::open(map_.pixel_key(), begun.data_set, begun.passed->element, *syntax);
  if (!seen) return seen.error();
  auto file = spool_.receive_body(new_instance_id(), stated_length(begun.passed->element));
  if (!file) return file.error();
  return std::make_unique<LargeInstance>(*this, std::move(*seen), std::move(*file));
}

}  // namespace dosigate
