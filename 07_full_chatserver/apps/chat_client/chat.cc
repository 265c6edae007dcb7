#include "apps/chat_client/chat.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "support/terminal/text.h"

namespace chat_client {

namespace {

// Kinds of characters are ASCII; names in Korean have no case.
std::string Lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
  return result;
}

std::string_view KindOf(Protocol::PlayerType type) {
  switch (type) {
    case Protocol::PLAYER_TYPE_KNIGHT:
      return "knight";
    case Protocol::PLAYER_TYPE_MAGE:
      return "mage";
    case Protocol::PLAYER_TYPE_ARCHER:
      return "archer";
    default:
      return "";
  }
}

constexpr std::string_view kHelp[] = {
    "/who       who is in this room",
    "/room N    to room N",
    "/quit      leave (Ctrl-D and Ctrl-C do the same)",
    "//text     says /text",
    "arrow up and down: what you have said before; Ctrl-U, Ctrl-K, Ctrl-W: erase",
};

}  // namespace

Chat::Chat(ChatOptions options, Lines lines, SendFunction send, ShowFunction show)
    : options_(std::move(options)), lines_(lines), send_(std::move(send)), show_(std::move(show)) {}

void Chat::Begin() {
  Send(Protocol::C_LOGIN());
}

void Chat::Send(const Request& request) {
  if (!send_(request)) On(Disconnected{"the packet could not be sent"}, 0);
}

void Chat::End(int exit_code) {
  state_ = State::kOver;
  exit_code_ = exit_code;
}

bool Chat::ready() const {
  switch (state_) {
    case State::kChoosing:
    case State::kLobby:
      return true;
    case State::kInRoom:
      return unanswered_ < kMaxUnanswered;
    default:
      return false;
  }
}

std::string Chat::prompt() const {
  switch (state_) {
    case State::kChoosing:
      return "character 1-" + std::to_string(characters_.size()) + "> ";
    case State::kLobby:
      return "no room> ";
    case State::kInRoom:
      return terminal::Printable(characters_[character_]) + "@" + std::to_string(*room_) + "> ";
    default:
      return "... ";
  }
}

// --- what the server says ---

void Chat::OnPacket(const ServerEvent& event) {
  if (over()) return;
  std::visit([&](const auto& what) { On(what, event.sequence); }, event.what);
}

void Chat::On(const Protocol::S_LOGIN& pkt, std::uint32_t) {
  if (state_ != State::kLoggingIn) {  // what the server says before it ends a connection
    if (!pkt.success()) Problem("the server says: " + std::string(InWords(pkt.reason())));
    return;
  }
  if (!pkt.success() || pkt.players().empty()) {
    Problem("the server refuses the login: " + std::string(InWords(pkt.reason())));
    return End(1);
  }
  for (const Protocol::Player& player : pkt.players()) {
    characters_.push_back(player.name());
    kinds_.emplace_back(KindOf(player.player_type()));
  }
  state_ = State::kChoosing;
  if (!options_.character.empty()) return Choose(options_.character);
  if (!options_.person || characters_.size() == 1) return Choose("1");
  Notice("your characters:");
  for (std::size_t i = 0; i < characters_.size(); ++i) {
    Notice("  " + std::to_string(i + 1) + "  " + characters_[i] +
           (kinds_[i].empty() ? "" : ", a " + kinds_[i]));
  }
}

void Chat::On(const Protocol::S_ENTER_GAME& pkt, std::uint32_t) {
  if (state_ != State::kEntering) return;
  if (!pkt.success()) {
    Problem("room " + std::to_string(entering_) + ": " + std::string(InWords(pkt.reason())));
    if (!options_.person && !way_back_) return End(1);
    state_ = State::kLobby;
    if (way_back_) return Enter(*std::exchange(way_back_, std::nullopt));
    return Notice("/room N enters another one");
  }
  state_ = State::kInRoom;
  room_ = pkt.room_id();
  way_back_.reset();
  me_ = pkt.player_id();
  roster_.Clear(pkt.unnamed());
  for (const Protocol::Player& player : pkt.players()) roster_.Add(player.id(), player.name());
  order_ = client::OrderCheck();
  missing_ = 0;
  unanswered_ = 0;
  const std::size_t others = roster_.size() - std::min<std::size_t>(roster_.size(), 1);
  Notice("you are " + characters_[character_] + " in room " + std::to_string(*room_) + ", with " +
         (others == 0 ? "nobody else yet" : Count(others, "other")) + "; /help");
}

void Chat::On(const Protocol::S_LEAVE_GAME&, std::uint32_t) {
  if (state_ != State::kLeaving) return;  // success or "not in a room": out of it either way
  const std::optional<std::uint32_t> left = std::exchange(room_, std::nullopt);
  if (!next_room_) return End(0);
  way_back_ = left;
  Enter(*std::exchange(next_room_, std::nullopt));
}

