#include "dosigate/deid/element_budget.h"

#include <malloc.h>

#include <string>
#include <utility>

namespace dosigate {
namespace {

// Freed, so many small blocks stay with the C library, which would look as if they were in use.
constexpr std::size_t kWorthTrimming = 100'000;

}  // namespace

bool ElementBudget::take(std::size_t elements) {
  std::size_t left = left_.load();
  while (left >= elements) {
    if (left_.compare_exchange_weak(left, left - elements)) return true;
  }
  return false;
}

ElementShare::ElementShare(ElementShare&& other) noexcept
    : budget_(std::move(other.budget_)), taken_(std::exchange(other.taken_, 0)) {}

ElementShare::~ElementShare() {
  if (taken_ >= kWorthTrimming) malloc_trim(0);
  if (budget_) budget_->give_back(taken_);
}

Result<void> ElementShare::take(std::size_t elements) {
  if (elements > left())
    return fail(Fault::NotDicom, "more than " + std::to_string(kLargest) + " elements");
  if (budget_ && !budget_->take(elements))
    return fail(Fault::Busy, "the elements of other data sets use the memory for them");
  taken_ += elements;
  return {};
}

}  // namespace dosigate
