#include "apps/port_tour/picture.h"

#include <algorithm>
#include <cstdio>

#include "iocp/inspect.h"

namespace port_tour {
namespace {

constexpr std::size_t kLabelWidth = 18;
constexpr std::size_t kCellWidth = 29;  // 1 + 18 + 1 + 29 + 1 + 29 + 1 = 80 columns

struct List {
  const char* label;
  Names Picture::*names;
};

constexpr List kLists[] = {
    {"device list", &Picture::devices},     {"completion queue", &Picture::queue},
    {"waiting threads", &Picture::waiting}, {"released threads", &Picture::released},
    {"paused threads", &Picture::paused},
};

Names ThreadNames(const std::vector<iocp::ThreadEntry>& threads) {
  Names names;
  for (const iocp::ThreadEntry& thread : threads) {
    names.push_back(thread.name.empty() ? std::to_string(thread.id) : thread.name);
  }
  return names;
}

std::string Repeat(const char* piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += piece;
  }
  return text;
}

std::string Rule(const char* left, const char* middle, const char* right) {
  return left + Repeat("─", kLabelWidth) + middle + Repeat("─", kCellWidth) + middle +
         Repeat("─", kCellWidth) + right + "\n";
}

// The names in lines that fit a cell; at least one line.
Names Wrap(const Names& names) {
  Names lines(1);
  for (const std::string& name : names) {
    if (!lines.back().empty() && lines.back().size() + 2 + name.size() > kCellWidth - 2) {
      lines.back() += ",";
      lines.emplace_back();
    }
    lines.back() += lines.back().empty() ? "" : ", ";
    lines.back() += name;
  }
  return lines;
}

std::string Cell(const std::string& text, std::size_t width, const char* colour) {
  const std::string body = (" " + text + std::string(width, ' ')).substr(0, width);
  return *colour == '\0' ? body : colour + body + "\x1b[0m";
}

std::string Row(const char* label, const Names& before, const Names& after, const char* colour) {
  const Names left = Wrap(before);
  const Names right = Wrap(after);
  std::string text;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    text += "│" + Cell(i == 0 ? label : "", kLabelWidth, "") + "│" +
            Cell(i < left.size() ? left[i] : "", kCellWidth, "") + "│" +
            Cell(i < right.size() ? right[i] : "", kCellWidth, colour) + "│\n";
  }
  return text;
}

}  // namespace

std::string PacketName(ULONG_PTR key) {
  return "key " + std::to_string(key);
}

std::string DeviceName(ULONG_PTR key) {
  return "socket (key " + std::to_string(key) + ")";
}

std::optional<Picture> Look(HANDLE port) {
  const std::optional<iocp::PortSnapshot> snapshot = iocp::TakeSnapshot(port);
  if (!snapshot) {
    return std::nullopt;
  }
  Picture picture;
  for (const iocp::DeviceEntry& device : snapshot->device_list) {
    picture.devices.push_back(DeviceName(device.key));
  }
  for (const iocp::PacketEntry& packet : snapshot->completion_queue) {
    picture.queue.push_back(PacketName(packet.key));
  }
  picture.waiting = ThreadNames(snapshot->waiting_threads);
  picture.released = ThreadNames(snapshot->released_threads);
  picture.paused = ThreadNames(snapshot->paused_threads);
  // The order inside these two says nothing.
  std::sort(picture.released.begin(), picture.released.end());
  std::sort(picture.paused.begin(), picture.paused.end());
  return picture;
}

std::string Draw(const Picture& before, const Picture& after, DWORD concurrency, bool colours) {
  const std::string port = "port, limit " + std::to_string(concurrency);
  std::string text =
      Rule("┌", "┬", "┐") + Row(port.c_str(), {"before"}, {"after"}, "") + Rule("├", "┼", "┤");
  for (const List& list : kLists) {
    const bool changed = before.*list.names != after.*list.names;
    text += Row(list.label, before.*list.names, after.*list.names,
                changed && colours ? "\x1b[1;33m" : "");
  }
  return text + Rule("└", "┴", "┘");
}

std::string QuoteJson(const std::string& text) {
  std::string quoted = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      quoted += '\\';
      quoted += byte;
    } else if (static_cast<unsigned char>(byte) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(byte));
      quoted += code;
    } else {
      quoted += byte;
    }
  }
  return quoted + "\"";
}

std::string ToJson(const Picture& picture) {
  static constexpr const char* kFields[] = {"device_list", "completion_queue", "waiting_threads",
                                            "released_threads", "paused_threads"};
  std::string text = "{";
  for (std::size_t i = 0; i < std::size(kLists); ++i) {
    text += std::string(i == 0 ? "" : ", ") + "\"" + kFields[i] + "\": [";
    const Names& names = picture.*kLists[i].names;
    for (std::size_t k = 0; k < names.size(); ++k) {
      text += (k == 0 ? "" : ", ") + QuoteJson(names[k]);
    }
    text += "]";
  }
  return text + "}";
}

}  // namespace port_tour
