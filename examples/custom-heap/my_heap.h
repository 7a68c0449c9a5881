// The heap of steps 3 and 4: size classes with a free list each, cut from chunks, and mappings above 32 KiB.

#pragma once

#include <cstddef>
#include <cstdint>

#include <alloc8/alloc8.h>
#include <alloc8/size_classes.h>

class MyHeap {
 public:
  constexpr MyHeap() = default;

  void* malloc(std::size_t size) {
    alloc8::LockGuard guard(lock_);
    if (size > kLargest) return mapped(size);
    const std::size_t sizeClass = alloc8::sizeClassOf(size);
    Block* block = free_[sizeClass];
    if (block == nullptr) return cut(alloc8::sizeClassBytes(sizeClass));
    free_[sizeClass] = block->next;
    return block;
  }

  void free(void* p) {
    alloc8::LockGuard guard(lock_);
    const Header header = *headerOf(p);
    if (header.bytes > kLargest) return alloc8::pages::unmap(header.start, header.bytes);
    auto* block = static_cast<Block*>(header.start);
    Block*& list = free_[alloc8::sizeClassOf(header.bytes)];
    block->next = list;
    list = block;
  }

  // A part of a larger block, with a header in front that says where the whole begins.
  void* memalign(std::size_t alignment, std::size_t size) {
    auto* block = static_cast<char*>(malloc(size + alignment));
    if (block == nullptr) return nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    char* aligned = block + (alignment - address % alignment) % alignment;
    *headerOf(aligned) = *headerOf(block);
    return aligned;
  }

  std::size_t getSize(void* p) {
    const Header& header = *headerOf(p);
    return header.bytes - static_cast<std::size_t>(static_cast<char*>(p) - static_cast<char*>(header.start));
  }

  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

 private:
  // In front of every block.
  struct Header {
    std::size_t bytes;  // from `start` on; above kLargest, of the whole mapping
    void* start;
  };
  struct Block {
    Block* next;
  };
  static constexpr std::size_t kLargest = std::size_t{32} << 10;
  static constexpr std::size_t kChunk = std::size_t{1} << 20;

  static Header* headerOf(void* p) { return static_cast<Header*>(p) - 1; }

  void* cut(std::size_t bytes) {
    if (bytes + sizeof(Header) > left_) {
      next_ = static_cast<char*>(alloc8::pages::map(kChunk, kChunk));
      left_ = next_ == nullptr ? 0 : kChunk;
      if (next_ == nullptr) return nullptr;
    }
    char* block = next_ + sizeof(Header);
    next_ += bytes + sizeof(Header);
    left_ -= bytes + sizeof(Header);
    *headerOf(block) = {bytes, block};
    return block;
  }

  static void* mapped(std::size_t size) {
    const std::size_t page = alloc8::pages::size();
    const std::size_t bytes = (size + sizeof(Header) + page - 1) / page * page;
    auto* start = static_cast<char*>(alloc8::pages::map(bytes, page));
    if (start == nullptr) return nullptr;
    *headerOf(start + sizeof(Header)) = {bytes, start};
    return start + sizeof(Header);
  }

  alloc8::Lock lock_;
  Block* free_[alloc8::sizeClassOf(kLargest) + 1] = {};
  char* next_ = nullptr;
  std::size_t left_ = 0;
};
