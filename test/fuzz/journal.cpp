// Feeds journals to their reader.

#include "fuzz.h"
#include "record/journal_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const alloc8::fuzz::Exact file(data, size);
  alloc8::record::JournalContent content;
  alloc8::fuzz::demandOffset(alloc8::record::parseJournal(file.data(), file.size(), &content));
  return 0;
}
