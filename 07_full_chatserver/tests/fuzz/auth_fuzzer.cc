// libFuzzer target: whatever a stranger sends to the auth server, he gets one answer at the most,
// the one that his question deserves, and the end of the connection.
//
// Input: [0] what the backend says: bits 0 and 1 before the password, 2 and 3 to it, 4: no key to
// be had, 5: something that is no packet follows; then packets (packets.h). Real server, real
// connection.
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "auth.pb.h"
#include "auth/auth_server.h"
#include "tests/fuzz/packets.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/stream.h"

namespace {

using fuzz::ParseBody;
using fuzz::Require;

constexpr Protocol::Refusal kScreened[] = {Protocol::REFUSAL_NONE, Protocol::REFUSAL_NONE,
                                           Protocol::REFUSAL_BAD_NAME, Protocol::REFUSAL_TRY_LATER};
constexpr Protocol::Refusal kChecked[] = {Protocol::REFUSAL_NONE, Protocol::REFUSAL_BAD_PASSWORD,
                                          Protocol::REFUSAL_TRY_LATER, Protocol::REFUSAL_NONE};

// Says what the input wants; the limits of what it is asked are the server's to keep.
class Service final : public auth::Backend, public net::Doorman {
 public:
  void Choose(std::uint8_t how) { how_ = how; }
  [[nodiscard]] Protocol::Refusal screened() const { return kScreened[how_ & 3]; }
  [[nodiscard]] Protocol::Refusal checked() const { return kChecked[(how_ >> 2) & 3]; }
  [[nodiscard]] bool has_key() const { return (how_ & 16) == 0; }

  auth::Screening Screen(std::string_view name, const net::PeerAddress&) override {
    Require(!name.empty() && name.size() <= auth::kNameBytesMax);
    return {screened(), {}};
  }
  auth::Verdict Check(std::string_view, std::string_view password,
                      const net::PeerAddress&) override {
    Require(password.size() <= auth::kPasswordBytesMax);
    return {checked(), 7, "name"};
  }
  void IssueKey(std::uint64_t account, const std::string&,
                std::function<void(std::string)> done) override {
    Require(account == 7);
    done(has_key() ? "key" : "");
  }
  bool MayEnter(const net::PeerAddress&) override { return true; }
  void Entered(const net::PeerAddress&) override {}
  void Left(const net::PeerAddress&) override {}

 private:
  std::atomic<std::uint8_t> how_{0};  // atomic: the fuzzer sets it between two connections
};

struct Place {
  Place() { Require(server.Start().ok()); }
  ~Place() { server.StopAll(); }

  Service service;
  auth::AuthServer server{
      {.session_max = 256, .worker_threads = 1, .packet_max = 1024}, {}, service, service};
};

// Of the one question that is all that was sent.
Protocol::Refusal Deserved(const Protocol::C_AUTH& question, const Service& service) {
  if (question.name().empty() || question.name().size() > auth::kNameBytesMax ||
      question.password().size() > auth::kPasswordBytesMax) {
    return Protocol::REFUSAL_BAD_NAME;
  }
  if (service.screened() != Protocol::REFUSAL_NONE) return service.screened();
  if (service.checked() != Protocol::REFUSAL_NONE) return service.checked();
  return service.has_key() ? Protocol::REFUSAL_NONE : Protocol::REFUSAL_TRY_LATER;
}

void Judge(const std::vector<wire::Frame>& sent, const std::vector<wire::Frame>& heard,
           const Service& service, bool nonsense) {
  Require(heard.size() <= 1);
  Protocol::C_AUTH question;
  const bool asked =
      !sent.empty() && sent[0].type == Protocol::PACKET_C_AUTH && ParseBody(sent[0], question);
  Require(asked || heard.empty());
  if (asked && sent.size() == 1 && !nonsense) Require(heard.size() == 1);
  for (const wire::Frame& frame : heard) {
    Protocol::S_AUTH answer;
    Require(frame.type == Protocol::PACKET_S_AUTH && ParseBody(frame, answer));
    Require(answer.reason() == Deserved(question, service));
    const bool granted = answer.reason() == Protocol::REFUSAL_NONE;
    Require(answer.success() == granted);
    Require(answer.account() == (granted ? 7U : 0U));
    Require(answer.session_key() == (granted ? "key" : ""));
  }
}

fuzz::Seeds MakeSeeds() {
  fuzz::Seeds seeds;
  const auto question = [&](const std::string& name, const std::string& password) {
    Protocol::C_AUTH auth;
    auth.set_name(name);
    auth.set_password(password);
    return auth.SerializeAsString();
  };
  for (int how = 0; how < 32; ++how) {
    wire::Bytes& seed = seeds["answer-" + std::to_string(how)];
    seed = {static_cast<std::uint8_t>(how)};
    fuzz::PutPacket(seed, Protocol::PACKET_C_AUTH, question("kim", "password"));
  }
  const std::pair<const char*, std::string> questions[] = {
      {"no-name", question("", "password")},
      {"long-name", question(std::string(65, 'n'), "password")},
      {"long-password", question("kim", std::string(129, 'p'))},
      {"no-message", std::string(5, '\xff')}};
  for (const auto& [name, body] : questions) {
    seeds[name] = {0};
    fuzz::PutPacket(seeds[name], Protocol::PACKET_C_AUTH, body);
  }
  for (const std::uint16_t id : fuzz::PacketIds()) {  // alone, and behind the question
    const std::string name = "packet-" + std::to_string(id);
    seeds[name] = {0};
    fuzz::PutPacket(seeds[name], id, "\x08\x01");
    seeds[name + "-behind"] = {32};
    fuzz::PutPacket(seeds[name + "-behind"], Protocol::PACKET_C_AUTH, question("kim", ""));
    fuzz::PutPacket(seeds[name + "-behind"], id, "\x08\x01");
  }
  return seeds;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  spdlog::set_level(spdlog::level::off);
  return fuzz::WriteSeedsWhenAsked(*argc, *argv, MakeSeeds);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Place place;
  fuzz::Input input(data, size);
  const std::uint8_t how = input.Byte();
  const bool nonsense = (how & 32) != 0;
  place.service.Choose(how);
  std::vector<wire::Frame> sent;
  wire::Bytes bytes;
  while (!input.empty()) {
    sent.push_back(fuzz::TakePacket(input));
    sent.back().sequence = static_cast<std::uint32_t>(sent.size());
    const wire::Bytes frame = wire::MakeFrame(sent.back());
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  if (nonsense) bytes.push_back(0);
  {
    fuzz::Stream client = fuzz::Stream::To(place.server.port());
    client.Send(bytes);
    client.SayNoMore();
    Judge(sent, client.Read(), place.service, nonsense);
  }
  return 0;
}
