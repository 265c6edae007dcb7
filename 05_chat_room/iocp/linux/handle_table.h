// The handle table: from a HANDLE or SOCKET value to a live object.
//
// A handle value is generation and index of a slot, low two bits clear, and larger than any
// descriptor number. The generation changes whenever a slot is freed, so a stale handle never
// reaches the slot's next object (P39). Looking up is lock-free: the slot's one atomic word holds
// generation, open flag and reference count, and a reference is only added while generation and
// flag still match.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "iocp/linux/win32_types.h"

namespace iocp {

enum class ObjectKind : std::uint8_t { kPort, kSocket, kFile, kEvent, kThread };

struct HandleSlot;

// Base of everything a handle can name. Dies with its last reference, some time after its handle
// was closed: calls in progress and associated devices (P5) hold references.
class Object {
 public:
  explicit Object(ObjectKind kind) : kind_(kind) {}
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  ObjectKind kind() const { return kind_; }
  HANDLE handle() const { return handle_; }

  void AddRef();
  void Release();

 protected:
  virtual ~Object() = default;

 private:
  friend class HandleTable;
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
  static Object* FindObject(HANDLE handle);  // with a reference, or nullptr

  // Makes the handle invalid. The one caller for whom this succeeds ends the object's handle life;
  // false: somebody closed it before.
  static bool Remove(HANDLE handle);
};

}  // namespace iocp
