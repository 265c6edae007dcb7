// How a handler answers its client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "chat/game_session.h"
#include "client_packet_handler.h"

namespace chat {

// Far above the 64 characters that a session key has.
inline constexpr std::size_t kMostKeyBytes = 256;

template <typename Message>
void Send(GameSession& session, const Message& message) {
  session.world().sender().Send(session.id(), ClientPacketHandler::MakeSendBuffer(message));
}

// The request makes no sense now; the session lives on.
template <typename Answer>
bool Refuse(GameSession& session, Protocol::Refusal reason) {
  Answer answer;
  if constexpr (requires { answer.set_success(false); }) answer.set_success(false);
  answer.set_reason(reason);
  Room* const room = session.room();
  if (JobBudget::Permit permit; room != nullptr && (permit = session.TakePermit())) {
    // Behind what the room has answered to earlier requests.
    room->Tell(session.stay(), ClientPacketHandler::MakeSendBuffer(answer), std::move(permit));
  } else {
    Send(session, answer);
  }
  return true;
}

// sector_handlers.cc
void RefuseTooFast(GameSession& session, std::uint16_t packet_type);

}  // namespace chat
