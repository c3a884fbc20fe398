#include "support/phantom_body.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace dosigate::testing {
namespace {

struct Organ {
  double x, y, z, rx, ry, rz;   // centre and half axes, mm
  double uptake;                // of the injected activity, extrapolated to the injection
  double biological_half_life;  // seconds
  double hounsfield;
};

constexpr double kHour = 3600;
// The first that contains a point owns it; the trunk is last.
constexpr std::array<Organ, 5> kOrgans{{
    {-55, 45, -40, 25, 20, 45, 0.020, 60 * kHour, 35},  // right kidney
    {55, 45, -35, 25, 20, 45, 0.020, 60 * kHour, 35},   // left kidney
    {-60, -15, 40, 70, 60, 50, 0.060, 70 * kHour, 60},  // liver
    {30, 60, 95, 18, 18, 18, 0.008, 400 * kHour, 240},  // lesion in a vertebra
    {0, 0, 0, 165, 105, 190, 0.250, 20 * kHour, 10},    // the rest of the trunk
}};

const Organ* organ_at(double x, double y, double z) {
  const auto inside = [&](const Organ& organ) {
    const double a = (x - organ.x) / organ.rx;
    const double b = (y - organ.y) / organ.ry;
    const double c = (z - organ.z) / organ.rz;
    return a * a + b * b + c * c <= 1;
  };
  const auto found = std::find_if(kOrgans.begin(), kOrgans.end(), inside);
  return found == kOrgans.end() ? nullptr : &*found;
}

double millimetres(int index) { return (index - (Body::kVoxels - 1) / 2.0) * Body::kVoxelMm; }

}  // namespace

double decayed(double activity, double seconds, double half_life) {
  return activity * std::exp2(-seconds / half_life);
}

std::vector<double> Body::activity(double injected_mbq, double seconds, double half_life) {
  std::vector<const Organ*> owner;
  owner.reserve(kVoxels * kVoxels * kVoxels);
  for (int z = 0; z < kVoxels; ++z)
    for (int y = 0; y < kVoxels; ++y)
      for (int x = 0; x < kVoxels; ++x)
        owner.push_back(organ_at(millimetres(x), millimetres(y), millimetres(z)));

  std::vector<double> volume(owner.size());
  for (const Organ& organ : kOrgans) {
    const auto voxels = static_cast<double>(std::count(owner.begin(), owner.end(), &organ));
    const double now =
        decayed(decayed(injected_mbq * organ.uptake, seconds, organ.biological_half_life), seconds,
                half_life);
    for (std::size_t i = 0; i < owner.size(); ++i)
      if (owner[i] == &organ) volume[i] = now / voxels;
  }
  return volume;
}

double Body::hounsfield(double x, double y, double z) {
  const Organ* organ = organ_at(x, y, z);
  return organ == nullptr ? -1000 : organ->hounsfield;
}

std::vector<double> project(const std::vector<double>& activity, double degrees, double cps_per_mbq,
                            double seconds) {
  constexpr int n = Body::kVoxels;
  const double angle = degrees * std::numbers::pi / 180;
  std::vector<double> counts(static_cast<std::size_t>(n) * n);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) {
        const double mbq = activity[static_cast<std::size_t>((z * n + y) * n + x)];
        if (mbq == 0) continue;
        const double u =
            (millimetres(x) * std::cos(angle) + millimetres(y) * std::sin(angle)) / Body::kVoxelMm +
            (n - 1) / 2.0;
        const int column = static_cast<int>(std::lround(u));
        if (column >= 0 && column < n)
          counts[static_cast<std::size_t>((n - 1 - z) * n + column)] += mbq * cps_per_mbq * seconds;
      }
  return counts;
}

std::vector<std::uint16_t> count(const std::vector<double>& expected, std::mt19937& random) {
  std::vector<std::uint16_t> counted;
  counted.reserve(expected.size());
  for (const double mean : expected) {
    const int events = mean > 0 ? std::poisson_distribution<int>(mean)(random) : 0;
    counted.push_back(static_cast<std::uint16_t>(std::min(events, 65535)));
  }
  return counted;
}

}  // namespace dosigate::testing
