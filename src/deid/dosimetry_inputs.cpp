#include "dosimetry_inputs.h"

#include <unordered_map>
#include <unordered_set>

namespace dosigate {

Input input_of(std::uint32_t tag) {
  static const auto table = [] {
    std::unordered_map<std::uint32_t, Input> inputs;
    // Vectors, counts, geometry of the camera.
    for (const std::uint32_t physics :
         {0x00540010U, 0x00540011U, 0x00540014U, 0x00540015U, 0x00540020U, 0x00540021U, 0x00540030U,
          0x00540031U, 0x00540033U, 0x00540036U, 0x00540038U, 0x00540050U, 0x00540051U, 0x00540053U,
          0x00540060U, 0x00540061U, 0x00540070U, 0x00540071U, 0x00540080U, 0x00540081U, 0x00540090U,
          0x00540100U, 0x00540101U, 0x00540200U, 0x00540202U, 0x00280009U, 0x00280008U, 0x00180070U,
          0x00180071U, 0x00180073U, 0x00180074U, 0x00180075U, 0x00181130U, 0x00181131U, 0x00181140U,
          0x00181142U, 0x00181143U, 0x00181144U, 0x00181145U, 0x00181181U, 0x00181182U, 0x00181183U,
          0x00181242U, 0x00181243U, 0x00181063U, 0x00280031U, 0x00280032U, 0x00200032U, 0x00200037U,
          0x00280030U, 0x00180050U, 0x00180088U, 0x00280010U, 0x00280011U, 0x00280100U, 0x00280101U,
          0x00280102U, 0x00280103U, 0x00280002U,
          // Activity, units, corrections, calibration.
          0x00181071U, 0x00181074U, 0x00181075U, 0x00181076U, 0x00181077U, 0x00541001U, 0x00541000U,
          0x00541002U, 0x00541006U, 0x00541100U, 0x00541102U, 0x00541300U, 0x00541310U, 0x00541311U,
          0x00541320U, 0x00541321U, 0x00541322U, 0x00541323U, 0x00541324U, 0x00541330U, 0x00541400U,
          0x00541401U, 0x00280051U, 0x00281052U, 0x00281053U, 0x00189758U, 0x00189749U, 0x00189755U,
          0x00189756U, 0x00189220U, 0x00409211U, 0x00409212U, 0x00409213U, 0x00409214U, 0x00409216U,
          0x00409224U, 0x00409225U, 0x3004000EU, 0x3004000CU, 0x30040002U, 0x30060050U}) {
      inputs[physics] = Input::Physics;
    }
    for (const std::uint32_t patient : {0x00101030U, 0x00101020U, 0x00100040U})
      inputs[patient] = Input::Characteristic;
    for (const std::uint32_t instant :
         {0x00080020U, 0x00080021U, 0x00080022U, 0x00080030U, 0x00080031U, 0x00080032U, 0x0008002AU,
          0x00080201U, 0x00181072U, 0x00181073U, 0x00181078U, 0x00181079U, 0x00189701U, 0x00189151U,
          0x00189074U, 0x00189516U, 0x00189517U}) {
      inputs[instant] = Input::Instant;
    }
    return inputs;
  }();
  const auto found = table.find(tag);
  return found == table.end() ? Input::None : found->second;
}

bool is_input_sequence(std::uint32_t tag) {
  static const std::unordered_set<std::uint32_t> sequences{
      0x00540016U, 0x00540012U, 0x00540013U, 0x00540022U, 0x00540032U,
      0x00540052U, 0x00540062U, 0x00540063U, 0x00540072U,  // NM and PET modules
      0x00409096U, 0x004008EAU, 0x52009229U, 0x52009230U,  // real world values, functional groups
      0x00289110U, 0x00289145U, 0x00209111U, 0x00209113U, 0x00209116U,
      0x00189732U, 0x00189736U, 0x00189737U, 0x00540500U,  // inside functional groups
      0x30040010U, 0x30060039U, 0x30060040U};              // RT dose, contours
  return sequences.contains(tag);
}

}  // namespace dosigate
