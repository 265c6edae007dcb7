#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "tests/support/process_native.h"

extern char** environ;

namespace support {
namespace {

class Descriptor {
 public:
  Descriptor() = default;
  ~Descriptor() { Reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void Reset(int fd = -1) {
    if (fd_ >= 0) {
      close(fd_);
    }
    fd_ = fd;
  }
  int Get() const { return fd_; }

 private:
  int fd_ = -1;
};

void Check(int error, const std::string& what) {
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), what);
  }
}

void MakePipe(Descriptor& read_end, Descriptor& write_end) {
  int fds[2];
  Check(pipe2(fds, O_CLOEXEC) == 0 ? 0 : errno, "pipe");
  read_end.Reset(fds[0]);
  write_end.Reset(fds[1]);
}

std::size_t ReadSome(int fd, char* data, std::size_t size) {
  while (true) {
    const ssize_t count = read(fd, data, size);
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR) {
      return 0;
    }
  }
}

class PosixProcess : public NativeProcess {
 public:
  PosixProcess(const std::string& program, const std::vector<std::string>& args) {
    // The input is a socket, not a pipe: writing to a program that has ended then is an error
    // (MSG_NOSIGNAL), never a SIGPIPE for the test.
    int input[2];
    Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) == 0 ? 0 : errno, "socketpair");
    input_.Reset(input[0]);
    Descriptor child_input;
    child_input.Reset(input[1]);
    Descriptor child_output;
    Descriptor child_errors;
    MakePipe(output_, child_output);
    MakePipe(errors_, child_errors);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, child_input.Get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, child_output.Get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, child_errors.Get(), STDERR_FILENO);

    // A shell that starts tests in the background ignores SIGINT for them, and that is inherited:
    // the program must be able to get its Ctrl-C.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::vector<char*> argv;
    argv.push_back(const_cast<char*>(program.c_str()));
    for (const std::string& arg : args) {
      argv.push_back(const_cast<char*>(arg.c_str()));
    }
    argv.push_back(nullptr);
    const int error =
        posix_spawn(&pid_, program.c_str(), &files, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    Check(error, "cannot start " + program);
  }

  std::size_t ReadOutput(char* data, std::size_t size) override {
    return ReadSome(output_.Get(), data, size);
  }
  std::size_t ReadErrors(char* data, std::size_t size) override {
    return ReadSome(errors_.Get(), data, size);
  }

  bool WriteInput(std::string_view text) override {
    while (!text.empty()) {
      const ssize_t count = send(input_.Get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EINTR) {
        return false;
      }
      text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return true;
  }
  void CloseInput() override { input_.Reset(); }

  int WaitExit() override {
    siginfo_t info{};
    // WNOWAIT first: the process id stays ours until reaped_ is set, so Signal() cannot hit a
    // process that got the same id afterwards.
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    const std::lock_guard guard(lock_);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  bool Interrupt() override {
    Signal(SIGINT);
    return true;
  }
  void Kill() override { Signal(SIGKILL); }

 private:
  void Signal(int number) {
    const std::lock_guard guard(lock_);
    if (!reaped_) {
      kill(pid_, number);
    }
  }

  pid_t pid_ = -1;
  Descriptor input_;
  Descriptor output_;
  Descriptor errors_;
  std::mutex lock_;
  bool reaped_ = false;  // guarded by lock_
};

}  // namespace

std::unique_ptr<NativeProcess> NativeProcess::Spawn(const std::string& program,
                                                    const std::vector<std::string>& args) {
  return std::make_unique<PosixProcess>(program, args);
}

}  // namespace support
