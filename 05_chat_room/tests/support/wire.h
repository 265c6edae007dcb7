// What the tests of the wire protocol share: a naive second decoder, the golden frames, random
// numbers. Nothing here uses the code under test.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace wire {

using Bytes = std::vector<std::uint8_t>;

inline Bytes FromHex(const std::string& text) {
  Bytes bytes;
  if (text == "-") return bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline std::string ToHex(const Bytes& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

struct Frame {
  std::uint16_t type = 0;
  std::uint32_t sequence = 0;
  Bytes body;
  friend bool operator==(const Frame&, const Frame&) = default;
};

// notes/en/protocol.md, word by word and slowly.
inline Bytes NaiveEncode(const Bytes& plain, std::uint8_t key, std::uint8_t rand) {
  Bytes out;
  int d = 0;
  int e = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    d = plain[i] ^ ((d + rand + static_cast<int>(i % 256) + 1) % 256);
    e = d ^ ((e + key + static_cast<int>(i % 256) + 1) % 256);
    out.push_back(static_cast<std::uint8_t>(e));
  }
  return out;
}

inline Bytes NaiveDecode(const Bytes& coded, std::uint8_t key, std::uint8_t rand) {
  Bytes out;
  int d_before = 0;
  int e_before = 0;
  for (std::size_t i = 0; i < coded.size(); ++i) {
    const int d = coded[i] ^ ((e_before + key + static_cast<int>(i % 256) + 1) % 256);
    out.push_back(
        static_cast<std::uint8_t>(d ^ ((d_before + rand + static_cast<int>(i % 256) + 1) % 256)));
    d_before = d;
    e_before = coded[i];
  }
  return out;
}

inline Bytes MakeFrame(const Frame& frame, std::uint8_t key = 0xA9, std::uint8_t rand = 0x17) {
  Bytes run{0};
  run.push_back(static_cast<std::uint8_t>(frame.type));
  run.push_back(static_cast<std::uint8_t>(frame.type >> 8));
  for (int i = 0; i < 4; ++i) run.push_back(static_cast<std::uint8_t>(frame.sequence >> (8 * i)));
  run.insert(run.end(), frame.body.begin(), frame.body.end());
  for (std::size_t i = 1; i < run.size(); ++i) run[0] = static_cast<std::uint8_t>(run[0] + run[i]);
  const std::size_t length = run.size() - 1;
  Bytes wire{52, static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(length >> 8), rand};
  const Bytes coded = NaiveEncode(run, key, rand);
  wire.insert(wire.end(), coded.begin(), coded.end());
  return wire;
}

// What a whole stream means to a server: its packets, and why it is refused in the end ("" = it is
// not).
struct Meaning {
  std::vector<Frame> frames;
  std::string refusal;
  friend bool operator==(const Meaning&, const Meaning&) = default;
};

inline Meaning NaiveRead(const Bytes& stream, std::uint8_t key, std::uint32_t max_payload,
                         bool check_sequence = true) {
  Meaning meaning;
  std::uint32_t expected = 1;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t left = stream.size() - at;
    if (stream[at] != 52) {
      meaning.refusal = "bad packet code";
      return meaning;
    }
    if (left < 3) return meaning;
    const std::uint32_t length = stream[at + 1] + 256u * stream[at + 2];
    if (length < 6 || length > max_payload) {
      meaning.refusal = length < 6 ? "bad length" : "packet too long";
      return meaning;
    }
    if (left < 5 + length) return meaning;
    const auto begin = stream.begin() + static_cast<std::ptrdiff_t>(at);
    const Bytes run =
        NaiveDecode(Bytes(begin + 4, begin + 5 + static_cast<int>(length)), key, stream[at + 3]);
    std::uint8_t sum = 0;
    for (std::size_t i = 1; i < run.size(); ++i) sum = static_cast<std::uint8_t>(sum + run[i]);
    if (sum != run[0]) {
      meaning.refusal = "bad checksum";
      return meaning;
    }
    Frame frame;
    frame.type = static_cast<std::uint16_t>(run[1] + 256 * run[2]);
    frame.sequence = run[3] + 256u * run[4] + 65536u * run[5] + 16777216u * run[6];
    frame.body.assign(run.begin() + 7, run.end());
    if (check_sequence && frame.sequence != expected) {
      meaning.refusal = "bad sequence";
      return meaning;
    }
    ++expected;
    meaning.frames.push_back(frame);
    at += 5 + length;
  }
  return meaning;
}

// --- tests/03/vectors.txt ---------------------------------------------------------------------------

struct Vector {
  std::string name;
  bool refused = false;
  std::uint8_t fixed_key = 0;
  std::uint8_t rand_key = 0;  // a good frame's
  Frame frame;                // a good frame's
  std::string reason;         // a refused stream's
  Bytes bytes;
};

inline std::vector<Vector> LoadVectors() {
  const char* const stage = std::getenv("COURSE_STAGE_DIR");
  const std::string path = std::string(stage ? stage : ".") + "/tests/03/vectors.txt";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> fields;
    std::stringstream in(line);
    for (std::string field; std::getline(in, field, '|');) {
      field.erase(0, field.find_first_not_of(' '));
      field.erase(field.find_last_not_of(' ') + 1);
      fields.push_back(field);
    }
    Vector vector;
    vector.refused = fields.at(0).starts_with("refuse ");
    vector.name = fields[0].substr(fields[0].find(' ') + 1);
    vector.fixed_key = static_cast<std::uint8_t>(std::stoul(fields.at(1), nullptr, 16));
    if (vector.refused) {
      vector.reason = fields.at(2);
    } else {
      vector.rand_key = static_cast<std::uint8_t>(std::stoul(fields.at(2), nullptr, 16));
      vector.frame.type = static_cast<std::uint16_t>(std::stoul(fields.at(3)));
      vector.frame.sequence = static_cast<std::uint32_t>(std::stoul(fields.at(4)));
      vector.frame.body = FromHex(fields.at(5));
    }
    vector.bytes = FromHex(fields.back());
    vectors.push_back(vector);
  }
  return vectors;
}

}  // namespace wire
