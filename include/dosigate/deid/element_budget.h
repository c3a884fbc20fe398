#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "dosigate/base/result.h"

namespace dosigate {

/// Elements of all data sets that are parsed at one time. DCMTK needs some 270 bytes for each,
/// although eight on the wire suffice: a few data sets of empty items would take all memory.
/// Thread: any.
class ElementBudget {
 public:
  explicit ElementBudget(std::size_t most) : left_(most) {}
  bool take(std::size_t elements);
  void give_back(std::size_t elements) { left_ += elements; }

 private:
  std::atomic<std::size_t> left_;
};

/// One data set's share, those elements included that come out of UN while it is judged; given back
/// when it goes, which must be after the data set.
class ElementShare {
 public:
  /// Of one data set: an enhanced multi-frame object of thousands of frames has a fifth of it.
  static constexpr std::size_t kLargest = 1'000'000;

  /// @param budget  none: only the limit of one data set holds.
  explicit ElementShare(std::shared_ptr<ElementBudget> budget) : budget_(std::move(budget)) {}
  ElementShare(ElementShare&& other) noexcept;
  ElementShare& operator=(ElementShare&&) = delete;
  ~ElementShare();

  /// What may still be walked.
  std::size_t left() const { return kLargest - taken_; }
  /// NotDicom above the limit of one data set, Busy when others have the budget.
  Result<void> take(std::size_t elements);

 private:
  std::shared_ptr<ElementBudget> budget_;
  std::size_t taken_ = 0;
};

}  // namespace dosigate
