#include "net/send_node.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "net/thread_object.h"

namespace net {
namespace {

// What a thread counts for itself: written by its thread only, read by any.
using LiveCounter = std::atomic<std::int64_t>;

// The part that the threads share.
struct NodeStore {
  std::mutex lock;
  std::vector<SendNode*> batches;                  // guarded by lock; lists of kNodeBatch nodes
  std::vector<std::unique_ptr<SendNode[]>> slabs;  // guarded by lock; owns every node for ever
  std::vector<const LiveCounter*> threads;         // guarded by lock
  std::int64_t live_of_ended = 0;                  // guarded by lock

  // A list of kNodeBatch free nodes.
  SendNode* TakeBatch() {
    const std::lock_guard guard(lock);
    if (!batches.empty()) {
      SendNode* const batch = batches.back();
      batches.pop_back();
      return batch;
    }
    slabs.push_back(std::make_unique<SendNode[]>(kNodeBatch));
    SendNode* const nodes = slabs.back().get();
    for (std::size_t i = 0; i + 1 < kNodeBatch; ++i) nodes[i].next = &nodes[i + 1];
    return nodes;
  }
};

// Never destroyed: threads may end (and return their nodes) after the static objects are gone.
NodeStore& TheNodeStore() {
  static NodeStore* const store = new NodeStore;
  return *store;
}

// Two lists, so that a thread on the border between two batches does not take and give back the
// same batch at every call.
struct Cache {
  Cache() {
    const std::lock_guard guard(TheNodeStore().lock);
    TheNodeStore().threads.push_back(&live);
  }
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;
  ~Cache() {
    NodeStore& store = TheNodeStore();
    const std::lock_guard guard(store.lock);
    if (spare != nullptr) store.batches.push_back(spare);
    if (first != nullptr) store.batches.push_back(first);  // a short batch: it runs out early
    std::erase(store.threads, &live);
    store.live_of_ended += live.load(std::memory_order_relaxed);
  }

  void Count(std::int64_t by) {
    live.store(live.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  SendNode* first = nullptr;  // up to kNodeBatch nodes
  std::size_t count = 0;      // the length of `first`, or more after a short batch
  SendNode* spare = nullptr;  // a whole batch, or null
  LiveCounter live{0};
};

}  // namespace

SendNode* AllocateSendNode(PacketRef packet, bool last) {
  Cache& cache = ThreadObject<Cache>::Get();
  if (cache.first == nullptr) {
    cache.first =
        cache.spare != nullptr ? std::exchange(cache.spare, nullptr) : TheNodeStore().TakeBatch();
    cache.count = kNodeBatch;
  }
  SendNode* const node = cache.first;
  cache.first = std::exchange(node->next, nullptr);
  --cache.count;
  cache.Count(1);
  node->packet = std::move(packet);
  node->last = last;
  return node;
}

std::size_t FreeSendNodes(SendNode* first) {
  Cache& cache = ThreadObject<Cache>::Get();
  std::size_t freed = 0;
  while (first != nullptr) {
    SendNode* const node = std::exchange(first, first->next);
    node->packet = PacketRef();
    if (cache.count == kNodeBatch) {
      if (cache.spare != nullptr) {
        const std::lock_guard guard(TheNodeStore().lock);
        TheNodeStore().batches.push_back(cache.spare);
      }
      cache.spare = std::exchange(cache.first, nullptr);
      cache.count = 0;
    }
    node->next = cache.first;
    cache.first = node;
    ++cache.count;
    ++freed;
  }
  cache.Count(-static_cast<std::int64_t>(freed));
  return freed;
}

std::int64_t LiveSendNodes() {
  NodeStore& store = TheNodeStore();
  const std::lock_guard guard(store.lock);
  std::int64_t sum = store.live_of_ended;
  for (const LiveCounter* thread : store.threads) sum += thread->load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t SendNodesMade() {
  NodeStore& store = TheNodeStore();
  const std::lock_guard guard(store.lock);
  return store.slabs.size() * kNodeBatch;
}

}  // namespace net
