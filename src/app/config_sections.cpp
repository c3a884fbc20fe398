#include "config_sections.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "dosigate/app/withdrawals.h"
#include "dosigate/dicom/charset.h"
#include "dosigate/dicom/sop_class.h"

namespace dosigate {
namespace {

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7F;
  });
}

/// CS, PS3.5 6.2.
bool is_code_string(std::string_view text) {
  return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
  });
}

bool is_uid(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos && text.front() != '.' &&
         text.back() != '.' && text.find("..") == std::string_view::npos;
}

bool is_site_code(std::string_view code) {
  return !code.empty() && code.size() <= 4 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

bool can_run(const std::filesystem::path& program) {
  return std::filesystem::is_regular_file(program) && ::access(program.c_str(), X_OK) == 0;
}

bool in_search_path(const std::string& program) {
  const char* search = std::getenv("PATH");
  std::string_view rest = search == nullptr ? "/usr/bin:/bin" : search;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    if (can_run(std::filesystem::path(rest.substr(0, colon)) / program)) return true;
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  return false;
}

}  // namespace

std::optional<std::string> wrong_ae(std::string_view title) {
  if (title.empty() || title.find_first_not_of(' ') == std::string_view::npos) return "is empty";
  if (title.size() > 16) {
    return "has " + std::to_string(title.size()) + " characters; an AE title has at most 16";
  }
  const bool allowed = std::all_of(title.begin(), title.end(),
                                   [](char c) { return c >= 0x20 && c < 0x7F && c != '\\'; });
  if (!allowed) return "an AE title has no backslash, control character or letter outside ASCII";
  if (title.front() == ' ' || title.back() == ' ')
    return "begins or ends with a space, which no peer can see";
  return std::nullopt;
}

std::string code_of(std::string_view site_name) {
  std::string code;
  for (const char c : site_name) {
    const bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (fits && code.size() < 4) code += c;
  }
  return code;
}

std::filesystem::path SectionReader::absolute(const std::string& path) const {
  auto out = (config_.file.parent_path() / path).lexically_normal();
  // "dir/" and "dir" are the same place and have to compare equal.
  return out.has_filename() ? out : out.parent_path();
}

std::string SectionReader::name(TableReader& reader, std::map<std::string, unsigned>& taken) {
  const auto text = reader.text("name");
  if (!text) {
    if (!reader.has("name")) reader.error("name", "is missing");
    return {};
  }
  if (text->empty() || text->size() > 64 || !printable(*text)) {
    reader.error("name", "has 1 to 64 printable characters");
    return {};
  }
  const auto [first, fresh] = taken.emplace(*text, reader.line("name"));
  if (!fresh) {
    reader.error("name", "\"" + *text + "\" is taken by line " + std::to_string(first->second));
    return {};
  }
  return *text;
}

std::string SectionReader::ae_title(TableReader& reader, std::string_view key, bool required) {
  const auto text = reader.text(key);
  if (!text) {
    if (required && !reader.has(key)) reader.error(key, "is missing");
    return {};
  }
  if (const auto wrong = wrong_ae(*text)) {
    reader.error(key, *wrong);
    return {};
  }
  return *text;
}

std::vector<std::string> SectionReader::ae_patterns(TableReader& reader, std::string_view key) {
  auto patterns = reader.texts(key);
  if (!patterns) return {"*"};
  if (patterns->empty())
    reader.error(key, "is empty: no association would fit; write [\"*\"] for any");
  for (const std::string& pattern : *patterns) {
    if (const auto wrong = wrong_ae(pattern)) reader.error(key, "\"" + pattern + "\": " + *wrong);
  }
  return *patterns;
}

std::string SectionReader::host(TableReader& reader, bool required) {
  const auto text = reader.text("host");
  if (!text) {
    if (required && !reader.has("host")) reader.error("host", "is missing");
    return {};
  }
  if (text->empty() || text->size() > 253 || !printable(*text) ||
      text->find_first_of(" /") != std::string::npos) {
    reader.error("host", "is no host name or address");
    return {};
  }
  return *text;
}

void SectionReader::legal(TableReader& reader, Config::Legal& into) {
  into.purpose = reader.text("purpose").value_or("");
  into.legal_basis = reader.text("legal_basis").value_or("");
  into.operator_name = reader.text("operator").value_or("");
  into.country = reader.text("country").value_or("");
  std::string missing;
  const std::pair<const char*, const std::string&> fields[] = {{"purpose", into.purpose},
                                                               {"legal_basis", into.legal_basis},
                                                               {"operator", into.operator_name},
                                                               {"country", into.country}};
  for (const auto& [key, value] : fields) {
    if (value.empty()) missing += (missing.empty() ? "" : ", ") + std::string(key);
  }
  if (!missing.empty()) {
    reader.warning("name", "\"" + reader.text("name").value_or("") + "\": " + missing +
                               " missing, which the record of processing needs (LGPD art. 37)");
  }
}

