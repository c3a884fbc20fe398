#include "dosigate/net/association_request.h"

#include <gtest/gtest.h>

#include <random>

#include "support/raw_scu.h"

namespace dosigate {
namespace {

using testing::RawScu;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";

Bytes good_request() {
  return RawScu::association_request("DOSIGATE", "CAMERA",
                                     {{1, kCt, {kExplicit, kImplicit}}, {3, "1.2.3", {kImplicit}}});
}

Bytes item(Byte type, ByteView body) {
  Bytes out{type, 0, static_cast<Byte>(body.size() >> 8U), static_cast<Byte>(body.size())};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

/// A request with `variable` behind the fixed part.
Bytes request_of(const std::vector<Bytes>& items) {
  Bytes pdu = good_request();
  pdu.resize(74);
  for (const auto& one : items) pdu.insert(pdu.end(), one.begin(), one.end());
  const std::size_t size = pdu.size() - 6;
  for (int i = 0; i < 4; ++i)
    pdu[2U + static_cast<unsigned>(i)] = static_cast<Byte>(size >> (24 - 8 * i));
  return pdu;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes text_item(Byte type, std::string_view text) { return item(type, as_bytes(text)); }

Bytes application() { return text_item(0x10, "1.2.840.10008.3.1.1.1"); }
Bytes context(Byte id) {
  return item(0x20, joined({{id, 0, 0, 0}, text_item(0x30, kCt), text_item(0x40, kImplicit)}));
}
Bytes max_length() { return item(0x51, Bytes{0, 0, 0x40, 0}); }
Bytes user(const std::vector<Bytes>& subs) { return item(0x50, joined(subs)); }

bool accepted(const Bytes& pdu) { return read_association_request(pdu).has_value(); }

TEST(AssociationRequest, ReadsTitlesContextsAndUserInformation) {
  const auto request = read_association_request(good_request());

  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->called_ae, "DOSIGATE");
  EXPECT_EQ(request->calling_ae, "CAMERA");
  EXPECT_EQ(request->application_context, "1.2.840.10008.3.1.1.1");
  ASSERT_EQ(request->contexts.size(), 2U);
  EXPECT_EQ(request->contexts[0].id, 1);
  EXPECT_EQ(request->contexts[0].abstract_syntax, kCt);
  EXPECT_EQ(request->contexts[0].transfer_syntaxes,
            (std::vector<std::string>{kExplicit, kImplicit}));
  EXPECT_EQ(request->max_pdu, 16384U);
  EXPECT_EQ(request->implementation_class_uid, "1.2.3.4");
  EXPECT_EQ(request->implementation_version, "RAW_SCU");
}

TEST(AssociationRequest, EveryTruncationIsRefused) {
  const Bytes whole = good_request();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));

    EXPECT_FALSE(accepted(cut)) << size;
  }
}

TEST(AssociationRequest, EveryTruncationWithAFittingLengthIsRefusedOrLosesWholeItems) {
  const Bytes whole = good_request();
  std::size_t read = 0;
  for (std::size_t size = 74; size < whole.size(); ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const std::size_t length = size - 6;
    cut[4] = static_cast<Byte>(length >> 8U);
    cut[5] = static_cast<Byte>(length);
    if (accepted(cut)) ++read;
  }

  EXPECT_EQ(
      read,
      0U);  // user information stands last, so that each cut takes something that must be there
}

TEST(AssociationRequest, NoMutationOfUpToEightBytesCrashesOrBreaksAPromise) {
  const Bytes whole = good_request();
  std::mt19937 random(20260418);
  for (int round = 0; round < 200'000; ++round) {
    Bytes mutated = whole;
    for (unsigned i = 0; i <= random() % 8; ++i) {
      mutated[random() % mutated.size()] = static_cast<Byte>(random());
    }
    const auto request = read_association_request(mutated);
    if (!request) continue;

    ASSERT_LE(request->contexts.size(), 128U);
    for (const auto& one : request->contexts) {
      ASSERT_EQ(one.id % 2, 1);
      ASSERT_FALSE(one.transfer_syntaxes.empty());
      ASSERT_LE(one.abstract_syntax.size(), 64U);
    }
  }
}

TEST(AssociationRequest, AnotherPduTypeOrVersionIsRefused) {
  Bytes release = good_request();
  release[0] = 5;
  Bytes version_two_only = good_request();
  version_two_only[7] = 2;

  EXPECT_FALSE(accepted(release));
  EXPECT_FALSE(accepted(version_two_only));
}

TEST(AssociationRequest, TakesTheSmallestCompleteRequest) {
  EXPECT_TRUE(accepted(request_of({application(), context(1), user({max_length()})})));
}

