#include "dosigate/deid/element_budget.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

TEST(ElementBudget, OneDataSetHasItsLimitHoweverMuchIsLeft) {
  ElementShare share(std::make_shared<ElementBudget>(10 * ElementShare::kLargest));

  EXPECT_TRUE(share.take(ElementShare::kLargest - 1));
  EXPECT_EQ(share.left(), 1U);
  const auto over = share.take(2);

  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().fault, Fault::NotDicom);
  EXPECT_TRUE(share.take(1));
}

TEST(ElementBudget, WhatOthersHaveIsBusyAndComesBack) {
  const auto budget = std::make_shared<ElementBudget>(100);
  ElementShare second(budget);
  {
    ElementShare first(budget);
    ASSERT_TRUE(first.take(60));
    const ElementShare moved(std::move(first));
    const auto over = second.take(41);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().fault, Fault::Busy);
    EXPECT_TRUE(second.take(40));
  }

  EXPECT_TRUE(second.take(60));
  EXPECT_FALSE(second.take(1));
}

TEST(ElementBudget, WithoutOneOnlyTheLimitHolds) {
  ElementShare share(nullptr);

  EXPECT_TRUE(share.take(ElementShare::kLargest));
  EXPECT_FALSE(share.take(1));
}

}  // namespace
}  // namespace dosigate
