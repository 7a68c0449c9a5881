// Finds the session's control page.

#include "probe/control.h"

#include <cstring>

#include "platform/platform.h"
#include "probe/probe.h"

namespace alloc8::probe {

namespace {

constinit record::ProbeLevels ownLevels = record::kProbeOff;
constinit const record::ControlPage* page = nullptr;

}  // namespace

constinit const record::ProbeLevels* levelsWord = &ownLevels;

void openControl(const char* folder, record::ProbeLevels fromEnvironment) {
  ownLevels = fromEnvironment;
  const std::size_t length = std::strlen(folder);
  char path[kPathBytes];
  // Of a process without a session nobody is the controller: not who may write in the root folder.
  if (length == 0 || length + 1 + sizeof record::kControlName > sizeof path) return;
  char* at = stpcpy(path, folder);
  *at++ = '/';
  std::strcpy(at, record::kControlName);
  const auto* found = static_cast<const record::ControlPage*>(platform::mapFile(path, record::kControlBytes));
  if (found == nullptr) return;
  const bool sound = std::memcmp(found->magic, record::kControlMagic, sizeof found->magic) == 0 &&
                     found->version == record::kControlVersion && found->bytes == record::kControlBytes;
  if (!sound) return platform::unmapPages(const_cast<record::ControlPage*>(found), record::kControlBytes);
  page = found;
  levelsWord = &found->levels;
}

const record::ControlPage* control() { return page; }

}  // namespace alloc8::probe
