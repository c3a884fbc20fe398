#include "verifications.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "dosigate/base/log_text.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

constexpr std::size_t kMostKept = 16;

bool is_address_of(const std::string& host, const std::string& address) {
  const auto network = parse_network(host);  // a host name is none
  return network && network->contains(address);
}

}  // namespace

Verifications::Last summed_up(const Verifier::Outcome& outcome, const std::string& scope) {
  Verifications::Last out{scope, outcome.by, outcome.problem, outcome.when};
  for (const auto& study : outcome.studies) {
    out.delivered += study.delivered;
    out.found += study.found;
    out.missing += study.missing;
    out.rejected += study.rejected;
    out.unasked += study.unasked;
    if (out.problem.empty()) out.problem = study.problem;
  }
  out.complete = outcome.complete();
  return out;
}

Verifications::Verifications(const Ledger& ledger, AuditLog& audit)
    : audit_(audit), verifier_(ledger, desk_) {}

Verifications::~Verifications() = default;

void Verifications::request_stop() { thread_.request_stop(); }

Result<std::string> Verifications::begin(Order order) {
  const std::lock_guard one_at_a_time(beginning_);
  const std::string id = to_hex(random_id());
  const bool free = book_.with([&](Book& book) {
    if (book.running) return false;
    book.running = true;
    book.states.push_back({id, order.scope, true, wall_now()});
    if (book.states.size() > kMostKept) book.states.pop_front();
    return true;
  });
  if (!free)
    return fail(Fault::Busy, "a verification is running already: ask again when it has ended");
  try {
    // The thread before has ended its work, if not itself.
    thread_ = std::jthread([this, order = std::move(order), id](const std::stop_token& stop) {
      run(stop, order, id);
    });
  } catch (...) {  // no thread to be had now, perhaps later
    book_.with([](Book& book) {
      book.states.pop_back();
      book.running = false;
    });
    throw;
  }
  return id;
}

void Verifications::run(const std::stop_token& stop, const Order& order,
                        const std::string& id) noexcept try {
  std::vector<Verifier::Outcome> outcomes;
  std::string broken;
  try {
    outcomes = verifier_.run(order.what, stop);
    for (const auto& outcome : outcomes) {
      const Last sum = summed_up(outcome, order.scope);
      audit_.record("verify", order.actor,
                    {{"destination", outcome.destination},
                     {"scope", order.scope},
                     {"by", outcome.by},
                     {"delivered", std::to_string(sum.delivered)},
                     {"found", std::to_string(sum.found)},
                     {"missing", std::to_string(sum.missing)},
                     {"rejected", std::to_string(sum.rejected)},
                     {"unasked", std::to_string(sum.unasked)},
                     {"problem", sum.problem}});
    }
  } catch (const std::exception& error) {
    broken = std::string("the verification broke off: ") + error.what();
    spdlog::error("verification broke off error={}", error.what());
  }
  keep(order, id, std::move(outcomes), broken);
} catch (const std::exception& error) {
  spdlog::error("a verification could not be kept error={}", error.what());
}

void Verifications::keep(const Order& order, const std::string& id,
                         std::vector<Verifier::Outcome> outcomes, const std::string& broken) {
  std::map<std::string, Last> sums;
  for (const auto& outcome : outcomes) {
    // A destination that got nothing in this scope was not asked: what was known of it stays.
    if (!outcome.studies.empty() || !outcome.problem.empty())
      sums[outcome.destination] = summed_up(outcome, order.scope);
  }
  book_.with([&](Book& book) {
    book.running = false;
    for (auto& [name, sum] : sums) book.last[name] = std::move(sum);
    const auto state = std::ranges::find(book.states, id, &State::id);
    if (state == book.states.end()) return;
    state->running = false;
    state->ended = wall_now();
    state->outcomes = std::move(outcomes);
    state->broken = broken;
  });
}

std::optional<Verifications::State> Verifications::find(const std::string& id) const {
  return book_.with([&](const Book& book) -> std::optional<State> {
    const auto found = std::ranges::find(book.states, id, &State::id);
    if (found == book.states.end()) return std::nullopt;
    return *found;
  });
}

std::map<std::string, Verifications::Last> Verifications::last() const {
  return book_.with([](const Book& book) { return book.last; });
}

bool Verifications::may_report(const Config& config, const Origin& origin) const {
  return std::ranges::any_of(config.outputs, [&](const Config::Output& output) {
    const Destination& to = output.destination;
    // Who is only spoken to over TLS is only heard over TLS.
    const bool proven = !to.tls || (origin.certificate && to.tls->admits(*origin.certificate));
    return to.kind == Destination::Kind::Dicom && to.ae_title == origin.calling_ae && proven &&
           (is_address_of(to.host, origin.address) ||
            is_address_of(desk_.address_of(to.name), origin.address));
  });
}

AssociationServer::Answer Verifications::report(const AssociationServer::EventReport& event) {
  const auto answer = desk_.report(event.origin.calling_ae, event.sop_instance_uid,
                                   event.event_type, event.data_set, event.transfer_syntax_uid);
  if (answer.status != 0)
    spdlog::warn("refused a report on storage commitment calling={} address={} why=\"{}\"",
                 log_text(event.origin.calling_ae), event.origin.address, answer.comment);
  return {answer.status, answer.comment};
}

}  // namespace dosigate
