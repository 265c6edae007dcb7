// A doubly linked list whose links live in the elements: nothing is allocated, an element leaves in
// O(1). Not synchronised: the owner's lock guards list and links.
#pragma once

#include <cstddef>

namespace iocp {

template <typename T>
class List;

template <typename T>
class Linked {
 private:
  friend class List<T>;
  T* previous_ = nullptr;
  T* next_ = nullptr;
};

template <typename T>
class List {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  T* front() const { return first_; }
  static T* Next(const T* element) { return Link(element)->next_; }

  void PushFront(T* element) {
    Link(element)->previous_ = nullptr;
    Link(element)->next_ = first_;
    (first_ != nullptr ? Link(first_)->previous_ : last_) = element;
    first_ = element;
    ++size_;
  }

  void PushBack(T* element) {
    Link(element)->previous_ = last_;
    Link(element)->next_ = nullptr;
    (last_ != nullptr ? Link(last_)->next_ : first_) = element;
    last_ = element;
    ++size_;
  }

  void Remove(T* element) {
    Linked<T>* const link = Link(element);
    (link->previous_ != nullptr ? Link(link->previous_)->next_ : first_) = link->next_;
    (link->next_ != nullptr ? Link(link->next_)->previous_ : last_) = link->previous_;
    link->previous_ = nullptr;
    link->next_ = nullptr;
    --size_;
  }

 private:
  static Linked<T>* Link(const T* element) {
    return static_cast<Linked<T>*>(const_cast<T*>(element));
  }

  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace iocp
