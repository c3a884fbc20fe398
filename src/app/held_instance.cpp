#include "held_instance.h"

namespace dosigate {

Result<void> HeldInstance::read(Begin begin, Piece piece) {
  begin_ = std::move(begin);
  piece_ = std::move(piece);
  auto read = quarantine_.read(id_, [this](const ReceivedInstance& beside, ByteView bytes) {
    if (!error_) take(beside, bytes);
  });
  if (!read) return read.error();
  std::optional<PassedPixels> passed;
  if (splitter_ && !error_) {
    const auto finished = splitter_->finish([this](ByteView value) { pass(value); });
    if (!finished) return finished.error();
    passed = *finished;
  }
  if (error_) return *error_;
  received_ = std::move(*read);
  received_.data_set = std::move(data_set_);
  if (passing_) received_.passed = passed;
  return {};
}

void HeldInstance::take(const ReceivedInstance& beside, ByteView piece) {
  if (!begun_) {
    begun_ = true;
    syntax_ = find_transfer_syntax(beside.transfer_syntax_uid);
    if (syntax_ != nullptr && !syntax_->referenced && syntax_->encoding != Encoding::DeflatedLittle)
      splitter_.emplace(syntax_->encoding, WalkLimits{}, data_set_);
  }
  if (!splitter_) {
    data_set_.insert(data_set_.end(), piece.begin(), piece.end());
    return;
  }
  const auto added = splitter_->add(piece, [this](ByteView value) { pass(value); });
  if (!added && !error_) error_ = added.error();
}

Result<void> HeldInstance::begin_passing() {
  const Walked& found = splitter_->found();
  if (pixel_key_ != nullptr) {
    auto seen = PixelStream::open(*pixel_key_, ByteView(data_set_).first(found.pixel_begin),
                                  found.pixels, *syntax_);
    if (!seen) return seen.error();
    pixels_.emplace(std::move(*seen));
  }
  return begin_ ? begin_(found.pixels.encapsulated ? 0 : found.pixels.length) : Result<void>();
}

void HeldInstance::pass(ByteView value) {
  if (error_) return;
  if (!passing_) {
    passing_ = true;
    if (const auto begun = begin_passing(); !begun) {
      error_ = begun.error();
      return;
    }
  }
  if (pixels_) pixels_->add(value);
  if (piece_) piece_(value);
}

}  // namespace dosigate
