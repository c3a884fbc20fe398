#pragma once

#include <optional>

#include "answers.h"
#include "dosigate/deid/pixel_stream.h"
#include "dosigate/receive/association_server.h"

namespace dosigate {

/// The pixel data of a large instance that goes back to its sender: looked at as they pass, and put
/// aside sealed, because what stands before them is known last.
class RestBody final : public AssociationServer::Passage {
 public:
  /// @param draft  nothing: they are only looked at.
  RestBody(PixelStream seen, std::optional<Answers::Draft> draft)
      : seen_(std::move(seen)), draft_(std::move(draft)) {}

  void pixels(ByteView piece) override {
    seen_.add(piece);
    if (draft_) draft_->write(piece);
  }
  AssociationServer::Answer finish(ReceivedInstance) override {
    throw std::logic_error("an instance that goes back is not taken into custody");
  }

  PixelStream& seen() { return seen_; }
  /// Once, after all has passed.
  std::shared_ptr<ApiBody> put_aside() { return draft_->finish({}); }

 private:
  PixelStream seen_;
  std::optional<Answers::Draft> draft_;
};

/// Makes one for each large instance; `answers` null: without a draft. `pixel_key` of the map that
/// judges them, which outlives it.
AssociationServer::Begin rest_bodies(const Secret& pixel_key, Answers* answers);

}  // namespace dosigate
