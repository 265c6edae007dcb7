// Descriptors held back: when clients have used up all the others, the journal's next file and the
// database's connection still find one.
//
// One per process. It is let go while something important is opened, and filled again afterwards,
// as soon as there are descriptors. (Windows has no such limit: there it is empty.)
//
// Threading: any thread.
#pragma once

#include <mutex>
#include <vector>

namespace journal {

class DescriptorReserve {
 public:
  static DescriptorReserve& OfProcess();

  void Fill();

  // The descriptors are free while this lives.
  class Loan {
   public:
    Loan() : reserve_(OfProcess()) { reserve_.LetGo(); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { reserve_.Fill(); }

   private:
    DescriptorReserve& reserve_;
  };

 private:
  void LetGo();

  std::mutex lock_;
  std::vector<int> held_;  // guarded by lock_
};

}  // namespace journal
