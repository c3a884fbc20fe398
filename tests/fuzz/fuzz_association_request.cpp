// The first PDU of any peer: whatever is accepted keeps what the header promises.

#include <algorithm>
#include <set>

#include "dosigate/net/association_request.h"
#include "fuzz/fuzz.h"

using namespace dosigate;

namespace {

bool is_uid(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = read_association_request({data, size});
  if (!request) {
    must(request.error().fault == Fault::NotDicom && is_printable(request.error().detail));
    return 0;
  }
  must(request->called_ae.size() <= 16 && is_printable(request->called_ae));
  must(request->calling_ae.size() <= 16 && is_printable(request->calling_ae));
  must(is_uid(request->application_context));
  must(is_printable(request->implementation_version));
  must(!request->contexts.empty() && request->contexts.size() <= 128);
  std::set<std::uint8_t> ids;
  for (const auto& context : request->contexts) {
    must(context.id % 2 == 1 && ids.insert(context.id).second);
    must(is_uid(context.abstract_syntax) && !context.transfer_syntaxes.empty());
    for (const auto& syntax : context.transfer_syntaxes) must(is_uid(syntax));
  }
  for (const auto& role : request->roles) must(is_uid(role.sop_class_uid));
  return 0;
}
