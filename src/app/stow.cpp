#include "stow.h"

#include "dosigate/base/log_text.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/status.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "uploaded_instance.h"

namespace dosigate {
namespace {

constexpr std::uint16_t kDataSetDoesNotMatch = 0xA900;

/// Of what stands before the pixel data; empty when it cannot be read.
std::string study_of(const ReceivedInstance& instance) {
  const TransferSyntax* syntax = find_transfer_syntax(instance.transfer_syntax_uid);
  if (syntax == nullptr) return {};
  const ByteView header = instance.passed ? ByteView(instance.data_set).first(instance.passed->at)
                                          : ByteView(instance.data_set);
  if (!instance.passed && !walk_data_set(header, syntax->encoding)) return {};
  const auto root = parse_data_set(header, *syntax);
  return root ? text_at(**root, DCM_StudyInstanceUID) : std::string();
}

}  // namespace

StowOutcome stow(const StowParts& parts, const Origin& origin, const std::string& study,
                 Upload& upload) {
  StowOutcome out;
  for (;;) {
    const auto another = upload.next();
    if (!another) out.broken = another.error();
    if (!another || !*another) return out;
    auto file = read_uploaded(upload, parts.server, origin, parts.begin);
    if (!file) {
      out.broken = file.error();
      return out;
    }
    auto* const uploaded = std::get_if<UploadedInstance>(&*file);
    if (uploaded == nullptr) {
      ++out.unread;
      continue;
    }
    ReceivedInstance& instance = uploaded->arrived.instance;
    StowOutcome::One one{instance.sop_class_uid, instance.sop_instance_uid};
    if (!study.empty() && study_of(instance) != study) {
      one.reason = kDataSetDoesNotMatch;
    } else {
      one.reason = uploaded->arrived.passage
                       ? uploaded->arrived.passage->finish(std::move(instance)).status
                       : parts.take(std::move(instance)).status;
    }
    (one.reason == 0 ? out.stored : out.failed).push_back(std::move(one));
  }
}

}  // namespace dosigate