void SectionReader::site(const toml::table& table) {
  TableReader reader(table, "[[site]]", problems_, known_);
  Config::Site site;
  site.name = name(reader, sites_);
  if (const auto code = reader.text("code")) {
    site.policy.code = *code;
    if (!is_site_code(*code))
      reader.error("code", "\"" + *code + "\" is not 1 to 4 characters A-Z and 0-9");
  } else if (!reader.has("code") && !site.name.empty()) {
    site.policy.code = code_of(site.name);
    if (site.policy.code.empty())
      reader.error("code",
                   "is missing, and the name has no upper-case letter or digit to make it of");
  }
  if (!site.policy.code.empty()) {
    const auto [first, fresh] = site_codes_.emplace(site.policy.code, reader.line());
    if (!fresh) {
      reader.error("code", "\"" + site.policy.code + "\" is the code of the site in line " +
                               std::to_string(first->second) +
                               ": pseudonyms would not tell them apart");
    }
  }
  site.policy.issuers = reader.texts("issuers").value_or(std::vector<std::string>{});
  const std::vector<std::string> steps{"upper", "strip-leading-zeros", "strip-punctuation"};
  for (const std::string& step : reader.texts("normalise").value_or(std::vector<std::string>{})) {
    if (step == steps[0]) {
      site.policy.normalisation.upper = true;
    } else if (step == steps[1]) {
      site.policy.normalisation.strip_leading_zeros = true;
    } else if (step == steps[2]) {
      site.policy.normalisation.strip_punctuation = true;
    } else {
      reader.error("normalise", "\"" + step +
                                    "\" is not one of \"upper\", \"strip-leading-zeros\", "
                                    "\"strip-punctuation\"" +
                                    did_you_mean(step, steps));
    }
  }
  reader.finish();
  config_.sites.push_back(std::move(site));
}

void SectionReader::destination(const toml::table& table) {
  TableReader reader(table, "[[destination]]", problems_, known_);
  Config::Output output;
  Destination& to = output.destination;
  to.name = name(reader, destinations_);
  if (to.name == kGivenBack)
    reader.error("name", "\"rest\" stands in the ledger for clients of the REST service");
  const auto kind = reader.choice("kind", {"dicom", "stow", "folder"});
  if (!kind && !reader.has("kind"))
    reader.error("kind", "is missing: \"dicom\", \"stow\" or \"folder\"");
  to.kind = kind == "dicom"  ? Destination::Kind::Dicom
            : kind == "stow" ? Destination::Kind::Stow
                             : Destination::Kind::Folder;

  const bool dicom = kind == "dicom", folder = kind == "folder";
  to.ae_title = ae_title(reader, "ae_title", dicom);
  to.host = host(reader, dicom);
  to.port = static_cast<std::uint16_t>(reader.integer("port", 1, 65535).value_or(dicom ? 104 : 0));
  if (const auto path = reader.text("path")) {
    to.path = absolute(*path);
    if (path->empty()) reader.error("path", "is empty");
    folder_paths_[to.name] = {reader.line("path"), "[[destination]] path"};
  } else if (folder && !reader.has("path")) {
    reader.error("path", "is missing");
  }
  to.associations =
      static_cast<unsigned>(reader.integer("associations", 1, 16).value_or(to.associations));
  to.dimse_timeout = std::chrono::seconds(
      reader.integer("dimse_timeout_s", 1, 3600).value_or(to.dimse_timeout.count()));
  to.max_attempts =
      static_cast<unsigned>(reader.integer("max_attempts", 1, 1000).value_or(to.max_attempts));
  to.max_age =
      std::chrono::hours(reader.integer("max_age_h", 1, 8760).value_or(to.max_age.count()));
  slow_link(reader, to);
  stow(reader, to, kind == "stow");
  if (kind != "stow") to.tls = tls_of_peer(reader, to.host);
  if (kind) meaningless(reader, *kind);
  legal(reader, output.legal);
  reader.finish();
  config_.outputs.push_back(std::move(output));
}

void SectionReader::slow_link(TableReader& reader, Destination& to) {
  constexpr std::int64_t kSlowest = 64;
  constexpr std::int64_t kFastest = 10'000'000;
  if (const auto windows = reader.text_or_texts("hours")) {
    if (auto hours = Hours::parse(*windows)) {
      to.hours = std::move(*hours);
    } else {
      reader.error("hours", hours.error().detail);
    }
  }
  to.max_kbit_s =
      static_cast<std::uint64_t>(reader.integer("max_kbit_s", kSlowest, kFastest).value_or(0));
  if (const auto how = reader.choice("compress", {"none", "jpeg-ls", "rle"})) {
    to.compress = *how == "jpeg-ls" ? Destination::Compress::JpegLs
                  : *how == "rle"   ? Destination::Compress::Rle
                                    : Destination::Compress::None;
  }
}

