#include "cli_offline.h"

#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "dosigate/dicom/charset.h"

namespace dosigate::cli {
namespace {

/// Identities and keys are in this memory: no core dump, no debugger of the same user.
void forbid_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  umask(0077);
}

bool is_site_code(const std::string& code) {
  return !code.empty() && code.size() <= 4 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

}  // namespace

std::optional<Workplace> Workplace::open(const Options& options) {
  forbid_dumps();
  spdlog::set_level(spdlog::level::off);  // what a person should know is said by the command
  Workplace out;
  // A workstation has no node and needs no configuration; one that is there or was named counts.
  std::error_code unknown;
  if (options.config_named || std::filesystem::exists(options.config, unknown)) {
    out.config_ = load(options.config);
    if (!out.config_) return std::nullopt;
  }
  return out;
}

Result<Profile> Workplace::profile(const std::string& name_or_file) const {
  if (name_or_file.find('/') == std::string::npos && !name_or_file.ends_with(".toml"))
    return Profile::load(config_ ? config_->node.profiles_dir : Config::Node{}.profiles_dir,
                         name_or_file);
  return Profile::load_file(name_or_file);
}

Result<SitePolicy> Workplace::site(const std::string& code) const {
  if (!config_ || config_->sites.empty()) {
    SitePolicy policy;
    policy.code = code.empty() ? "XX" : code;
    if (!is_site_code(policy.code))
      return fail(Fault::Invalid, "--site \"" + code + "\" is not 1 to 4 characters A-Z and 0-9");
    return policy;
  }
  std::string known;
  for (const Config::Site& site : config_->sites) {
    if (site.policy.code == code || (code.empty() && config_->sites.size() == 1))
      return site.policy;
    known += " " + site.policy.code;
  }
  return fail(Fault::Invalid, (code.empty() ? "--site is needed: the configuration has several"
                                            : "--site " + code + " is not in the configuration") +
                                  std::string("; there are:") + known);
}

Result<Deidentifier::Settings> Workplace::settings(const Work& work) const {
  Deidentifier::Settings out;
  auto wanted = profile(work.profile);
  if (!wanted) return wanted.error();
  out.profile = std::move(*wanted);
  auto policy = site(work.site);
  if (!policy) return policy.error();
  out.site = std::move(*policy);
  if (!work.charset.empty() && !is_convertible_charset(work.charset))
    return fail(Fault::Invalid, "--charset \"" + work.charset +
                                    "\" cannot be decoded; write it as in (0008,0005), for example "
                                    "\"ISO_IR 100\"");
  out.default_charset = work.charset;
  if (config_) out.max_inflated = config_->node.memory_budget_bytes;
  return out;
}

}  // namespace dosigate::cli
