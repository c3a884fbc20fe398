#pragma once

#include <string>

#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Stands in for the real one in executables that do not link the module deid: the only friend of
/// CleanInstance, here without any cleaning. Never include this in an executable that links
/// dosigate_deid (two classes of one name).
class Deidentifier {
 public:
  struct Parts {
    std::string sop_instance_uid;
    std::string sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";  // CT
    std::string study_instance_uid = "2.25.100";
    std::string transfer_syntax_uid = "1.2.840.10008.1.2.1";  // Explicit VR Little Endian
    std::string pseudonym = "DSG-T-0000-0000-000";
    Bytes header{}, body{}, trailer{};
    std::string facts{};
  };
  static CleanInstance make(Parts parts) {
    CleanInstance out;
    out.sop_class_uid_ = std::move(parts.sop_class_uid);
    out.sop_instance_uid_ = std::move(parts.sop_instance_uid);
    out.study_instance_uid_ = std::move(parts.study_instance_uid);
    out.transfer_syntax_uid_ = std::move(parts.transfer_syntax_uid);
    out.pseudonym_ = std::move(parts.pseudonym);
    out.header_ = std::move(parts.header);
    const auto body = std::make_shared<const Bytes>(std::move(parts.body));
    out.body_ = *body;
    out.owner_ = body;
    out.trailer_ = std::move(parts.trailer);
    out.facts_ = std::move(parts.facts);
    return out;
  }
};

}  // namespace dosigate
