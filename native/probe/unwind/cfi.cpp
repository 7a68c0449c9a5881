// Reads unwind tables (.eh_frame): finds the entry for a place in the code and runs its instructions up to there, for
// what the walk needs of them: the frame's base, the frame pointer and the return address. reader.h names the
// standards.

#include <cstring>

#include "probe/unwind/reader.h"
#include "probe/unwind/row.h"

namespace alloc8::probe {

namespace {

// x86-64's numbers of registers in DWARF.
constexpr std::uint64_t kFramePointer = 6;
constexpr std::uint64_t kStackPointer = 7;
constexpr std::uint64_t kReturnAddress = 16;

// What is common to many entries (CIE).
struct CommonEntry {
  std::uint64_t codeAlign = 1;
  std::int64_t dataAlign = 1;
  std::uint8_t pointerEncoding = 0;
  bool isSignal = false;
  bool hasAugmentation = false;
  std::uintptr_t program = 0;
  std::uintptr_t programEnd = 0;
};

// Where the instructions have come to.
struct State {
  FrameBase base = FrameBase::kUnknown;
  std::uint64_t baseRegister = 0;
  std::int64_t offset = 0;
  SavedFrame saved = SavedFrame::kSame;
  std::int64_t savedOffset = 0;
  enum class Return : std::uint8_t { kUsual, kUndefined, kOther } back = Return::kUsual;
};

// The body of an entry at `address`, behind its length; bad where there is none.
FrameReader entryAt(std::uintptr_t address, std::uintptr_t end) {
  FrameReader reader(address, end);
  std::uint64_t length = reader.read<std::uint32_t>();
  if (length == 0xffffffff) length = reader.read<std::uint64_t>();
  if (length == 0) reader.fail();
  return reader.within(length);
}

bool readCommon(std::uintptr_t address, std::uintptr_t end, CommonEntry* common) {
  FrameReader reader = entryAt(address, end);
  if (reader.read<std::uint32_t>() != 0) return false;
  const auto version = reader.read<std::uint8_t>();
  if (version != 1 && version != 3) return false;
  char augmentation[8] = {};
  std::size_t letters = 0;
  for (char letter = reader.read<char>(); letter != '\0'; letter = reader.read<char>()) {
    if (letters == sizeof augmentation - 1) return false;
    augmentation[letters++] = letter;
  }
  common->codeAlign = reader.unsignedLeb();
  common->dataAlign = reader.signedLeb();
  const std::uint64_t back = version == 1 ? reader.read<std::uint8_t>() : reader.unsignedLeb();
  if (back != kReturnAddress) return false;
  if (augmentation[0] == 'z') {
    common->hasAugmentation = true;
    FrameReader data = reader.within(reader.unsignedLeb());
    for (std::size_t at = 1; at < letters; ++at) {
      if (augmentation[at] == 'R') common->pointerEncoding = data.read<std::uint8_t>();
      if (augmentation[at] == 'L') data.skip(1);
      if (augmentation[at] == 'P') data.pointer(data.read<std::uint8_t>() & 0x1f);
      if (augmentation[at] == 'S') common->isSignal = true;
    }
    if (!data.good()) return false;
    reader.skip(data.end() - reader.at());
  } else if (letters > 0) {
    return false;
  }
  common->program = reader.at();
  common->programEnd = reader.end();
  return reader.good();
}

// The expressions that compilers and linkers write for a frame's base: what stands at frame pointer + n, in functions
// that align their stack, and the one of the procedure linkage table.
void readBaseExpression(FrameReader expression, State* state) {
  constexpr std::uint8_t kBreg0 = 0x70;
  constexpr std::uint8_t kDereference = 0x06;
  state->base = FrameBase::kUnknown;
  const auto first = expression.read<std::uint8_t>();
  const std::int64_t offset = expression.signedLeb();
  const auto second = expression.read<std::uint8_t>();
  if (first == kBreg0 + kFramePointer && second == kDereference && expression.atEnd()) {
    state->base = FrameBase::kAtFrame;
    state->offset = offset;
  } else if (first == kBreg0 + kStackPointer && offset == 8 && second == kBreg0 + kReturnAddress) {
    state->base = FrameBase::kLinkage;
  }
}

// Of the frame pointer: "at frame pointer + n".
void readSavedExpression(FrameReader expression, State* state) {
  constexpr std::uint8_t kBreg6 = 0x76;
  const bool isFrame = expression.read<std::uint8_t>() == kBreg6;
  state->savedOffset = expression.signedLeb();
  state->saved = isFrame && expression.good() && expression.atEnd() ? SavedFrame::kAtFrame : SavedFrame::kUnknown;
}

void setBase(State* state, std::uint64_t baseRegister) {
  state->baseRegister = baseRegister;
  state->base = baseRegister == kStackPointer   ? FrameBase::kStack
                : baseRegister == kFramePointer ? FrameBase::kFrame
                                                : FrameBase::kUnknown;
}

void setSaved(State* state, std::uint64_t which, std::int64_t offset) {
  if (which == kFramePointer) {
    state->saved = SavedFrame::kAtBase;
    state->savedOffset = offset;
  } else if (which == kReturnAddress) {
    state->back = offset == -8 ? State::Return::kUsual : State::Return::kOther;
  }
}

class Program {
 public:
  Program(const CommonEntry& common, std::uintptr_t begin, std::uintptr_t target)
      : common_(common), at_(begin), target_(target) {}

