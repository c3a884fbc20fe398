#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace dosigate::testing {

inline constexpr double kLu177HalfLife = 6.6443 * 86400;  ///< seconds
inline constexpr double kF18HalfLife = 6586.2;            ///< seconds

/// What is left of an activity after `seconds`.
double decayed(double activity, double seconds, double half_life);

/// A voxel body: trunk, liver, two kidneys and a lesion, each taking up part of the injected
/// activity and washing it out. Edge kVoxels voxels of kVoxelMm; x to the patient's left, y to the
/// back, z to the head.
struct Body {
  static constexpr int kVoxels = 32;
  static constexpr double kVoxelMm = 12.5;
  static constexpr double kVoxelMl = kVoxelMm * kVoxelMm * kVoxelMm / 1000;

  /// Activity (MBq) of every voxel, `seconds` after injecting `injected_mbq`. Physical decay by
  /// `half_life`, biological washout by organ.
  static std::vector<double> activity(double injected_mbq, double seconds, double half_life);
  /// CT number at a point (mm from the centre).
  static double hounsfield(double x, double y, double z);
};

/// Expected counts of one parallel projection of `activity` at `degrees`, kVoxels x kVoxels,
/// detector row 0 at the head. No attenuation or scatter.
std::vector<double> project(const std::vector<double>& activity, double degrees, double cps_per_mbq,
                            double seconds);

/// Counting noise, and 16 bit as a camera stores them.
std::vector<std::uint16_t> count(const std::vector<double>& expected, std::mt19937& random);

}  // namespace dosigate::testing
