// The simplest heap that does all that a heap must: one size class to each power of two, a free list to each class, and
// memory from the system in chunks. To be read in five minutes; examples/layers stacks behaviours on it.
//
// The 16 bytes in front of a block say what it is. The interposer keeps libc's rules (null, zero, overflow, errno), so
// that none of them stands here.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <alloc8/alloc8.h>

class Simple {
 public:
  constexpr Simple() = default;

  void* malloc(std::size_t size) {
    const std::size_t sizeClass = classOf(size);
    alloc8::LockGuard guard(lock_);
    if (sizeClass >= kClasses) return fromSystem(sizeClass);
    if (free_[sizeClass] == nullptr) return cut(sizeClass);
    Header* header = free_[sizeClass];
    free_[sizeClass] = header->next;
    *header = {nullptr, sizeClass};
    return header + 1;
  }

  void free(void* p) {
    alloc8::LockGuard guard(lock_);
    Header* header = headerOf(p);
    if (header->sizeClass >= kClasses) return alloc8::pages::unmap(header, bytesOf(header->sizeClass));
    header->next = free_[header->sizeClass];
    free_[header->sizeClass] = header;
  }

  // A block with room for the way to the next multiple, and in front of that a header that leads back.
  void* memalign(std::size_t alignment, std::size_t size) {
    char* block = static_cast<char*>(malloc(size + alignment));
    if (block == nullptr) return nullptr;
    const std::size_t gap = (alignment - reinterpret_cast<std::uintptr_t>(block) % alignment) % alignment;
    if (gap != 0) *(reinterpret_cast<Header*>(block + gap) - 1) = {headerOf(block), kAligned};
    return block + gap;
  }

  std::size_t getSize(void* p) {
    Header* header = headerOf(p);
    return bytesOf(header->sizeClass) -
           static_cast<std::size_t>(static_cast<char*>(p) - reinterpret_cast<char*>(header));
  }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  struct Header {
    Header* next;           // in a free list; in front of an aligned pointer, the block's own header
    std::size_t sizeClass;  // or kAligned
  };
  static constexpr std::size_t kAligned = 64;
  static constexpr std::size_t kClasses = 17;  // up to 64 KiB; above, each block is a mapping
  static constexpr std::size_t kChunk = std::size_t{1} << 20;

  // A block and its header are a power of two.
  static std::size_t classOf(std::size_t size) {
    return static_cast<std::size_t>(std::bit_width(size + sizeof(Header) - 1));
  }
  static std::size_t bytesOf(std::size_t sizeClass) { return std::size_t{1} << sizeClass; }

  static Header* headerOf(void* p) {
    Header* header = static_cast<Header*>(p) - 1;
    return header->sizeClass == kAligned ? header->next : header;
  }

  void* cut(std::size_t sizeClass) {
    if (left_ < bytesOf(sizeClass)) {
      chunk_ = static_cast<char*>(alloc8::pages::map(kChunk, kChunk));
      left_ = chunk_ == nullptr ? 0 : kChunk;
      if (chunk_ == nullptr) return nullptr;
    }
    auto* header = reinterpret_cast<Header*>(chunk_);
    chunk_ += bytesOf(sizeClass);
    left_ -= bytesOf(sizeClass);
    *header = {nullptr, sizeClass};
    return header + 1;
  }

  static void* fromSystem(std::size_t sizeClass) {
    if (sizeClass >= kAligned - 1) return nullptr;
    auto* header = static_cast<Header*>(alloc8::pages::map(bytesOf(sizeClass), alloc8::pages::size()));
    if (header == nullptr) return nullptr;
    *header = {nullptr, sizeClass};
    return header + 1;
  }

  alloc8::Lock lock_;
  Header* free_[kClasses] = {};
  char* chunk_ = nullptr;
  std::size_t left_ = 0;
};
