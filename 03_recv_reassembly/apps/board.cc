#include "apps/board.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

namespace game {

namespace {

std::string Line(const char* what, const Where& where) {
  std::ostringstream line;
  line << what << ' ' << where.id << ' ' << where.x << ' ' << where.y;
  return line.str();
}

// The first column (row) of a window of `visible` out of `all`, with `centre` in the middle if
// possible.
int WindowStart(int centre, int visible, int all) {
  return std::clamp(centre - visible / 2, 0, std::max(0, all - visible));
}

}  // namespace

std::optional<std::string> Board::Apply(net::Packet& packet) {
  const std::lock_guard lock(lock_);
  changed_ = true;
  switch (TypeOf(packet)) {
    case PacketType::kPutPlayer: {
      const auto where = DecodeWhere(packet);
      if (!where) return std::nullopt;
      players_[where->id] = *where;
      if (own_id_) return Line("put", *where);
      own_id_ = where->id;  // the first one is yourself
      return Line("you", *where);
    }
    case PacketType::kPosition: {
      const auto where = DecodeWhere(packet);
      if (!where || players_.count(where->id) == 0) return std::nullopt;
      players_[where->id] = *where;
      return Line("position", *where);
    }
    case PacketType::kRemovePlayer: {
      const auto id = DecodeRemovePlayer(packet);
      if (!id || players_.erase(*id) == 0) return std::nullopt;
      return "remove " + std::to_string(*id);
    }
    case PacketType::kFull:
      return "full";
    case PacketType::kEchoReply: {
      const std::span<const std::uint8_t> body = packet.body();
      return "echo " + std::string(reinterpret_cast<const char*>(body.data()), body.size());
    }
    case PacketType::kEcho:
    case PacketType::kMove:
      break;  // only clients send them
  }
  return std::nullopt;
}

std::string Board::Text() {
  const std::lock_guard lock(lock_);
  std::ostringstream text;
  text << "board:";
  for (const auto& [id, where] : players_) text << ' ' << id << '@' << where.x << ',' << where.y;
  return text.str();
}

bool Board::TakeChanged() {
  const std::lock_guard lock(lock_);
  return std::exchange(changed_, false);
}

std::string Board::Draw(int columns, int rows) {
  const std::lock_guard lock(lock_);
  const Where me = own_id_ ? players_[*own_id_] : Where{};
  const int width = std::clamp(columns - 2, 1, kBoardWidth);  // two columns of frame
  const int height = std::clamp(rows - 3, 1, kBoardHeight);   // two rows of frame, one of text
  const int left = WindowStart(me.x, width, kBoardWidth);
  const int top = WindowStart(me.y, height, kBoardHeight);

  const auto index = [width](int x, int y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  };
  std::vector<std::string> cells(index(0, height), " ");
  const auto put = [&](const Where& where, const std::string& cell) {
    const int x = where.x - left;
    const int y = where.y - top;
    if (x < 0 || x >= width || y < 0 || y >= height) return;
    cells[index(x, y)] = cell;
  };
  for (const auto& [id, where] : players_) {
    std::string cell = "\x1b[3";
    cell += static_cast<char>('1' + id % 6);  // colour
    cell += 'm';
    cell += static_cast<char>('a' + (id - 1) % 26);
    cell += "\x1b[0m";
    put(where, cell);
  }
  if (own_id_) put(me, "\x1b[1;7m@\x1b[0m");  // last: one sees oneself on a shared field

  const std::string edge = '+' + std::string(static_cast<std::size_t>(width), '-') + "+\r\n";
  std::string picture = edge;
  for (int y = 0; y < height; ++y) {
    picture += '|';
    for (int x = 0; x < width; ++x) picture += cells[index(x, y)];
    picture += "|\r\n";
  }
  picture += edge;

  std::ostringstream status;
  if (own_id_) {
    status << "@ player " << me.id << " at " << me.x << ',' << me.y;
  } else {
    status << "waiting for the server";
  }
  status << "  others: " << players_.size() - (own_id_ ? 1 : 0)
         << "  arrows or wasd: move, q: quit";
  return picture + status.str().substr(0, static_cast<std::size_t>(std::max(1, columns - 1)));
}

}  // namespace game
