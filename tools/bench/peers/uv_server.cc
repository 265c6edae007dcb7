#include "peers/uv_server.h"

#include <netinet/in.h>

#include <algorithm>
#include <csignal>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace peers {

namespace {

constexpr std::size_t kMostBuffers = 1024;  // libuv gives the kernel no more at once (IOV_MAX)

void Check(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(what + ": " + uv_strerror(result));
}

uv_stream_t* Stream(uv_tcp_t& handle) {
  return reinterpret_cast<uv_stream_t*>(&handle);
}

template <typename T>
T& Owner(const void* handle) {
  return *static_cast<T*>(uv_handle_get_data(static_cast<const uv_handle_t*>(handle)));
}

}  // namespace

UvServer::UvServer(const PeerOptions& options) : options_(options), core_(*this, options.rooms) {
  std::signal(SIGPIPE, SIG_IGN);  // libuv writes without MSG_NOSIGNAL
  Check(uv_loop_init(&loop_), "uv_loop_init");
  loop_.data = this;
  Check(uv_tcp_init(&loop_, &listener_), "uv_tcp_init");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(options.port);
  const std::string what = "port " + std::to_string(options.port);
  Check(uv_tcp_bind(&listener_, reinterpret_cast<const sockaddr*>(&address), 0), what);
  const auto accept = [](uv_stream_t* listener, int status) {
    if (status == 0) static_cast<UvServer*>(listener->loop->data)->Accept();
  };
  Check(uv_listen(Stream(listener_), kBacklog, accept), what);
  Check(uv_check_init(&loop_, &turn_end_), "uv_check_init");
  uv_check_start(&turn_end_,
                 [](uv_check_t* check) { static_cast<UvServer*>(check->loop->data)->EndTurn(); });
  for (auto [handle, number] : {std::pair{&interrupt_, SIGINT}, std::pair{&terminate_, SIGTERM}}) {
    Check(uv_signal_init(&loop_, handle), "uv_signal_init");
    const auto stop = [](uv_signal_t* signal, int) { uv_stop(signal->loop); };
    Check(uv_signal_start(handle, stop, number), "uv_signal_start");
  }
}

UvServer::~UvServer() {
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle)) return;
        auto* const connection = static_cast<Connection*>(uv_handle_get_data(handle));
        if (connection == nullptr) return uv_close(handle, nullptr);
        uv_close(handle, [](uv_handle_t* closed) { delete &Owner<Connection>(closed); });
      },
      nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

std::uint16_t UvServer::port() const {
  sockaddr_in address{};
  int length = sizeof address;
  Check(uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&address), &length),
        "uv_tcp_getsockname");
  return ntohs(address.sin_port);
}

void UvServer::Run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

PeerCounters UvServer::counters() const {
  PeerCounters counters = counters_;
  counters.said = core_.said();
  return counters;
}

// --- connections ----------------------------------------------------------------------------------

void UvServer::Accept() {
  auto connection = std::make_unique<Connection>();
  uv_tcp_t& handle = connection->handle;
  uv_tcp_init(&loop_, &handle);        // cannot fail without flags
  handle.data = connection.release();  // its closing frees it
  const auto forget = [](uv_handle_t* closed) { delete &Owner<Connection>(closed); };
  if (uv_accept(Stream(listener_), Stream(handle)) != 0 || connected_ >= options_.max_sessions) {
    ++counters_.refused;
    return uv_close(reinterpret_cast<uv_handle_t*>(&handle), forget);
  }
  ++connected_;
  ++counters_.accepted;
  uv_tcp_nodelay(&handle, 1);
  uv_read_start(
      Stream(handle),
      [](uv_handle_t* its_handle, std::size_t, uv_buf_t* buffer) {
        UvServer& server = *static_cast<UvServer*>(its_handle->loop->data);
        const auto room = server.input_.Prepare(Owner<Connection>(its_handle).rest);
        *buffer =
            uv_buf_init(reinterpret_cast<char*>(room.data()), static_cast<unsigned>(room.size()));
      },
      [](uv_stream_t* stream, ssize_t count, const uv_buf_t*) {
        static_cast<UvServer*>(stream->loop->data)->OnRead(Owner<Connection>(stream), count);
      });
}

