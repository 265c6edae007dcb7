// apc_demo: the continuation of source 000, with QueueUserAPC, beside the continuation of this
// server, with a job.
//
// The chat thread must not wait for the key store, so somebody else waits and has the rest of the
// log-in done LATER, ON THE CHAT THREAD. Two ways to say that:
//
//   APC   QueueUserAPC(function, thread, parameter): the system calls `function` on that thread,
//         but only while the thread waits alertably. One machine word as parameter, and the sender
//         must know the thread.
//   job   actor->Post(lambda): the actor's queue runs it, on whichever thread executes the actor.
//         Any captures, and the sender knows an object, not a thread.
#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "iocp/iocp.h"
#include "job/job_queue.h"
#include "job/update_threads.h"
#include "support/options.h"

namespace {

// Stands for the key store: answers each request after a moment, on a thread of its own.
class SlowStore {
 public:
  explicit SlowStore(std::uint64_t seed) : dice_(seed) {}
  ~SlowStore() { Join(); }

  template <typename Done>
  void Get(int account, Done done) {
    const std::chrono::milliseconds pause(1 + dice_() % 20);
    threads_.emplace_back([account, pause, done = std::move(done)] {
      std::this_thread::sleep_for(pause);
      done("key of account " + std::to_string(account));
    });
  }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::mt19937_64 dice_;
  std::vector<std::thread> threads_;
};

std::mutex print_lock;
void Say(const std::string& text) {
  const std::lock_guard lock(print_lock);
  std::cout << text << std::endl;
}

// --- the source's way -----------------------------------------------------------------------------

// What an APC gets: one pointer, so everything is packed into an object that the APC deletes.
struct UnfinishedLogin {
  int account;
  std::string key;
  DWORD chat_thread;
  int* done;
};

// [apc]
void CompleteUnfinishedLogin(ULONG_PTR parameter) {
  // <student 07a.6>
  const std::unique_ptr<UnfinishedLogin> login(reinterpret_cast<UnfinishedLogin*>(parameter));
  const bool same_thread = GetCurrentThreadId() == login->chat_thread;
  Say("  APC: account " + std::to_string(login->account) + ", " + login->key +
      (same_thread ? ", on the chat thread" : ", ON ANOTHER THREAD"));
  if (same_thread) ++*login->done;  // no lock: only the chat thread is here
  // </student>
}

// Returns how many log-ins were completed.
int RunWithApc(int logins, SlowStore& store) {
  // <student 07a.6>
  int done = 0;
  const HANDLE no_message = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  const DWORD id = GetCurrentThreadId();  // this thread plays the chat thread
  const HANDLE chat_thread = OpenThread(THREAD_SET_CONTEXT, FALSE, id);
  for (int account = 1; account <= logins; ++account) {
    store.Get(account, [=, &done](const std::string& key) {
      auto* const login = new UnfinishedLogin{account, key, id, &done};
      if (QueueUserAPC(CompleteUnfinishedLogin, chat_thread, reinterpret_cast<ULONG_PTR>(login)) ==
          0) {
        delete login;  // the thread has ended: nobody will ever run it
      }
    });
  }
  // The source's loop: wait for a message ALERTABLY. An APC ends the wait with WAIT_IO_COMPLETION,
  // after it has run. With FALSE instead of TRUE no log-in would ever be completed.
  while (done < logins) {
    if (WaitForSingleObjectEx(no_message, 10'000, TRUE) != WAIT_IO_COMPLETION) break;
  }
  store.Join();
  CloseHandle(chat_thread);
  CloseHandle(no_message);
  return done;
  // </student>
}
// [/apc]

// --- this server's way ----------------------------------------------------------------------------

class ChatActor final : public job::JobQueue {
 public:
  using JobQueue::JobQueue;
  void Complete(int account, const std::string& key) {
    Say("  job: account " + std::to_string(account) + ", " + key);
    done_.fetch_add(1);
  }
  [[nodiscard]] int done() const { return done_.load(); }

 private:
  std::atomic<int> done_{0};  // atomic: written by jobs, read by main
};

// [job]
int RunWithJobs(int logins, SlowStore& store) {
  job::UpdateOptions options;
  options.threads = 2;
  job::UpdateThreads threads(options);
  threads.Start();
  auto chat = std::make_shared<ChatActor>(threads.Ready());
  for (int account = 1; account <= logins; ++account) {
    store.Get(account, [account, chat](const std::string& key) {
      chat->Post([chat = chat.get(), account, key] { chat->Complete(account, key); });
    });
  }
  store.Join();                           // every answer has been posted,
  threads.Stop(job::StopPolicy::kDrain);  // and every posted job has run
  return chat->done();
}
// [/job]

}  // namespace

int main(int argc, char** argv) {
  apps::CommandLine app(
      "QueueUserAPC beside a job: the rest of a log-in, later, on the chat's thread", "apc_demo");
  int logins = 5;
  std::uint64_t seed = 1;
  app.Add("--logins", logins, "log-ins of each way").Range(1, 1000).ShowDefault();
  app.Add("--seed", seed, "of the store's answer times").ShowDefault();
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;

  SlowStore store(seed);
  Say("QueueUserAPC and an alertable wait:");
  const int by_apc = RunWithApc(logins, store);
  Say("a job for an actor:");
  const int by_job = RunWithJobs(logins, store);
  std::cout << "completed: " << by_apc << " by APC, " << by_job << " by job, of " << logins
            << " each" << std::endl;
  return by_apc == logins && by_job == logins ? 0 : 1;
}
