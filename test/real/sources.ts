/** The C++ programs of these tests. */

/** Strings, maps and vectors in a hundred threads, blocks freed by other threads than made them; prints one number. */
export const hundredThreads = `
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using Parcel = std::unique_ptr<std::vector<std::string>>;

struct Box {
  std::mutex mutex;
  std::condition_variable filled;
  std::deque<Parcel> parcels;
};

constexpr int kThreads = 100;
constexpr int kParcels = 200;
Box boxes[kThreads];
unsigned long sums[kThreads];

void work(int me) {
  thread_local std::map<int, std::string> kept;
  unsigned long sum = 0;
  for (int i = 0; i < kParcels; ++i) {
    auto parcel = std::make_unique<std::vector<std::string>>();
    for (int j = 0; j < 20; ++j) parcel->push_back(std::string((me * 31 + i * 7 + j) % 300 + 1, 'x'));
    kept[i % 50] = std::string(i, 'k');
    Box& next = boxes[(me + 1) % kThreads];
    {
      std::lock_guard lock(next.mutex);
      next.parcels.push_back(std::move(parcel));
    }
    next.filled.notify_one();
    Box& mine = boxes[me];
    std::unique_lock lock(mine.mutex);
    mine.filled.wait(lock, [&] { return !mine.parcels.empty(); });
    Parcel received = std::move(mine.parcels.front());
    mine.parcels.pop_front();
    lock.unlock();
    for (const auto& text : *received) sum += text.size();
    received->resize(i % 30);
  }
  for (const auto& [key, text] : kept) sum += key + text.size();
  sums[me] = sum;
}

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  unsigned long total = 0;
  for (unsigned long sum : sums) total += sum;
  std::printf("%lu\\n", total);
}
`

/** Enough templates to keep the compiler's own allocator busy. */
export const manyTypes = `
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

template <int N>
struct Node {
  std::map<std::string, std::vector<std::tuple<int, std::string, std::array<char, N + 1>>>> children;
  std::variant<int, double, std::string, std::unique_ptr<Node<N - 1>>> value;
  int total() const {
    int sum = N;
    for (const auto& [name, list] : children)
      for (const auto& item : list) sum += std::get<0>(item) + static_cast<int>(name.size());
    if (auto* inner = std::get_if<3>(&value)) sum += *inner ? (*inner)->total() : 0;
    return sum;
  }
};

template <>
struct Node<0> {
  int total() const { return 0; }
};

int main(int argc, char**) {
  Node<24> root;
  std::vector<std::function<int(int)>> all;
  for (int i = 0; i < argc; ++i) all.push_back([i, &root](int x) { return x * i + root.total(); });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a(1) < b(1); });
  return all.empty() ? 0 : all.front()(argc) % 100;
}
`
