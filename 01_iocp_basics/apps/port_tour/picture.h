// The five structures of a port as a picture: short names in five lists, drawn before and after.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iocp/iocp.h"

namespace port_tour {

using Names = std::vector<std::string>;

struct Picture {
  Names devices;   // in order of association
  Names queue;     // oldest first
  Names waiting;   // next to be woken first
  Names released;  // by name
  Names paused;    // by name
  bool operator==(const Picture&) const = default;
};

// What the live port shows; nothing where the system does not show it (Windows).
// Sockets and packets are named by their keys, threads as iocp::NameThread named them.
std::optional<Picture> Look(HANDLE port);

std::string PacketName(ULONG_PTR key);
std::string DeviceName(ULONG_PTR key);

// A table of 80 columns; cells that changed are coloured if `colours`.
std::string Draw(const Picture& before, const Picture& after, DWORD concurrency, bool colours);

std::string ToJson(const Picture& picture);
std::string QuoteJson(const std::string& text);

}  // namespace port_tour
