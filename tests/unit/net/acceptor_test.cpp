#include "dosigate/net/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>

#include "support/raw_scu.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using testing::RawScu;

const std::vector<RawScu::Context> kContexts{{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}};

/// An Acceptor with its io thread, and the associations it gave.
class Listening {
 public:
  explicit Listening(Acceptor::Settings settings = {})
      : acceptor_(io_, with_address(std::move(settings)), [this](IncomingAssociation incoming) {
          const std::lock_guard lock(mutex_);
          given_.push_back(std::move(incoming));
          changed_.notify_all();
        }) {
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Listening() {
    acceptor_.stop();
    io_.stop();
    thread_.join();
  }
  Acceptor& acceptor() { return acceptor_; }
  std::uint16_t port() const {
    const std::string endpoint = acceptor_.endpoints().at(0);
    return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  }
  bool wait_for(std::size_t count, std::chrono::milliseconds deadline = 5s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return given_.size() >= count; });
  }
  template <class Condition>
  bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  IncomingAssociation& given(std::size_t index) { return given_.at(index); }

 private:
  static Acceptor::Settings with_address(Acceptor::Settings settings) {
    if (settings.listen.empty()) settings.listen = {"127.0.0.1:0"};
    return settings;
  }
  boost::asio::io_context io_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<IncomingAssociation> given_;
  Acceptor acceptor_;
  std::thread thread_;
};

TEST(Acceptor, KnowsWhenItHasComeRoundLastAndThatItHangs) {
  std::promise<void> end;
  std::atomic<bool> hangs{false};
  Acceptor::Settings settings;
  settings.welcomes = [&, ended = end.get_future().share()](const std::string&) {
    hangs = true;
    ended.wait();
    return true;
  };
  Listening node(settings);
  const SteadyTime begun = steady_now();
  EXPECT_TRUE(node.eventually([&] { return node.acceptor().last_turn() > begun; }));

  const RawScu peer(node.port());
  ASSERT_TRUE(node.eventually([&] { return hangs.load(); }));
  const SteadyTime since = steady_now();
  (void)node.acceptor().last_turn();

  EXPECT_LT(node.acceptor().last_turn(), since);
  end.set_value();
  EXPECT_TRUE(node.eventually([&] { return node.acceptor().last_turn() > since; }));
}