  // False where an instruction is not understood.
  bool run(FrameReader reader) {
    while (!reader.atEnd()) {
      const auto code = reader.read<std::uint8_t>();
      const std::uint64_t low = code & 0x3f;
      switch (code >> 6) {
        case 1: advance(low); break;
        case 2: setSaved(&state_, low, static_cast<std::int64_t>(reader.unsignedLeb()) * common_.dataAlign); break;
        case 3: restore(low); break;
        default:
          if (!step(code, &reader)) return false;
      }
      if (at_ > target_) return true;
    }
    return reader.good();
  }

  // What a restored register goes back to.
  void endOfCommon() { initial_ = state_; }
  const State& state() const { return reached_; }
  // Before the first instruction that is behind the target, and where there is none at the end.
  void finish() {
    if (at_ <= target_) reached_ = state_;
  }

 private:
  void advance(std::uint64_t by) { moveTo(at_ + by * common_.codeAlign); }
  void moveTo(std::uintptr_t to) {
    if (to > target_ && at_ <= target_) reached_ = state_;
    at_ = to;
  }
  void restore(std::uint64_t which) {
    if (which == kFramePointer) {
      state_.saved = initial_.saved;
      state_.savedOffset = initial_.savedOffset;
    } else if (which == kReturnAddress) {
      state_.back = initial_.back;
    }
  }
  void lose(std::uint64_t which) {
    if (which == kFramePointer) state_.saved = SavedFrame::kUnknown;
    if (which == kReturnAddress) state_.back = State::Return::kOther;
  }

  bool step(std::uint8_t code, FrameReader* reader);
  bool stepOffset(std::uint8_t code, FrameReader* reader);

  static constexpr std::size_t kMostRemembered = 8;

