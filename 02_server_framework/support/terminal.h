// The terminal in game mode: keys one by one, no echo, a screen of its own; put back on every way
// out.
//
// One object at a time, used by one thread.
#pragma once

#include <string>
#include <string_view>

namespace game {

enum class Key : unsigned char { kNone, kUp, kDown, kLeft, kRight, kQuit };

class Terminal {
 public:
  Terminal();  // throws std::runtime_error when this is no terminal
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Waits up to `ms` for a key.
  Key ReadKey(int ms);

  struct Size {
    int columns;
    int rows;
    friend bool operator==(const Size&, const Size&) = default;
  };
  Size size() const;  // now: it changes when the window does

  // Shows `picture` from the top left corner; what was below it is cleared.
  void Show(std::string_view picture);

 private:
  std::string unread_;  // bytes of keys that were read and not handed out yet
};

// The next line of the standard input without its end, read past the C library's buffers, so that a
// program can end while a thread waits here. False at the end of the input.
bool ReadInputLine(std::string& line);

}  // namespace game