void UvServer::OnRead(Connection& connection, ssize_t count) {
  if (connection.doomed || count == 0) return;
  if (count < 0) return Doom(connection);
  if (!input_.Take(core_, connection, connection.rest, static_cast<std::size_t>(count))) {
    ++counters_.violations;
    Doom(connection);
  }
}

void UvServer::Doom(Connection& connection) {
  if (!std::exchange(connection.doomed, true)) doomed_.push_back(&connection);
}

void UvServer::Close(Connection& connection) {
  core_.Gone(connection);
  --connected_;
  uv_close(reinterpret_cast<uv_handle_t*>(&connection.handle),
           [](uv_handle_t* closed) { delete &Owner<Connection>(closed); });
}

// --- what the chat says ---------------------------------------------------------------------------

void UvServer::Answer(Member& to, net::PacketRef packet) {
  Push(static_cast<Connection&>(to), packet);
}

void UvServer::Broadcast(Room& room, net::PacketRef packet) {
  for (Member* const member : room.members()) Push(static_cast<Connection&>(*member), packet);
}

void UvServer::Push(Connection& connection, const net::PacketRef& packet) {
  if (connection.doomed) return;
  connection.waiting.Push({packet});
  if (!std::exchange(connection.due, true)) due_.push_back(&connection);
  if (connection.waiting.bytes() < kMostTurn) return;
  Send(connection);  // much in one turn: not all of it waits for its end
  if (!connection.doomed && connection.waiting.bytes() + connection.sending_bytes > kMostUnsent) {
    ++counters_.slow;
    Doom(connection);
  }
}

// --- sending --------------------------------------------------------------------------------------

void UvServer::EndTurn() {
  // Who is closed leaves a room, which is said there.
  while (!due_.empty() || !doomed_.empty()) {
    for (Connection* const connection : std::exchange(due_, {})) {
      connection->due = false;
      Send(*connection);
    }
    for (Connection* const connection : std::exchange(doomed_, {})) Close(*connection);
  }
}

unsigned UvServer::Gather(std::span<const Piece> pieces) {
  buffers_.clear();
  for (const Piece& piece : pieces) {
    const auto bytes = piece.bytes();
    // libuv's buffers are written to by reads only.
    buffers_.push_back(uv_buf_init(const_cast<char*>(reinterpret_cast<const char*>(bytes.data())),
                                   static_cast<unsigned>(bytes.size())));
  }
  return static_cast<unsigned>(buffers_.size());
}

void UvServer::Send(Connection& connection) {
  if (connection.doomed || connection.writing) return;
  SendQueue& waiting = connection.waiting;
  while (!waiting.empty()) {
    const auto pieces = waiting.pieces();
    const unsigned count = Gather(pieces.first(std::min(pieces.size(), kMostBuffers)));
    std::size_t wanted = 0;
    for (const uv_buf_t& buffer : buffers_) wanted += buffer.len;
    const int sent = uv_try_write(Stream(connection.handle), buffers_.data(), count);
    ++counters_.sends;
    if (sent < 0 && sent != UV_EAGAIN) return Doom(connection);
    const auto done = static_cast<std::size_t>(std::max(sent, 0));
    counters_.bytes += done;
    waiting.Drop(done);
    if (done < wanted) break;
  }
  if (waiting.empty()) return;
  connection.sending_bytes = waiting.bytes();
  waiting.MoveTo(connection.sending, waiting.pieces().size());
  const unsigned count = Gather(connection.sending);
  connection.writing = true;
  connection.write.data = this;
  ++counters_.sends;
  const int result = uv_write(
      &connection.write, Stream(connection.handle), buffers_.data(), count,
      [](uv_write_t* write, int status) {
        static_cast<UvServer*>(write->data)->OnWritten(Owner<Connection>(write->handle), status);
      });
  if (result < 0) {
    connection.writing = false;
    Doom(connection);
  }
}

void UvServer::OnWritten(Connection& connection, int status) {
  connection.writing = false;
  connection.sending.clear();
  if (status == 0) counters_.bytes += std::exchange(connection.sending_bytes, 0);
  if (connection.doomed || status == UV_ECANCELED) return;
  if (status < 0) return Doom(connection);
  Send(connection);
}

}  // namespace peers
