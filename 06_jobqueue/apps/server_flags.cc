#include "apps/server_flags.h"

namespace apps {

namespace {

void AddReceiveOptions(CLI::App& app, net::ServerOptions& options) {
  app.add_option("--host", options.host, "IPv4 address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "TCP port; 0 = any free one")->capture_default_str();
  app.add_option("--session-max", options.session_max, "connections at most (SERVER_SESSION_MAX)")
      ->capture_default_str();
  app.add_option("--workers", options.worker_threads, "worker threads; 0 = one per processor")
      ->capture_default_str();
  app.add_option("--running", options.running_threads, "workers that run at once; 0 = processors")
      ->capture_default_str();
  app.add_option("--packet-max", options.packet_max, "longest payload of a client's packet, bytes")
      ->capture_default_str();
  app.add_option("--receive-memory-max", options.receive_memory_max,
                 "receive memory of one session, bytes; above it the client is disconnected")
      ->capture_default_str();
  app.add_option("--first-packet-timeout-ms", options.first_packet_timeout_ms,
                 "time for a client's first whole packet; 0 = no limit")
      ->capture_default_str();
  app.add_option("--idle-timeout-ms", options.idle_timeout_ms,
                 "time between two whole packets; 0 = no limit")
      ->capture_default_str();
  app.add_flag_callback(
      "--accept-ex", [&options] { options.accept_mode = net::AcceptMode::kAcceptEx; },
      "accept with AcceptEx instead of an accept thread");
}

void AddSendOptions(CLI::App& app, net::ServerOptions& options) {
  app.add_option("--send-packet-max", options.send_packet_max,
                 "packets of one gathered send (SESSION_SEND_PACKET_MAX)")
      ->capture_default_str();
  app.add_option("--send-memory-max", options.send_memory_max,
                 "bytes queued for one session; above it the client is disconnected")
      ->capture_default_str();
  app.add_option("--send-buffer", options.socket_options.send_buffer,
                 "SO_SNDBUF of a client's socket; 0 = the system's default")
      ->capture_default_str();
  app.add_flag("--nagle", options.socket_options.nagle, "leave Nagle's algorithm on");
  app.add_option("--linger-ms", options.linger_ms, "time for a client to take its last packet")
      ->capture_default_str();
  app.add_option("--completion-batch", options.completion_batch,
                 "completions that a worker dequeues at once")
      ->capture_default_str();
  app.add_flag_callback(
      "--no-skip", [&options] { options.skip_on_success = false; },
      "queue a packet even for what completes at once");
}

}  // namespace

void AddServerOptions(CLI::App& app, net::ServerOptions& options) {
  AddReceiveOptions(app, options);
  AddSendOptions(app, options);
}

}  // namespace apps