void SectionReader::networks(TableReader& reader, Config::Route& route) {
  const auto texts = reader.texts("from");
  if (!texts) return;
  if (texts->empty()) reader.error("from", "is empty; leave it out to admit every address");
  for (const std::string& text : *texts) {
    if (const auto network = parse_network(text)) {
      route.from.push_back(*network);
    } else {
      reader.error("from", network.error().detail);
    }
  }
}

void SectionReader::drop_rules(TableReader& reader, Config::Route& route) {
  for (const toml::table* table : reader.tables("drop")) {
    TableReader rule_reader(*table, "[[route]] drop", problems_, known_);
    DropRule rule;
    const auto uid = rule_reader.text("sop_class"), modality = rule_reader.text("modality"),
               type = rule_reader.text("image_type");
    const auto burned = rule_reader.boolean("burned_in");
    rule.sop_class = uid.value_or("");
    rule.modality = modality.value_or("");
    rule.image_type = type.value_or("");
    rule.burned_in = burned.value_or(false);
    rule.text = drop_rule_text(rule);
    if (uid && !is_uid(*uid)) rule_reader.error("sop_class", "\"" + *uid + "\" is no UID");
    if (modality && !is_code_string(*modality))
      rule_reader.error("modality", "\"" + *modality + "\" is no modality, as in \"SC\"");
    if (type && !is_code_string(*type))
      rule_reader.error("image_type",
                        "\"" + *type + "\" is no single value, as in \"SCREEN SAVE\"");
    if (burned == false)
      rule_reader.error("burned_in", "only true has a meaning; leave it out otherwise");
    rule_reader.finish();
    // A rule without a condition would drop everything, which nobody means.
    if (!uid && !modality && !type && !rule.burned_in)
      problems_.error(rule_reader.line(), "[[route]] drop", "a rule without a condition");
    const bool twice = std::any_of(route.drop.begin(), route.drop.end(),
                                   [&](const DropRule& other) { return other.text == rule.text; });
    if (twice) problems_.error(rule_reader.line(), "[[route]] drop", rule.text + " stands twice");
    route.drop.push_back(std::move(rule));
  }
}

void SectionReader::route(const toml::table& table) {
  TableReader reader(table, "[[route]]", problems_, known_);
  Config::Route route;
  route.line = static_cast<int>(reader.line());
  route.name = name(reader, routes_);
  route.site = reader.text("site").value_or("");
  route.called_ae = ae_patterns(reader, "called_ae");
  route.calling_ae = ae_patterns(reader, "calling_ae");
  networks(reader, route);
  route.tls = tls_pin(reader);
  route.profile = reader.text("profile").value_or(route.profile);
  route.destinations = reader.texts("destinations").value_or(std::vector<std::string>{});
  const auto uncertain = reader.choice("on_uncertain", {"quarantine", "refuse"});
  route.on_uncertain =
      uncertain == "refuse" ? Config::OnUncertain::Refuse : Config::OnUncertain::Quarantine;
  route.revisions = reader.choice("revisions", {"hold", "new-uid"}) == "new-uid"
                        ? Config::Revisions::NewUid
                        : Config::Revisions::Hold;
  route.new_devices = reader.choice("new_devices", {"accept", "hold"}) == "hold"
                          ? NewDevices::Hold
                          : NewDevices::Accept;
  drop_rules(reader, route);
  reader.finish();
  const auto said = [&](std::string_view key) {
    return Said{reader.line(key), "[[route]] " + std::string(key)};
  };
  pending_.push_back({config_.routes.size(), said("site"), said("destinations"), said("profile"),
                      said(""), said(reader.has("tls_names") ? "tls_names" : "tls_fingerprints"),
                      reader.has("destinations")});
  pending_.back().route_itself.where = "[[route]]";
  config_.routes.push_back(std::move(route));
}

void SectionReader::peer(const toml::table& table) {
  TableReader reader(table, "[[peer]]", problems_, known_);
  Config::Peer peer;
  peer.name = name(reader, peers_);
  peer.ae_title = ae_title(reader, "ae_title", true);
  peer.host = host(reader, true);
  peer.port = static_cast<std::uint16_t>(reader.integer("port", 1, 65535).value_or(peer.port));
  peer.tls = tls_of_peer(reader, peer.host);
  peer.default_charset = reader.text("default_charset").value_or("");
  if (!is_convertible_charset(peer.default_charset))
    reader.error("default_charset",
                 "\"" + peer.default_charset +
                     "\" is no character set that can be converted, as in \"ISO_IR 100\"");
  reader.finish();
  config_.peers.push_back(std::move(peer));
}

void SectionReader::alert(const toml::table& table) {
  TableReader reader(table, "[alert]", problems_, known_);
  auto command = reader.texts("command").value_or(std::vector<std::string>{});
  if (!command.empty()) {
    std::string& program = command.front();
    const bool is_path = program.find('/') != std::string::npos;
    if (is_path) program = absolute(program).string();
    if (is_path ? !can_run(program) : !in_search_path(program))
      reader.error("command", program + " is no program that can be run");
  }
  reader.finish();
  config_.alert_command = std::move(command);
}

}  // namespace dosigate
