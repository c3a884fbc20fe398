#include "arrival_audit.h"

namespace dosigate {

void ArrivalAudit::arriving(const Origin& origin, const std::string& study_uid) {
  const Sender sender{origin.calling_ae, origin.address};
  const bool known = senders_.with([&](auto& senders) {
    const auto study = senders.find(study_uid);
    return study != senders.end() && study->second.contains(sender);
  });
  if (known) return;
  // Two associations at once may both record it; neither may acknowledge before one has.
  audit_.record("instances.begin", "dosigated",
                {{"study", study_uid},
                 {"calling", origin.calling_ae},
                 {"called", origin.called_ae},
                 {"address", origin.address},
                 {"route", origin.route}});
  senders_.with([&](auto& senders) {
    if (senders.size() >= kMost && !senders.contains(study_uid)) senders.erase(senders.begin());
    senders[study_uid].insert(sender);
  });
}

void ArrivalAudit::complete(const std::string& study_uid, std::uint64_t instances,
                            std::size_t series) {
  const auto senders = senders_.with([&](auto& all) {
    const auto study = all.find(study_uid);
    return study == all.end() ? std::set<Sender>() : study->second;
  });
  std::vector<std::pair<std::string, std::string>> fields{{"study", study_uid},
                                                          {"instances", std::to_string(instances)},
                                                          {"series", std::to_string(series)}};
  // Of one that began before a restart, the lines instances.begin say who sent it.
  if (senders.size() == 1) {
    fields.emplace_back("calling", senders.begin()->calling_ae);
    fields.emplace_back("address", senders.begin()->address);
  } else if (!senders.empty()) {
    std::string all;
    for (const Sender& sender : senders)
      all += (all.empty() ? "" : ", ") + sender.calling_ae + " from " + sender.address;
    fields.emplace_back("senders", all);
  }
  audit_.record("instances.received", "dosigated", fields);
  senders_.with([&](auto& all) { all.erase(study_uid); });
}

}  // namespace dosigate
