#include <algorithm>
#include <iostream>
#include <map>

#include "cli.h"
#include "cli_text.h"
#include "dosigate/dicom/dcmtk.h"
#include "dosigate/dicom/sop_class.h"
#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate::cli {
namespace {

/// A `[[peer]]` or a `[[destination]]` that is no folder, as something that can be called.
std::optional<Destination> find(const Config& config, const std::string& name) {
  for (const Config::Peer& peer : config.peers) {
    if (peer.name != name) continue;
    Destination out;
    out.name = peer.name;
    out.kind = Destination::Kind::Dicom;
    out.ae_title = peer.ae_title;
    out.host = peer.host;
    out.port = peer.port;
    out.calling_ae = config.node.ae_title;
    out.connect_timeout = config.node.connect_timeout;
    out.tls = peer.tls;
    return out;
  }
  std::string known;
  for (const Config::Peer& peer : config.peers) known += " " + peer.name;
  for (const Config::Output& output : config.outputs) {
    if (output.destination.kind == Destination::Kind::Folder) continue;
    if (output.destination.name == name) return output.destination;
    known += " " + output.destination.name;
  }
  complain("no [[peer]] or [[destination]] (dicom, stow) is named \"" + name + "\"; there " +
           (known.empty() ? "is none" : "are:" + known));
  return std::nullopt;
}

std::string who(const Destination& peer) { return peer.name + " (" + place_text(peer) + ")"; }

/// Calls the named peer with `question`, and shows what it answered with `show`, which gives the
/// exit code.
template <class Question, class Show>
int call(const Options& options, const std::string& name, Question question, Show show) {
  const auto config = load(options.config);
  if (!config) return kNotDone;
  auto peer = find(*config, name);
  if (!peer) return kNotDone;
  if (peer->tls) {
    const auto context = TlsContext::client(*config->tls);
    if (!context) {
      complain(context.error().detail);
      return kNotDone;
    }
    peer->tls_context = *context;
  }
  const DcmtkRuntime dcmtk;
  set_connect_timeout(config->node.connect_timeout);
  const auto answer = question(*peer);
  if (!answer) {
    complain(who(*peer) + ": " + answer.error().detail);
    return kNotDone;
  }
  return show(*peer, *answer);
}

int show_round_trip(const Destination& peer, std::chrono::milliseconds time) {
  std::cout << who(peer) << " answered in " << time.count() << " ms\n";
  return kDone;
}

int show_accepted(const Destination& peer, const std::vector<AcceptedContext>& accepted) {
  std::map<std::string, std::vector<std::string>> syntaxes;
  for (const AcceptedContext& context : accepted) {
    auto& list = syntaxes[context.sop_class_uid];
    const std::string& uid = context.transfer_syntax_uid;
    if (!uid.empty() && std::find(list.begin(), list.end(), uid) == list.end()) list.push_back(uid);
  }
  std::vector<std::vector<std::string>> rows;
  bool any = false;
  for (const auto& [sop_class, list] : syntaxes) {
    const SopClass* known = find_storage_sop_class(sop_class);
    std::string text;
    for (const std::string& uid : list) text += (text.empty() ? "" : ", ") + uid;
    any = any || !list.empty();
    rows.push_back(
        {known == nullptr ? sop_class : std::string(known->name), text.empty() ? "refused" : text});
  }
  std::cout << who(peer) << "\n" << table({"SOP class", "transfer syntaxes accepted"}, rows);
  if (!any) complain(who(peer) + " accepts none of the classes of nuclear medicine");
  return any ? kDone : kNotDone;
}

}  // namespace

int peer_echo(const Options& options, const std::string& name) {
  return call(options, name, echo, show_round_trip);
}

int peer_test(const Options& options, const std::string& name) {
  const auto config = load(options.config);
  if (!config) return kNotDone;
  if (const auto peer = find(*config, name); peer && peer->kind == Destination::Kind::Stow) {
    complain(who(*peer) +
             ": a DICOMweb archive cannot be asked what it accepts; `dosigate peer echo` asks "
             "whether it answers");
    return kNotDone;
  }
  return call(options, name, test_peer, show_accepted);
}

}  // namespace dosigate::cli
