#include "instance_taker.h"

#include <spdlog/spdlog.h>

#include <typeinfo>
#include <utility>

#include "room.h"

namespace dosigate {

InstanceTaker::InstanceTaker(ReceivedInstance begun, ServerState& state, Place& place,
                             const AssociationServer::Begin& begin)
    : state_(state),
      place_(place),
      begin_(begin),
      out_{std::move(begun), MemoryShare(state.memory), nullptr, std::nullopt, {}} {
  const TransferSyntax* syntax = find_transfer_syntax(out_.instance.transfer_syntax_uid);
  if (begin && syntax != nullptr && syntax->encoding != Encoding::DeflatedLittle)
    encoding_ = syntax->encoding;
}

bool InstanceTaker::take(ByteView piece, std::uint64_t received) {
  if (received > state_.settings.max_instance_bytes)
    return refuse(fail(Fault::Busy, "instance is larger than the limit"));
  Bytes& held = out_.instance.data_set;
  if (!splitter_ && encoding_ && held.size() + piece.size() > state_.settings.held_bytes) {
    const Bytes before = std::exchange(held, {});
    splitter_.emplace(*encoding_, WalkLimits{}, held);
    if (!room_for(before.size()) || !split(before)) return false;
  }
  if (!room_for(held.size() + piece.size())) return false;
  if (splitter_) return split(piece);
  held.insert(held.end(), piece.begin(), piece.end());
  return true;
}

TakenInstance InstanceTaker::done() {
  if (splitter_ && !out_.refused) {
    const auto passed = splitter_->finish([this](ByteView value) { pass(value); });
    if (!passed) {
      out_.detail = passed.error().detail;
      refuse(fail(passed.error().fault, "the data set is broken"));
    } else if (why_) {
      refuse(*why_);
    } else if (out_.passage) {
      out_.instance.passed = *passed;
    }
  }
  return std::move(out_);
}

bool InstanceTaker::refuse(Error why) {
  out_.refused = std::move(why);
  out_.instance.data_set = Bytes();  // frees, unlike clear()
  out_.passage.reset();
  out_.share.release();
  place_.holds(0);
  return false;
}

bool InstanceTaker::room_for(std::uint64_t bytes) {
  if (make_room(out_.instance.data_set, out_.share, bytes, state_.settings.max_instance_bytes,
                state_, place_))
    return true;
  return refuse(fail(Fault::Busy, "memory for instances is used up"));
}

bool InstanceTaker::split(ByteView piece) {
  const auto added = splitter_->add(piece, [this](ByteView value) { pass(value); });
  if (why_) return refuse(*why_);
  if (added) return true;
  out_.detail = added.error().detail;
  return refuse(fail(added.error().fault, "the data set is broken"));
}

// As for a handler: whatever it throws, the peer gets its one response, and only the type is
// logged.
void InstanceTaker::pass(ByteView value) noexcept try {
  if (!why_) pass_on(value);
} catch (const std::exception& error) {
  spdlog::error("a large instance cannot be kept error_type={}", typeid(error).name());
  why_ = fail(Fault::Unavailable, "processing failed");
} catch (...) {
  spdlog::error("a large instance cannot be kept error_type=unknown");
  why_ = fail(Fault::Unavailable, "processing failed");
}

void InstanceTaker::pass_on(ByteView value) {
  if (!out_.passage) {
    const Walked& found = splitter_->found();
    const auto& so_far = out_.instance;
    ReceivedInstance begun{so_far.origin,
                           so_far.sop_class_uid,
                           so_far.sop_instance_uid,
                           so_far.transfer_syntax_uid,
                           {}};
    const ByteView before = ByteView(so_far.data_set).first(found.pixel_begin);
    begun.data_set.assign(before.begin(), before.end());
    begun.passed = {found.pixels, found.pixel_begin, 0, 0};
    auto passage = begin_(begun);
    if (!passage) {
      out_.detail = passage.error().detail;
      why_ = fail(passage.error().fault, "a large instance cannot be kept now");
      return;
    }
    out_.passage = std::move(*passage);
  }
  out_.passage->pixels(value);
}

}  // namespace dosigate
