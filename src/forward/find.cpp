#include "find.h"

#include <algorithm>

#include "dosigate/dicom/status.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::size_t kMostSeries = 10'000;
constexpr std::size_t kMostInstances = 200'000;
constexpr std::uint16_t kFindRequest = 0x0020;
constexpr std::uint16_t kFindResponse = 0x8020;

bool is_uid(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_pending(std::uint16_t status) { return status == 0xFF00 || status == 0xFF01; }

struct Level {
  const char* name;
  DcmTagKey wanted;
  std::size_t most;
};

/// The values of the level's key of everything below `keys`, which names study and series.
class Query {
 public:
  Query(Dialogue& dialogue, const Peer::Accepted& context, const Destination& peer,
        SteadyTime until)
      : dialogue_(dialogue), context_(context), peer_(peer), until_(until) {}

  Result<std::set<std::string>> ask(const Level& level, const std::string& study_uid,
                                    const std::string& series_uid) {
    DcmDataset identifier;
    require(identifier.putAndInsertString(DCM_QueryRetrieveLevel, level.name), "write the level");
    require(identifier.putAndInsertString(DCM_StudyInstanceUID, study_uid.c_str()), "write a key");
    require(identifier.putAndInsertString(DCM_SeriesInstanceUID, series_uid.c_str()),
            "write a key");
    if (level.wanted != DCM_SeriesInstanceUID)
      require(identifier.insertEmptyElement(level.wanted), "write a key");
    const std::uint16_t id = dialogue_.next_message_id();
    const auto command = CommandSet()
                             .uid(kAffectedSopClass, context_.sop_class_uid)
                             .number(kCommandField, kFindRequest)
                             .number(kMessageId, id)
                             .number(kPriority, 0)  // medium
                             .number(kDataSetType, kWithDataSet);
    if (auto sent =
            dialogue_.send(context_.id, command, encoded(identifier, context_.transfer_syntax_uid));
        !sent)
      return sent.error();

    std::set<std::string> out;
    for (std::size_t answers = 0;; ++answers) {
      auto answer = dialogue_.receive(until_, "its answer to C-FIND was awaited");
      if (!answer) return answer.error();
      const auto status = answer->command.number(kStatus);
      if (answer->command.number(kCommandField) != kFindResponse || !status ||
          answer->command.number(kRespondedTo) != id)
        return fail(Fault::Unavailable, at(peer_) +
                                            " answered C-FIND with something that was not asked: "
                                            "the archive is at fault");
      if (*status == 0) return out;
      if (!is_pending(*status))
        return fail(Fault::Denied, at(peer_) + " answers C-FIND with " + status_text(*status) +
                                       ": see the archive's log");
      if (answers >= level.most || steady_now() >= until_)
        return fail(Fault::Unavailable,
                    at(peer_) + " has not come to an end of its answers to C-FIND after " +
                        std::to_string(answers) +
                        " matches: a longer --wait, if the study is that large");
      const auto match = decoded(answer->data_set, context_.transfer_syntax_uid);
      if (!match)
        return fail(Fault::Unavailable,
                    at(peer_) + " answered C-FIND with broken data: the archive is at fault");
      // An archive that does not look at a key answers with more than was asked for.
      const std::string of_study = text_at(**match, DCM_StudyInstanceUID);
      const std::string found = text_at(**match, level.wanted);
      if ((of_study.empty() || of_study == study_uid) && is_uid(found)) out.insert(found);
    }
  }

 private:
  Dialogue& dialogue_;
  const Peer::Accepted& context_;
  const Destination& peer_;
  SteadyTime until_;
};

}  // namespace

const ProposedContext kStudyRootFind{
    UID_FINDStudyRootQueryRetrieveInformationModel,
    {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax}};

Result<std::set<std::string>> find_instances(Dialogue& dialogue, const Peer::Accepted& context,
                                             const Destination& peer, const std::string& study_uid,
                                             SteadyTime until) {
  Query query(dialogue, context, peer, until);
  const auto series = query.ask({"SERIES", DCM_SeriesInstanceUID, kMostSeries}, study_uid, "");
  if (!series) return series.error();
  std::set<std::string> out;
  for (const std::string& uid : *series) {
    auto instances = query.ask({"IMAGE", DCM_SOPInstanceUID, kMostInstances}, study_uid, uid);
    if (!instances) return instances.error();
    out.merge(*instances);
    if (out.size() > kMostInstances)
      return fail(Fault::Unavailable, at(peer) + " says that the study has more than " +
                                          std::to_string(kMostInstances) + " instances");
  }
  return out;
}

}  // namespace dosigate
