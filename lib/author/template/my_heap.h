// The heap. Blocks of up to 2 KiB come from free lists, one for each size class; larger ones have a mapping each. A
// lock stands around everything, so that any thread may call.
//
// A block has a header of 16 bytes in front, which holds its usable size. memalign gives a pointer into a larger block
// and a header in front of that, which says where the block begins.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <alloc8/alloc8.h>

class MyHeap {
 public:
  constexpr MyHeap() = default;

  // A block of at least `size` bytes at a multiple of 16; null without memory.
  void* malloc(std::size_t size) {
    if (size > kMostBytes) return nullptr;
    alloc8::LockGuard guard(lock_);
    Header* header = size <= kLargestClass ? smallBlock(size) : largeBlock(size);
    return header == nullptr ? nullptr : header + 1;
  }

  void free(void* p) {
    if (p == nullptr) return;
    alloc8::LockGuard guard(lock_);
    Header* header = ownerOf(p);
    if (header->bytes > kLargestClass) return alloc8::pages::unmap(header, header->bytes + sizeof(Header));
    auto* block = reinterpret_cast<FreeBlock*>(header + 1);
    block->next = free_[classOf(header->bytes)];
    free_[classOf(header->bytes)] = block;
  }

  // As malloc, at a multiple of `alignment`, a power of two.
  void* memalign(std::size_t alignment, std::size_t size) {
    if (alignment <= sizeof(Header)) return malloc(size);
    if (alignment > kMostBytes || size > kMostBytes - alignment) return nullptr;
    auto* block = static_cast<char*>(malloc(size + alignment));
    if (block == nullptr) return nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    char* aligned = block + (alignment - address % alignment) % alignment;
    if (aligned != block) *headerOf(aligned) = {0, headerOf(block)};
    return aligned;
  }

  // Usable bytes at p.
  std::size_t getSize(void* p) {
    Header* owner = ownerOf(p);
    return owner->bytes - static_cast<std::size_t>(static_cast<char*>(p) - reinterpret_cast<char*>(owner + 1));
  }

  // Held across a fork, so that the child finds the heap whole.
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  struct Header {
    std::size_t bytes;  // usable bytes of the block behind it; 0 in front of an aligned pointer
    Header* owner;      // of an aligned pointer: the block's own header
  };
  static_assert(sizeof(Header) == 16);

  struct FreeBlock {
    FreeBlock* next;
  };

  static constexpr std::size_t kMostBytes = PTRDIFF_MAX / 2;
  static constexpr std::size_t kSmallestClass = 16;
  static constexpr std::size_t kClasses = 8;  // 16, 32, and so on to 2048
  static constexpr std::size_t kLargestClass = kSmallestClass << (kClasses - 1);
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

  // Powers of two from 16 bytes on.
  static constexpr std::size_t classOf(std::size_t size) {
    return size <= kSmallestClass ? 0 : static_cast<std::size_t>(std::bit_width(size - 1)) - 4;
  }

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

  static Header* ownerOf(void* p) {
    Header* header = headerOf(p);
    return header->bytes == 0 ? header->owner : header;
  }

  Header* smallBlock(std::size_t size) {
    const std::size_t sizeClass = classOf(size);
    if (FreeBlock* block = free_[sizeClass]; block != nullptr) {
      free_[sizeClass] = block->next;
      return headerOf(block);
    }
    const std::size_t bytes = kSmallestClass << sizeClass;
    const std::size_t need = bytes + sizeof(Header);
    if (need > left_) {
      auto* chunk = static_cast<char*>(alloc8::pages::map(kChunkBytes, kChunkBytes));
      if (chunk == nullptr) return nullptr;
      chunk_ = chunk;
      left_ = kChunkBytes;
    }
    auto* header = reinterpret_cast<Header*>(chunk_);
    chunk_ += need;
    left_ -= need;
    *header = {bytes, nullptr};
    return header;
  }

  static Header* largeBlock(std::size_t size) {
    const std::size_t page = alloc8::pages::size();
    const std::size_t mapped = (size + sizeof(Header) + page - 1) / page * page;
    auto* header = static_cast<Header*>(alloc8::pages::map(mapped, page));
    if (header != nullptr) *header = {mapped - sizeof(Header), nullptr};
    return header;
  }

  alloc8::Lock lock_;
  FreeBlock* free_[kClasses] = {};
  char* chunk_ = nullptr;  // where the next new block comes from
  std::size_t left_ = 0;   // bytes of it that are left
};
