// Who an instance says it is: in the command, in the data set, and with values that would hurt
// where a file name, SQL, a format or a log line is built from them (PS3.7 9.3.1, PS3.5 9.1, PS3.4
// B.2.3).

#include "wire/hostile_case.h"

namespace dosigate::testing {
namespace {

constexpr std::uint32_t kSopClass = 0x00080016, kSopInstance = 0x00080018, kStudy = 0x0020000D,
                        kSeries = 0x0020000E;

Bytes store_of(const std::string& sop_class, const std::string& sop_instance) {
  return RawScu::store_command(sop_class, sop_instance);
}

/// The same UID in command and data set: an opaque key, whatever it holds.
HostileCase opaque(const char* name, const std::string& uid, Answer expected = status(0)) {
  return {name, "PS3.5 9.1", expected, "", [uid](const Attack& attack) {
            return attack.store(kExplicitContext, store_of(kCtClass, uid),
                                Spoilt(Encoding::ExplicitLittle, uid).bytes());
          }};
}

HostileCase stored(const char* name, const char* section, Answer expected, const char* why,
                   Bytes command, Bytes data_set) {
  return {name, section, expected, why,
          [command = std::move(command), data_set = std::move(data_set)](const Attack& attack) {
            return attack.store(kExplicitContext, command, data_set);
          }};
}

Wire uid(std::uint32_t tag, std::string value, std::string_view vr = "UI") {
  if (value.size() % 2 != 0) value += '\0';
  return Wire().element(tag, vr, value);
}

}  // namespace

std::vector<HostileCase> hostile_identities() {
  const Answer mismatch = status(0xA900), invalid = status(0x0117), not_dicom = status(0xC000);
  const Bytes honest = Spoilt().bytes();
  const Bytes command = store_of(kCtClass, kHonestInstance);
  const std::string long_uid = "1.2." + std::string(61, '3');
  const char* const set = "PS3.4 B.2.3";
  return {
      opaque("an_instance_that_is_a_path", "../../../../etc/passwd"),
      opaque("an_instance_that_is_an_absolute_path", "/var/lib/dosigate/identity/map.db"),
      opaque("an_instance_that_is_sql", "1';DROP/**/TABLE/**/instances;--"),
      opaque("an_instance_that_is_a_shell_command", "$(touch${IFS}owned)`>owned`;|&"),
      opaque("an_instance_that_is_a_c_format", "%s%s%n%n%1000000d"),
      opaque("an_instance_that_is_a_fmt_format", "{}{0}{:>1000000}"),
      opaque("an_instance_with_a_line_feed", "1.2\n[error]forged=yes", mismatch),
      opaque("an_instance_with_a_nul_inside", std::string("1.2\0.3", 6)),
      opaque("an_instance_of_eight_bit_bytes", "\xFF\xFE\x80\xC3\x28"),
      opaque("an_instance_with_a_terminal_escape", "\x1B]0;owned\x07"),
      opaque("an_instance_that_is_markup", "<script>alert(1)</script>&amp;\""),
      opaque("an_instance_with_leading_zeros", "1.2.00003.0004"),
      opaque("an_instance_that_is_a_dot", "."),
      opaque("an_instance_of_one_byte", "7"),
      opaque("an_instance_of_64_bytes", long_uid.substr(0, 64)),
      opaque("an_instance_of_65_bytes", long_uid.substr(0, 65), invalid),
      opaque("an_instance_of_60_kib", std::string(60'000, '1'), invalid),
      opaque("an_instance_of_no_bytes", "", invalid),
      opaque("an_instance_of_spaces", "    ", invalid),
      opaque("an_instance_of_nul", std::string(8, '\0'), invalid),
      // DCMTK takes white space out of a UID: what is compared is no longer what came.
      opaque("an_instance_with_spaces_inside", "1.2 .3", mismatch),
      opaque("an_instance_of_two_values", "1.2.3\\1.2.4", mismatch),
      stored("a_command_without_class", "PS3.7 Table 9.1-1", mismatch, "",
             store_of("", kHonestInstance), honest),
      stored("a_class_that_is_not_that_of_the_context", "PS3.7 9.1.1.1.9 A900", mismatch, "",
             store_of("1.2.840.10008.5.1.4.1.1.4", kHonestInstance), honest),
      stored("a_class_of_4_kib", "PS3.7 Table 9.1-1", mismatch, "",
             store_of(std::string(4096, '1'), kHonestInstance), honest),
      stored("a_data_set_of_another_class", set, mismatch, "(0008,0016) is not the SOP class",
             command, Spoilt().put(kSopClass, uid(kSopClass, "1.2.840.10008.5.1.4.1.1.4")).bytes()),
      stored("a_data_set_without_class", set, mismatch, "(0008,0016) is not the SOP class", command,
             Spoilt().drop(kSopClass).bytes()),
      stored("a_data_set_of_another_instance", set, mismatch, "(0008,0018) is not the SOP instance",
             command, Spoilt().put(kSopInstance, uid(kSopInstance, "1.2.3.4")).bytes()),
      stored("a_data_set_without_instance", set, not_dicom, "(0008,0018) is missing or empty",
             command, Spoilt().drop(kSopInstance).bytes()),
      stored("a_data_set_with_an_empty_instance", set, not_dicom, "(0008,0018) is missing or empty",
             command, Spoilt().put(kSopInstance, uid(kSopInstance, "")).bytes()),
      stored("a_data_set_without_study", "PS3.3 C.7.2.1", not_dicom,
             "(0020,000D) is missing or empty", command, Spoilt().drop(kStudy).bytes()),
      stored("a_study_of_65_bytes", "PS3.5 9.1", not_dicom, "(0020,000D) has more than 64 bytes",
             command, Spoilt().put(kStudy, uid(kStudy, long_uid.substr(0, 65))).bytes()),
      stored("a_series_of_65_bytes", "PS3.5 9.1", not_dicom, "(0020,000E) has more than 64 bytes",
             command, Spoilt().put(kSeries, uid(kSeries, long_uid.substr(0, 65))).bytes()),
      stored("an_instance_sent_as_un", "PS3.5 6.2.2", status(0), "", command,
             Spoilt().put(kSopInstance, uid(kSopInstance, kHonestInstance, "UN")).bytes()),
      stored("another_instance_sent_as_un", "PS3.5 6.2.2", mismatch,
             "(0008,0018) is not the SOP instance", command,
             Spoilt().put(kSopInstance, uid(kSopInstance, "1.2.3.4", "UN")).bytes()),
      stored("a_study_that_is_a_path", "PS3.5 9.1", status(0), "",
             store_of(kCtClass, "1.2.826.0.1.3680043.2.1143.77.9"),
             Spoilt(Encoding::ExplicitLittle, "1.2.826.0.1.3680043.2.1143.77.9")
                 .put(kStudy, uid(kStudy, "../../owned"))
                 .bytes()),
  };
}

}  // namespace dosigate::testing
