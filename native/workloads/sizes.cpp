// Where random-mix and server have their sizes from: a table counted in a real program, or the user's file.

#include "workloads/sizes.h"

#include <fstream>
#include <sstream>

#include "workloads/options.h"

namespace alloc8::workloads {

namespace {

constexpr double kOne = 9007199254740992.0;  // 2^53
constexpr double kLargest = 4294967295.0;

// As sizes/sqlite.txt, which says where it is from.
const SizeDistribution::Weights kSqlite = {
    {16, 133464}, {24, 36222},   {32, 9274},   {40, 63406},  {48, 9388},   {56, 39272},  {64, 42920},
    {72, 11963},  {80, 11902},   {88, 51375},  {96, 26531},  {104, 9534},  {112, 36253}, {120, 69119},
    {128, 5956},  {136, 75016},  {144, 5457},  {152, 3023},  {160, 2959},  {168, 3041},  {176, 2455},
    {304, 13381}, {312, 33007},  {432, 30013}, {440, 32991}, {568, 30023}, {848, 2994},  {1016, 33007},
    {1072, 3025}, {2432, 33017}, {4104, 4420}, {4368, 909},  {8192, 3952}, {16384, 462}};

[[noreturn]] void badLine(const std::string& path, int number, const std::string& line) {
  fail("--sizes: expected lines of SIZE WEIGHT, a size from 1 to 4294967295 and a weight above 0; got, in " + path +
       ":" + std::to_string(number) + ", \"" + line + "\"");
}

}  // namespace

SizeDistribution::SizeDistribution(const Weights& weights) {
  double sum = 0;
  for (const auto& [size, weight] : weights) sum += weight;
  std::vector<double> scaled;
  std::vector<std::size_t> small;
  std::vector<std::size_t> large;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto& [size, weight] = weights[i];
    mean_ += static_cast<double>(size) * weight / sum;
    scaled.push_back(weight / sum * static_cast<double>(weights.size()));
    (scaled[i] < 1 ? small : large).push_back(i);
    slots_.push_back({size, size, static_cast<std::uint64_t>(kOne)});
  }
  // Each slot that is less than full is filled up from one that is more; what rounding leaves over stays whole.
  while (!small.empty() && !large.empty()) {
    const std::size_t less = small.back();
    const std::size_t more = large.back();
    small.pop_back();
    slots_[less].threshold = static_cast<std::uint64_t>(scaled[less] * kOne);
    slots_[less].alias = weights[more].first;
    scaled[more] -= 1 - scaled[less];
    if (scaled[more] < 1) {
      large.pop_back();
      small.push_back(more);
    }
  }
}

SizeDistribution SizeDistribution::fromFile(const std::string& path) {
  if (path.empty()) return SizeDistribution(kSqlite);
  std::ifstream file(path);
  if (!file) fail("--sizes: cannot be opened: " + path);
  Weights weights;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line.resize(line.find('#') == std::string::npos ? line.size() : line.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream fields(line);
    double size = 0;
    double weight = 0;
    std::string rest;
    if (!(fields >> size >> weight) || fields >> rest) badLine(path, number, line);
    if (!(size >= 1 && size <= kLargest && weight > 0 && weight < 1e15)) badLine(path, number, line);
    weights.emplace_back(static_cast<std::size_t>(size), weight);
  }
  if (weights.empty()) fail("--sizes: expected lines of SIZE WEIGHT, got none: " + path);
  return SizeDistribution(weights);
}

}  // namespace alloc8::workloads
