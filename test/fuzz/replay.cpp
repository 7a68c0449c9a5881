// Feeds a harness every file of the folder ALLOC8_CORPUS, and of its regressions, without libFuzzer: so CI reads the
// corpus with every compiler and sanitizer.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz.h"

namespace {

int feed(const std::filesystem::path& folder) {
  int fed = 0;
  if (!std::filesystem::exists(folder)) return fed;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::printf("%s\n", entry.path().c_str());
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++fed;
  }
  return fed;
}

}  // namespace

int main() {
  const char* corpus = std::getenv("ALLOC8_CORPUS");
  if (corpus == nullptr) return 2;
  const std::filesystem::path folder(corpus);
  const int fed = feed(folder) + feed(folder.parent_path().parent_path() / "regressions" / folder.filename());
  return fed > 0 ? 0 : 1;
}
