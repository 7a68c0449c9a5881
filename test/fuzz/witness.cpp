// Feeds witness records to their reader.

#include "fuzz.h"
#include "record/witness_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const alloc8::fuzz::Exact file(data, size);
  alloc8::record::WitnessRecord record;
  alloc8::fuzz::demandOffset(alloc8::record::parseWitness(file.data(), file.size(), &record));
  return 0;
}