  const CommonEntry& common_;
  std::uintptr_t at_;
  std::uintptr_t target_;
  State state_;
  State initial_;
  State reached_;
  State remembered_[kMostRemembered];
  std::size_t rememberedCount_ = 0;
};

bool Program::step(std::uint8_t code, FrameReader* reader) {
  switch (code) {
    case 0x00: return true;
    case 0x01: moveTo(reader->pointer(common_.pointerEncoding)); return true;
    case 0x02: advance(reader->read<std::uint8_t>()); return true;
    case 0x03: advance(reader->read<std::uint16_t>()); return true;
    case 0x04: advance(reader->read<std::uint32_t>()); return true;
    case 0x06: restore(reader->unsignedLeb()); return true;
    case 0x07: {
      const std::uint64_t which = reader->unsignedLeb();
      lose(which);
      if (which == kReturnAddress) state_.back = State::Return::kUndefined;
      return true;
    }
    case 0x08: {
      const std::uint64_t which = reader->unsignedLeb();
      if (which == kFramePointer) state_.saved = SavedFrame::kSame;
      return true;
    }
    case 0x0a:
      if (rememberedCount_ == kMostRemembered) return false;
      remembered_[rememberedCount_++] = state_;
      return true;
    case 0x0b:
      if (rememberedCount_ == 0) return false;
      state_ = remembered_[--rememberedCount_];
      return true;
    case 0x2e: reader->unsignedLeb(); return true;
    default: return stepOffset(code, reader);
  }
}

bool Program::stepOffset(std::uint8_t code, FrameReader* reader) {
  const bool isBase = code == 0x0e || code == 0x0f || code == 0x13;
  const std::uint64_t which = isBase ? 0 : reader->unsignedLeb();
  switch (code) {
    case 0x05:
      setSaved(&state_, which, static_cast<std::int64_t>(reader->unsignedLeb()) * common_.dataAlign);
      return true;
    case 0x11: setSaved(&state_, which, reader->signedLeb() * common_.dataAlign); return true;
    case 0x2f:
      setSaved(&state_, which, -static_cast<std::int64_t>(reader->unsignedLeb()) * common_.dataAlign);
      return true;
    case 0x09:
    case 0x14:
    case 0x15:
      reader->unsignedLeb();
      lose(which);
      return true;
    case 0x0c:
      setBase(&state_, which);
      state_.offset = static_cast<std::int64_t>(reader->unsignedLeb());
      return true;
    case 0x12:
      setBase(&state_, which);
      state_.offset = reader->signedLeb() * common_.dataAlign;
      return true;
    case 0x0d: setBase(&state_, which); return true;
    case 0x0e: state_.offset = static_cast<std::int64_t>(reader->unsignedLeb()); return true;
    case 0x13: state_.offset = reader->signedLeb() * common_.dataAlign; return true;
    case 0x0f:
    case 0x10:
    case 0x16: {
      const std::uint64_t length = reader->unsignedLeb();
      const FrameReader expression = reader->within(length);
      reader->skip(length);
      if (code == 0x0f) readBaseExpression(expression, &state_);
      if (code == 0x10 && which == kFramePointer) readSavedExpression(expression, &state_);
      if (code == 0x10 && which == kReturnAddress) lose(which);
      if (code == 0x16) lose(which);
      return true;
    }
    default: return false;
  }
}

UnwindRow toRow(const State& state, bool isSignal) {
  UnwindRow row;
  if (isSignal) {
    row.base = FrameBase::kSignal;
  } else if (state.back == State::Return::kUndefined) {
    row.base = FrameBase::kOutermost;
  } else if (state.back == State::Return::kUsual) {
    row.base = state.base;
  }
  row.offset = static_cast<std::int32_t>(state.offset);
  row.saved = state.saved;
  row.savedOffset = static_cast<std::int16_t>(state.savedOffset);
  const bool fits =
      row.offset == state.offset && (state.saved == SavedFrame::kSame || row.savedOffset == state.savedOffset);
  return fits ? row : UnwindRow{};
}

// Where .eh_frame_hdr has its sorted table: pairs of a place in the code and its entry, both relative to the header.
struct TableEntry {
  std::int32_t code;
  std::int32_t entry;
};

// The entry whose code begins last at or before an address; 0 when there is none.
std::uintptr_t findEntry(std::uintptr_t table, std::uintptr_t end, std::uintptr_t address) {
  constexpr std::uint8_t kSorted = 0x3b;  // signed four bytes, relative to the header
  FrameReader reader(table, end);
  const auto version = reader.read<std::uint8_t>();
  const auto frameEncoding = reader.read<std::uint8_t>();
  const auto countEncoding = reader.read<std::uint8_t>();
  const auto tableEncoding = reader.read<std::uint8_t>();
  if (version != 1 || tableEncoding != kSorted) return 0;
  reader.pointer(frameEncoding);
  const std::uint64_t count = reader.pointer(countEncoding);
  if (!reader.good() || count == 0 || count > (end - reader.at()) / sizeof(TableEntry)) return 0;
  // A damaged table may stand anywhere.
  const auto entryOf = [first = reader.at()](std::uint64_t which) {
    TableEntry entry;
    std::memcpy(&entry, reinterpret_cast<const void*>(first + which * sizeof entry), sizeof entry);
    return entry;
  };
  const auto relative = static_cast<std::int64_t>(address - table);
  std::uint64_t low = 0;
  std::uint64_t high = count;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (entryOf(middle).code <= relative ? low : high) = middle;
  }
  const TableEntry found = entryOf(low);
  if (found.code > relative) return 0;
  return table + static_cast<std::uintptr_t>(std::int64_t{found.entry});
}

}  // namespace

UnwindRow readUnwindRow(const void* table, std::uintptr_t start, std::uintptr_t end, std::uintptr_t address) {
  const std::uintptr_t entry = findEntry(reinterpret_cast<std::uintptr_t>(table), end, address);
  if (entry < start || entry >= end) return {};
  FrameReader reader = entryAt(entry, end);
  const std::uintptr_t here = reader.at();
  const std::uintptr_t commonAt = here - reader.read<std::uint32_t>();
  CommonEntry common;
  if (!reader.good() || commonAt < start || !readCommon(commonAt, end, &common)) return {};
  const std::uintptr_t code = reader.pointer(common.pointerEncoding);
  // A length is stored as a pointer is, but relative to nothing.
  const std::uintptr_t codeBytes = reader.pointer(common.pointerEncoding & 0x0f);
  if (!reader.good() || address < code || address - code >= codeBytes) return {};
  if (common.hasAugmentation) reader.skip(reader.unsignedLeb());
  Program program(common, code, address);
  if (!program.run(FrameReader(common.program, common.programEnd))) return {};
  program.endOfCommon();
  if (!program.run(reader)) return {};
  program.finish();
  return toRow(program.state(), common.isSignal);
}

}  // namespace alloc8::probe
