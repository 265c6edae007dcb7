// The handle table: from a HANDLE or SOCKET value to a live object.
//
// A handle value is generation and index of a slot, larger than any descriptor number. Its low two
// bits are clear, and ignored where a handle is given (as on Windows). The generation changes
// whenever a slot is freed, so a stale handle never reaches the slot's next object (P39). Looking
// up is lock-free: the slot's one atomic word holds generation, open flag and reference count, and
// a reference is only added while generation and flag still match.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include "iocp/linux/win32_errors.h"
#include "iocp/linux/win32_types.h"

namespace iocp {

enum class ObjectKind : std::uint8_t { kPort, kSocket, kFile, kEvent, kThread, kTimer };

class CompletionPort;
class Object;
class Signal;

struct HandleSlot {
  static constexpr std::uint64_t kOpen = std::uint64_t{1} << 31;
  static constexpr std::uint64_t kReferences = kOpen - 1;

  // [generation:32][open:1][references:31]; an open handle counts as one reference. Any thread, by
  // CAS.
  std::atomic<std::uint64_t> state{std::uint64_t{1} << 32};
  // Written while the slot belongs to no handle; atomic for Prefetch, which holds no reference.
  std::atomic<Object*> object{nullptr};
  std::uint32_t index = 0;      // never changes
  std::uint32_t next_free = 0;  // guarded by the table's lock
};

// The table itself. A handle's value is generation << 24 | index << 2.
struct HandleSlots {
  static constexpr std::uint32_t kIndexBits = 22;  // 4 million handles
  static constexpr std::uint32_t kSlotsPerChunk = 1024;
  static constexpr std::uint32_t kChunks = (1u << kIndexBits) / kSlotsPerChunk;
  static constexpr std::uint32_t kNone = ~0u;

  std::mutex lock;
  // Grow only; written under lock, read by all.
  std::array<std::atomic<HandleSlot*>, kChunks> chunks{};
  std::uint32_t used = 0;            // slots ever handed out, guarded by lock
  std::uint32_t first_free = kNone;  // guarded by lock

  static std::uint32_t GenerationOf(std::uintptr_t value) {
    return static_cast<std::uint32_t>(value >> (kIndexBits + 2));
  }

  // The slot that a handle value points to, whatever its generation; nullptr: no handle at all.
  HandleSlot* SlotOf(std::uintptr_t value) const {
    if ((value >> (kIndexBits + 2 + 32)) != 0) return nullptr;
    const std::uint32_t at = static_cast<std::uint32_t>(value >> 2) & ((1u << kIndexBits) - 1);
    HandleSlot* const chunk = chunks[at / kSlotsPerChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &chunk[at % kSlotsPerChunk];
  }
};
extern constinit HandleSlots g_slots;

// Base of everything a handle can name. Dies with its last reference, some time after its handle
// was closed: calls in progress and associated devices (P5) hold references.
class Object {
 public:
  explicit Object(ObjectKind kind) : kind_(kind) {}
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  ObjectKind kind() const { return kind_; }
  HANDLE handle() const { return handle_; }

  // What the API asks of a handle, whatever it names. These are the answers of a kind that has
  // nothing of it. The results are Win32 errors.
  virtual Signal* signal() { return nullptr; }  // what a wait for the handle waits for
  virtual DWORD Associate(CompletionPort*, ULONG_PTR) { return ERROR_INVALID_PARAMETER; }  // P2
  virtual DWORD SetNotificationModes(UCHAR) { return ERROR_SUCCESS; }
  virtual DWORD ReadWrite(bool /*write*/, void* /*data*/, DWORD /*length*/, DWORD* /*bytes*/,
                          OVERLAPPED*) {
    return ERROR_INVALID_HANDLE;
  }
  // nullptr: all; issuer: only what that thread has issued. ERROR_NOT_FOUND: nothing was pending.
  virtual DWORD Cancel(const OVERLAPPED*, DWORD /*issuer*/) { return ERROR_INVALID_HANDLE; }

  void AddRef() { slot_->state.fetch_add(1, std::memory_order_relaxed); }
  void Release() {
    const std::uint64_t before = slot_->state.fetch_sub(1, std::memory_order_acq_rel);
    if ((before & HandleSlot::kReferences) == 1) Destroy();
  }

 protected:
  virtual ~Object() = default;

 private:
  friend class HandleTable;
  void Destroy();

  HANDLE handle_ = nullptr;     // set once, when the object gets its handle
  HandleSlot* slot_ = nullptr;  // set once, likewise
  const ObjectKind kind_;
};

// A counted reference.
template <typename T>
class Ref {
 public:
  Ref() = default;
  static Ref Adopt(T* object) { return Ref(object); }  // takes over a reference already counted
  static Ref Share(T* object) {
    if (object != nullptr) object->AddRef();
    return Ref(object);
  }
  Ref(const Ref& other) : Ref(Share(other.object_)) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->Release();
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  explicit Ref(T* object) : object_(object) {}
  T* object_ = nullptr;
};

class HandleTable {
 public:
  // Gives the object a handle; the handle itself owns the first reference. When the table is full
  // the object is destroyed and the answer is nullptr.
  static HANDLE Insert(Object* object);

  // The object of an open handle, or an empty reference: never opened, closed, or of another kind.
  template <typename T>
  static Ref<T> Find(HANDLE handle) {
    Object* const object = FindObject(handle);
    if (object == nullptr) return {};
    if (object->kind() == T::kKind) return Ref<T>::Adopt(static_cast<T*>(object));
    object->Release();
    return {};
  }
  static Ref<Object> FindAny(HANDLE handle) { return Ref<Object>::Adopt(FindObject(handle)); }

  // Asks the processor to load the object of a handle that will be looked up soon.
  static void Prefetch(HANDLE handle);

  // Makes the handle invalid. The one caller for whom this succeeds ends the object's handle life;
  // false: somebody closed it before.
  static bool Remove(HANDLE handle);

 private:
  // With a reference, or nullptr. Acquire in every case: whoever is told that the handle is closed
  // also sees what closing did before (a port's Close lets go of its threads; a thread that then
  // finds no port frees its record without asking).
  static Object* FindObject(HANDLE handle) {
    const auto value = reinterpret_cast<std::uintptr_t>(handle);
    HandleSlot* const slot = g_slots.SlotOf(value);
    if (slot == nullptr) return nullptr;
    std::uint64_t state = slot->state.load(std::memory_order_acquire);
    do {
      const bool same = (state >> 32) == HandleSlots::GenerationOf(value);
      if (!same || (state & HandleSlot::kOpen) == 0) return nullptr;
    } while (!slot->state.compare_exchange_weak(state, state + 1, std::memory_order_acquire));
    return slot->object.load(std::memory_order_relaxed);
  }
};

}  // namespace iocp