void Chat::On(const Protocol::S_CHAT& pkt, std::uint32_t sequence) {
  const bool refused = pkt.reason() != Protocol::REFUSAL_NONE;
  const bool mine = refused || pkt.player_id() == me_;
  if (mine && unanswered_ > 0) --unanswered_;
  if (refused) return Problem("not sent: " + std::string(InWords(pkt.reason())));
  CheckOrder(sequence);
  show_(lines_.Chat(pkt.player_id(), pkt.name(), pkt.msg(), mine));
}

void Chat::On(const Protocol::S_PLAYER_JOINED& pkt, std::uint32_t sequence) {
  roster_.Add(pkt.player().id(), pkt.player().name());
  CheckOrder(sequence);
  Notice(pkt.player().name() + " has come in");
}

void Chat::On(const Protocol::S_PLAYER_LEFT& pkt, std::uint32_t sequence) {
  CheckOrder(sequence);
  const std::string name = roster_.Remove(pkt.player_id());
  if (!name.empty()) Notice(name + " has left");
}

void Chat::On(const Disconnected& end, std::uint32_t) {
  if (over()) return;
  Problem("the connection to the server is over: " + end.reason);
  End(1);
}

// The room numbers what it says to everybody; a hole is something that we have not been told.
void Chat::CheckOrder(std::uint32_t sequence) {
  order_.Take(sequence);
  if (order_.missing() > missing_) {
    Problem(Count(order_.missing() - missing_, "message") + " of this room did not arrive");
  }
  missing_ = order_.missing();
}

// --- what the person says ---

void Chat::OnLine(std::string_view line) {
  if (!terminal::IsUtf8(line)) return Problem("not sent: the line is not UTF-8");
  const Command command = ParseCommand(line);
  switch (command.kind) {
    case Command::Kind::kNothing:
      return;
    case Command::Kind::kSay:
      return state_ == State::kChoosing ? Choose(command.text) : Say(command.text);
    case Command::Kind::kHelp:
      for (const std::string_view help : kHelp) Notice(help);
      return;
    case Command::Kind::kWho:
      if (!room_) return Problem("you are in no room");
      return Notice(Count(roster_.size(), "player") + " in room " + std::to_string(*room_) + ": " +
                    roster_.Text(me_));
    case Command::Kind::kRoom:
      return GoTo(command.room);
    case Command::Kind::kQuit:
      return Leave();
    case Command::Kind::kMistake:
      return Problem(command.text);
  }
}

void Chat::OnLongLine() {
  std::string problem = "not sent: a message has ";
  problem.append(std::to_string(kMaxMessage)).append(" bytes at most");
  Problem(problem);
}

std::optional<std::size_t> Chat::FindCharacter(std::string_view name) const {
  std::size_t number = 0;
  const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && at == name.data() + name.size()) {
    if (number == 0 || number > characters_.size()) return std::nullopt;
    return number - 1;
  }
  const std::string wanted = Lower(name);
  for (std::size_t i = 0; i < characters_.size(); ++i) {
    if (Lower(characters_[i]) == wanted) return i;
  }
  for (std::size_t i = 0; i < characters_.size(); ++i) {
    if (Lower(characters_[i]).starts_with(wanted)) return i;
  }
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i].starts_with(wanted)) return i;
  }
  return std::nullopt;
}

void Chat::Choose(std::string_view answer) {
  const auto found = FindCharacter(answer);
  if (!found) {
    std::string list;
    for (const std::string& name : characters_) list += (list.empty() ? "" : ", ") + name;
    Problem("you have no character \"" + std::string(answer) + "\"; there are " + list);
    if (!options_.person) End(1);
    return;
  }
  character_ = *found;
  Enter(options_.room);
}

void Chat::Enter(std::uint32_t room) {
  state_ = State::kEntering;
  entering_ = room;
  Protocol::C_ENTER_GAME enter;
  enter.set_player_index(character_);
  enter.set_room_id(room);
  Send(enter);
}

void Chat::GoTo(std::uint32_t room) {
  if (state_ == State::kChoosing) return Problem("choose a character first");
  if (state_ == State::kLobby) return Enter(room);
  if (room == *room_) return Notice("you are in room " + std::to_string(room) + " already");
  state_ = State::kLeaving;
  next_room_ = room;
  Send(Protocol::C_LEAVE_GAME());
}

void Chat::Say(std::string_view text) {
  if (state_ != State::kInRoom) return Problem("you are in no room; /room N enters one");
  if (text.size() > kMaxMessage) return OnLongLine();
  Protocol::C_CHAT chat;
  chat.set_msg(text.data(), text.size());
  ++unanswered_;
  Send(chat);
}

void Chat::Leave() {
  if (over() || leaving()) return;
  next_room_.reset();
  if (state_ == State::kLeaving) return;  // on the way to another room: ends with the answer
  if (state_ != State::kInRoom) return End(0);
  state_ = State::kLeaving;
  Send(Protocol::C_LEAVE_GAME());
}

void Chat::GiveUp() {
  if (over()) return;
  Problem("the server does not answer");
  End(1);
}

}  // namespace chat_client
