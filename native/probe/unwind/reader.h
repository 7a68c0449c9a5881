// Reads the pieces of which .eh_frame is made, within bounds: numbers of a fixed size, LEB128, and encoded pointers.
// What would go past the end makes the reader bad and reads as zero from then on. (System V ABI, "AMD64 supplement";
// "Linux Standard Base Core Specification 5.0", 10.5 and 10.6; "DWARF Debugging Information Format 5", 6.4 and 7.6.)

#pragma once

#include <cstdint>
#include <cstring>

namespace alloc8::probe {

class FrameReader {
 public:
  FrameReader(std::uintptr_t at, std::uintptr_t end) : at_(at), end_(end) {}

  bool good() const { return good_; }
  bool atEnd() const { return !good_ || at_ >= end_; }
  std::uintptr_t at() const { return at_; }
  std::uintptr_t end() const { return end_; }
  // The same, but no further than `count` bytes from here.
  FrameReader within(std::uint64_t count) const {
    FrameReader inner = *this;
    if (count > end_ - at_) {
      inner.fail();
    } else {
      inner.end_ = at_ + count;
    }
    return inner;
  }

  template <class Number>
  Number read() {
    Number value{};
    if (at_ == 0 || end_ - at_ < sizeof value || !good_) {
      fail();
      return value;
    }
    std::memcpy(&value, reinterpret_cast<const void*>(at_), sizeof value);
    at_ += sizeof value;
    return value;
  }

  void skip(std::uint64_t count) {
    if (!good_ || count > end_ - at_) {
      fail();
    } else {
      at_ += count;
    }
  }

  std::uint64_t unsignedLeb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = read<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }

  std::int64_t signedLeb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const auto byte = read<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }

  // A pointer: how it is stored in the low four bits of its encoding, what it is relative to above. Bad where the
  // encoding is one that compilers do not use in .eh_frame.
  std::uintptr_t pointer(std::uint8_t encoding) {
    constexpr std::uint8_t kRelativeToHere = 0x10;
    const std::uintptr_t here = at_;
    std::uint64_t value = 0;
    switch (encoding & 0x0f) {
      case 0x00:
      case 0x04:
      case 0x0c: value = read<std::uint64_t>(); break;
      case 0x03: value = read<std::uint32_t>(); break;
      case 0x0b: value = static_cast<std::uint64_t>(std::int64_t{read<std::int32_t>()}); break;
      default: fail(); return 0;
    }
    switch (encoding & 0xf0) {
      case 0: return value;
      case kRelativeToHere: return here + value;
      default: fail(); return 0;
    }
  }

  void fail() {
    good_ = false;
    at_ = end_;
  }

 private:
  std::uintptr_t at_;
  std::uintptr_t end_;
  bool good_ = true;
};

}  // namespace alloc8::probe
