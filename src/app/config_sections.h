#pragma once

#include <map>

#include "config_reader.h"
#include "dosigate/app/config.h"

namespace dosigate {

/// Of a file of [tls] or [http]; `ca` names the one of authorities.
const char* key_of(TlsFile file, const char* ca);

/// PS3.5 6.2, AE: 1 to 16 characters of the default repertoire without backslash and control
/// characters, not spaces only. Nothing, or what is wrong with it.
std::optional<std::string> wrong_ae(std::string_view title);

/// Fills a Config section by section and reports what is wrong; `together` then checks what only
/// shows when all sections are known.
class SectionReader {
 public:
  SectionReader(Config& config, Problems& problems, std::set<std::string>* known)
      : config_(config), problems_(problems), known_(known) {}

  void node(const toml::table& table);
  void site(const toml::table& table);
  void destination(const toml::table& table);
  void route(const toml::table& table);
  void peer(const toml::table& table);
  void alert(const toml::table& table);
  void access(const toml::table& table);   // config_access.cpp
  void network(const toml::table& table);  // config_network.cpp
  void audit(const toml::table& table);    // config_audit.cpp
  // config_http.cpp
  void http(const toml::table& table);
  void http_client(const toml::table& table);
  void tls(const toml::table& table);
  void together();

 private:
  /// Where a name was said, for errors that show only later.
  struct Said {
    unsigned line;
    std::string where;  ///< "[[route]] destinations"
  };
  /// A route's references, checked when all names are known.
  struct Pending {
    std::size_t route;
    Said site, destinations, profile, route_itself, tls;
    bool names_destinations;
  };

  std::filesystem::path absolute(const std::string& path) const;
  std::string name(TableReader& reader, std::map<std::string, unsigned>& taken);
  std::string ae_title(TableReader& reader, std::string_view key, bool required);
  std::vector<std::string> ae_patterns(TableReader& reader, std::string_view key);
  std::string host(TableReader& reader, bool required);
  /// Hours, bandwidth and compression of a destination.
  static void slow_link(TableReader& reader, Destination& to);
  /// @param taken  what listens elsewhere already.
  static void listeners(TableReader& reader, std::string_view key, std::vector<std::string>& into,
                        const std::vector<std::string>& taken);
  // config_tls.cpp
  static TlsPin tls_pin(TableReader& reader);
  std::optional<TlsPin> tls_of_peer(TableReader& reader, const std::string& host);
  void tls_together();
  void http_together();  // config_http.cpp
  // config_stow.cpp
  static void meaningless(TableReader& reader, const std::string& kind);
  static std::optional<WebAddress> web_address(TableReader& reader, std::string_view key);
  void stow(TableReader& reader, Destination& to, bool wanted);
  void web_security(TableReader& reader, Destination& to);
  void networks(TableReader& reader, Config::Route& route);
  void drop_rules(TableReader& reader, Config::Route& route);
  void legal(TableReader& reader, Config::Legal& into);

  void embedded_destination();
  void sites_of_routes();
  void references();
  void paths();
  void own_output();
  void routes_against_each_other();
  void unwise();

  Config& config_;
  Problems& problems_;
  std::set<std::string>* known_;
  std::map<std::string, unsigned> sites_, destinations_, routes_, peers_, http_clients_;
  std::map<std::string, unsigned> site_codes_;
  std::vector<Pending> pending_;
  std::map<std::string, Said> node_keys_;     ///< where the keys of [node] stand
  std::map<std::string, Said> folder_paths_;  ///< by destination
  std::map<std::string, Said> tls_keys_;      ///< where the keys of [tls] stand
  std::vector<Said> tls_wanted_;              ///< where tls = true stands
  std::map<std::string, Said> http_keys_;     ///< where the keys of [http] stand, or the section
  std::vector<unsigned> http_client_lines_;
};

/// The site code of a route without [[site]]: upper-case letters and digits of the name, at most
/// four.
std::string code_of(std::string_view site_name);

/// Of "address:port": whether only this machine reaches it.
bool is_loopback(std::string_view endpoint);

}  // namespace dosigate