TEST(Acceptor, HandsOverTheRequestAndABlockingSocketWithoutNagle) {
  Listening listening;
  RawScu peer(listening.port());
  const Bytes pdu = RawScu::association_request("CALLED", "CALLING", kContexts);

  peer.send(pdu);

  ASSERT_TRUE(listening.wait_for(1));
  auto& incoming = listening.given(0);
  EXPECT_EQ(incoming.address, "127.0.0.1");
  EXPECT_EQ(incoming.request.called_ae, "CALLED");
  EXPECT_EQ(incoming.first_pdu, pdu);
  EXPECT_EQ(::fcntl(incoming.socket.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(incoming.socket.get(), F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ::getsockopt(incoming.socket.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  EXPECT_NE(no_delay, 0);
}

TEST(Acceptor, ThirtySilentPeersDelayNobody) {
  Listening listening;
  std::vector<std::unique_ptr<RawScu>> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(std::make_unique<RawScu>(listening.port()));
  silent.back()->send(Bytes{1, 0, 0});  // and one that stops inside its header
  RawScu peer(listening.port());

  const auto begin = std::chrono::steady_clock::now();
  peer.send(RawScu::association_request("A", "B", kContexts));

  ASSERT_TRUE(listening.wait_for(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(Acceptor, APeerThatSendsByteByByteIsHandedOver) {
  Listening listening;
  RawScu peer(listening.port());
  for (const Byte byte : RawScu::association_request("A", "B", kContexts)) peer.send({&byte, 1});

  EXPECT_TRUE(listening.wait_for(1));
}

TEST(Acceptor, ClosesAfterTheDeadlineAlsoWhenBytesTrickle) {
  Acceptor::Settings settings;
  settings.first_pdu_deadline = 1s;
  Listening listening(settings);
  RawScu silent(listening.port()), trickling(listening.port());
  const Bytes pdu = RawScu::association_request("A", "B", kContexts);
  std::thread trickle([&] {
    for (std::size_t i = 0; i < 20; ++i) {
      trickling.send(ByteView(pdu).subspan(i, 1));
      std::this_thread::sleep_for(100ms);
    }
  });

  EXPECT_TRUE(silent.peer_closes(3s));
  trickle.join();
  EXPECT_TRUE(trickling.peer_closes(1s));
  EXPECT_EQ(listening.acceptor().counters().timed_out, 2U);
  EXPECT_FALSE(listening.wait_for(1, 0ms));
}

TEST(Acceptor, AnswersWhatIsNoAssociationRequestAndCloses) {
  Listening listening;
  Bytes version_two = RawScu::association_request("A", "B", kContexts);
  version_two[7] = 2;
  const Bytes even_context = RawScu::association_request("A", "B", {{2, "1.2", {"1.2"}}});
  const std::string http = "GET / HTTP/1.1\r\nHost: node\r\n\r\n";
  struct Case {
    const char* name;
    Bytes sent;
    Byte type;
    Bytes body;
  };
  const Case cases[] = {
      {"P-DATA first", RawScu::p_data(1, true, true, Bytes(10)), 7, {0, 0, 2, 2}},
      {"HTTP", Bytes(http.begin(), http.end()), 7, {0, 0, 2, 1}},
      {"4 GiB", {1, 0, 0xFF, 0xFF, 0xFF, 0xFF}, 7, {0, 0, 2, 6}},
      {"no fixed part", {1, 0, 0, 0, 0, 0}, 7, {0, 0, 2, 6}},
      {"even context id", even_context, 7, {0, 0, 2, 6}},
      {"version 2", version_two, 3, {0, 1, 2, 2}},
  };
  std::uint64_t count = 0;
  for (const auto& one : cases) {
    RawScu peer(listening.port());
    peer.send(one.sent);
    const auto answer = peer.receive(2s);

    ASSERT_TRUE(answer.has_value()) << one.name;
    EXPECT_EQ(answer->type, one.type) << one.name;
    EXPECT_EQ(answer->body, one.body) << one.name;
    EXPECT_TRUE(peer.peer_closes(2s)) << one.name;
    EXPECT_EQ(listening.acceptor().counters().malformed, ++count) << one.name;
  }
  EXPECT_FALSE(listening.wait_for(1, 0ms));
}

TEST(Acceptor, OverTheLimitPerAddressTheOneThatHasWaitedLongestGoes) {
  Acceptor::Settings settings;
  settings.max_pending_per_address = 2;
  Listening listening(settings);
  const auto accepted = [&](std::uint64_t count) {
    return listening.eventually([&] { return listening.acceptor().counters().accepted == count; });
  };
  RawScu first(listening.port());
  ASSERT_TRUE(accepted(1));
  RawScu second(listening.port());
  ASSERT_TRUE(accepted(2));

  RawScu third(listening.port());

  EXPECT_TRUE(first.peer_closes(2s));
  EXPECT_EQ(listening.acceptor().counters().over_limit, 1U);
  second.send(RawScu::association_request("A", "B", kContexts));
  third.send(RawScu::association_request("A", "B", kContexts));
  EXPECT_TRUE(listening.wait_for(2));
  EXPECT_TRUE(listening.eventually([&] { return listening.acceptor().pending().empty(); }));
}

TEST(Acceptor, OverTheTotalTheOldestGoesAndThatOfACrowdBeforeTheOthers) {
  Acceptor::Settings settings;
  settings.listen = {"0.0.0.0:0"};
  settings.max_pending = 10;  // so that two of one address are a crowd
  Listening listening(settings);
  std::vector<std::unique_ptr<RawScu>> peers;
  const auto come = [&](const std::string& address) {
    peers.push_back(std::make_unique<RawScu>(listening.port(), address));
    ASSERT_TRUE(listening.eventually(
        [&] { return listening.acceptor().counters().accepted == peers.size(); }));
  };
  for (int i = 0; i < 8; ++i) come("127.0.0." + std::to_string(10 + i));
  come("127.0.0.3");
  come("127.0.0.3");

  come("127.0.0.4");
  EXPECT_TRUE(peers[8]->peer_closes(2s)) << "the older one of the crowd";
  come("127.0.0.5");
  EXPECT_TRUE(peers[0]->peer_closes(2s)) << "the oldest of all";

  EXPECT_EQ(listening.acceptor().pending().size(), 10U);
  EXPECT_EQ(listening.acceptor().counters().over_limit, 2U);
}

TEST(Acceptor, AnAddressThatIsNotWelcomeIsClosedUnread) {
  Acceptor::Settings settings;
  settings.listen = {"0.0.0.0:0"};
  settings.welcomes = [](const std::string& address) { return address == "127.0.0.3"; };
  Listening listening(settings);
  RawScu stranger(listening.port(), "127.0.0.2"), known(listening.port(), "127.0.0.3");

  EXPECT_TRUE(stranger.peer_closes(2s));
  known.send(RawScu::association_request("A", "B", kContexts));
  ASSERT_TRUE(listening.wait_for(1));
  EXPECT_EQ(listening.acceptor().counters().unwelcome, 1U);
}

TEST(Acceptor, WhoIsTurnedAwayByTitlesIsToldBeforeItsContextsArrive) {
  Acceptor::Settings settings;
  settings.judge_titles = [](const Caller& caller) -> std::optional<Bytes> {
    if (caller.called_ae == "CALLED" && caller.calling_ae == "CALLING") return std::nullopt;
    return association_reject(1, 1, 7);
  };
  Listening listening(settings);
  const Bytes wrong = RawScu::association_request("OTHER", "CALLING", kContexts);
  RawScu peer(listening.port());

  peer.send(ByteView(wrong).first(kTitlesEnd));  // and nothing more

  const auto answer = peer.receive(2s);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->type, 3);
  EXPECT_EQ(answer->body, (Bytes{0, 1, 1, 7}));
  EXPECT_TRUE(peer.peer_closes(3s));
  EXPECT_EQ(listening.acceptor().counters().turned_away, 1U);
  RawScu right(listening.port());
  right.send(RawScu::association_request("CALLED", "CALLING", kContexts));
  EXPECT_TRUE(listening.wait_for(1));
}

TEST(Acceptor, WhoIsTurnedAwayByItsRequestReadsTheAnswer) {
  Acceptor::Settings settings;
  settings.judge_request = [](const Caller& caller,
                              const AssociationRequest& request) -> std::optional<Bytes> {
    if (request.contexts.size() == 1 && caller.address == "127.0.0.1") return std::nullopt;
    return association_reject(2, 3, 2);
  };
  Listening listening(settings);
  auto two = kContexts;
  two.push_back({3, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}});
  RawScu peer(listening.port());

  const auto answer = peer.associate("A", "B", two);

  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, (Bytes{0, 2, 3, 2}));
  EXPECT_TRUE(peer.peer_closes(3s));
  EXPECT_FALSE(listening.wait_for(1, 0ms));
}

// The peer that reads nothing and keeps its end open has a second, like any other.
TEST(Acceptor, WhoIsTurnedAwayAndStaysIsClosed) {
  Acceptor::Settings settings;
  settings.judge_titles = [](const Caller&) { return association_reject(1, 1, 3); };
  Listening listening(settings);
  RawScu peer(listening.port());
  peer.send(RawScu::association_request("A", "B", kContexts));

  EXPECT_TRUE(listening.eventually([&] {
    const auto counters = listening.acceptor().counters();
    return counters.turned_away == 1 && listening.acceptor().pending().empty();
  }));
}

TEST(Acceptor, APeerThatGoesAwayFreesItsPlace) {
  Acceptor::Settings settings;
  settings.max_pending = 1;
  Listening listening(settings);
  for (int i = 0; i < 20; ++i) {
    RawScu peer(listening.port());
    ASSERT_TRUE(listening.eventually([&] {
      return listening.acceptor().counters().accepted == static_cast<std::uint64_t>(i + 1);
    }));
    peer.close();
    // The close is seen by the io thread a moment later; the next connection must not be refused
    // for it.
    std::this_thread::sleep_for(20ms);
  }

  EXPECT_EQ(listening.acceptor().counters().over_limit, 0U);
}

TEST(Acceptor, StopClosesListenerAndPendingConnections) {
  Listening listening;
  const auto port = listening.port();
  RawScu pending(port);
  ASSERT_TRUE(listening.eventually([&] { return listening.acceptor().counters().accepted == 1; }));

  listening.acceptor().stop();

  EXPECT_TRUE(pending.peer_closes(2s));
  EXPECT_THROW(RawScu again(port), std::system_error);
}

TEST(Acceptor, ListensOnIpv6AndIpv4AtTheSamePort) {
  Listening v4;
  Acceptor::Settings settings;
  settings.listen = {"[::1]:" + std::to_string(v4.port())};
  try {
    Listening v6(settings);
    EXPECT_EQ(v6.acceptor().endpoints().at(0), settings.listen[0]);
  } catch (const std::system_error& error) {
    if (error.code().value() == EADDRNOTAVAIL || error.code().value() == EAFNOSUPPORT) {
      GTEST_SKIP() << "no IPv6 on this machine";
    }
    throw;
  }
}

TEST(Acceptor, AnAddressThatCannotBeBoundIsNamed) {
  Listening first;
  const std::string taken = first.acceptor().endpoints().at(0);
  for (const std::string& address : {taken, std::string("localhost:1"), std::string("127.0.0.1"),
                                     std::string("127.0.0.1:99999")}) {
    Acceptor::Settings settings;
    settings.listen = {address};
    try {
      Listening second(settings);
      ADD_FAILURE() << address;
    } catch (const std::system_error& error) {
      EXPECT_NE(std::string(error.what()).find(address), std::string::npos) << error.what();
    }
  }
}

// With no descriptor left, accept fails at once and the connection stays in the backlog: a loop
// that tries again at once burns a core.
TEST(Acceptor, WaitsWhenDescriptorsAreUsedUpAndRecovers) {
  Listening listening;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  RawScu peer(listening.port());
  ASSERT_TRUE(listening.eventually([&] { return listening.acceptor().counters().accepted == 1; }));
  const FileDescriptor raw(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(raw.get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::vector<FileDescriptor> holes;  // lower numbers that are free
  for (int fd = ::dup(raw.get()); fd >= 0; fd = ::dup(raw.get())) holes.emplace_back(fd);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(listening.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

  const std::clock_t cpu = std::clock();
  const int connected =
      ::connect(raw.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
  std::this_thread::sleep_for(500ms);
  const double used = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  const auto failed = listening.acceptor().counters().failed;
  holes.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);

  ASSERT_EQ(connected, 0);
  EXPECT_GE(failed, 1U);
  EXPECT_LE(failed, 10U);
  EXPECT_LT(used, 0.3);
  EXPECT_TRUE(listening.eventually([&] { return listening.acceptor().counters().accepted == 2; }));
}

}  // namespace
}  // namespace dosigate
