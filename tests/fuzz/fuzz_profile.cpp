// A profile file of a site: refused in words, or a profile whose every rule can be named.

#include "dosigate/deid/profile.h"
#include "fuzz/fuzz.h"

using namespace dosigate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = Profile::parse(text, "fuzz.toml");
  if (!profile) {
    must(!profile.error().detail.empty());
    return 0;
  }
  must(!profile->name().empty() && profile->digest().size() == 16);
  must(!(profile->options().retain_long_full_dates &&
         profile->options().retain_long_modified_dates));
  for (const auto& rule : profile->rules()) must(!action_text(rule.action).empty());
  for (const auto& rule : profile->drop()) must(rule.has_condition());
  return 0;
}