TEST(AssociationRequest, WhatMustComeOnceIsRefusedWhenMissingOrTwice) {
  const Bytes u = user({max_length()});
  EXPECT_FALSE(accepted(request_of({context(1), u})));
  EXPECT_FALSE(accepted(request_of({application(), u})));
  EXPECT_FALSE(accepted(request_of({application(), context(1)})));
  EXPECT_FALSE(accepted(request_of({application(), application(), context(1), u})));
  EXPECT_FALSE(accepted(request_of({application(), context(1), u, u})));
}

TEST(AssociationRequest, DuplicateUserSubItemsAreRefused) {
  const Bytes identity = item(0x58, joined({{1, 0, 0, 1}, {'u'}, {0, 0}}));
  const Bytes version = text_item(0x55, "V");
  const Bytes implementation = text_item(0x52, "1.2");
  for (const Bytes& sub : {max_length(), identity, version, implementation,
                           item(0x53, Bytes{0, 1, 0, 1}), text_item(0x59, "x")}) {
    EXPECT_TRUE(accepted(request_of({application(), context(1), user({sub})})));
    EXPECT_FALSE(accepted(request_of({application(), context(1), user({sub, sub})})));
  }
}

TEST(AssociationRequest, RoleSelectionMayRepeatButMustBeWellNested) {
  const Bytes role = item(0x54, joined({{0, 3}, {'1', '.', '2'}, {1, 0}}));
  const Bytes lying = item(0x54, joined({{0, 9}, {'1', '.', '2'}, {1, 0}}));

  EXPECT_TRUE(accepted(request_of({application(), context(1), user({role, role})})));
  EXPECT_FALSE(accepted(request_of({application(), context(1), user({lying})})));
}

TEST(AssociationRequest, ContextIdsAreOddAndDistinctAndAtMost128) {
  const Bytes u = user({max_length()});
  std::vector<Bytes> all{application()};
  for (int id = 1; id < 256; id += 2) all.push_back(context(static_cast<Byte>(id)));
  all.push_back(u);
  std::vector<Bytes> one_more = all;
  one_more.insert(one_more.begin() + 1, context(255));

  EXPECT_EQ(read_association_request(request_of(all))->contexts.size(), 128U);
  EXPECT_FALSE(accepted(request_of(one_more)));
  EXPECT_FALSE(accepted(request_of({application(), context(2), u})));
  EXPECT_FALSE(accepted(request_of({application(), context(0), u})));
  EXPECT_FALSE(accepted(request_of({application(), context(1), context(1), u})));
}

TEST(AssociationRequest, ContextsNeedOneAbstractAndSomeTransferSyntaxOfValidUids) {
  const auto with = [](const std::vector<Bytes>& subs) {
    return accepted(request_of(
        {application(), item(0x20, joined({{1, 0, 0, 0}, joined(subs)})), user({max_length()})}));
  };
  const Bytes abstract = text_item(0x30, kCt), transfer = text_item(0x40, kImplicit);

  EXPECT_TRUE(with({abstract, transfer}));
  EXPECT_TRUE(
      with({text_item(0x30, std::string_view("1.2.3\0", 6)), transfer}));  // padded by old senders
  EXPECT_FALSE(with({abstract}));
  EXPECT_FALSE(with({transfer}));
  EXPECT_FALSE(with({abstract, abstract, transfer}));
  EXPECT_FALSE(with({text_item(0x30, ""), transfer}));
  EXPECT_FALSE(with({text_item(0x30, "1.2.x"), transfer}));
  EXPECT_FALSE(with({text_item(0x30, std::string(65, '1')), transfer}));
  EXPECT_TRUE(with({text_item(0x30, std::string(64, '1')), transfer}));
}

TEST(AssociationRequest, UnknownItemsAreSkipped) {
  EXPECT_TRUE(accepted(request_of({text_item(0x77, "later edition"), application(), context(1),
                                   user({max_length(), text_item(0x7A, "x")})})));
}

TEST(AssociationRequest, TitlesThatCouldForgeALogLineAreRefused) {
  Bytes pdu = good_request();
  pdu[12] = '\n';

  EXPECT_FALSE(accepted(pdu));
}

TEST(AssociationRequest, ErrorsNameTheItemAndItsOffset) {
  const auto refused =
      read_association_request(request_of({application(), context(2), user({max_length()})}));

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, Fault::NotDicom);
  EXPECT_NE(refused.error().detail.find("0x20 at offset 99"), std::string::npos)
      << refused.error().detail;
}

}  // namespace
}  // namespace dosigate
