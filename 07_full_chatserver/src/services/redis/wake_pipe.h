// Wakes a thread that sits in poll(). Any number of Wake calls before the thread looks are one
// wake.
#pragma once

namespace services {

class WakePipe {
 public:
  WakePipe();  // throws std::system_error when there are no descriptors left
  ~WakePipe();
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  void Wake();  // any thread; never blocks
  // The waiting thread: poll for POLLIN on Descriptor(), then Drain().
  int Descriptor() const { return read_end_; }
  void Drain();

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

}  // namespace services
