#include "support/server_flags.h"

namespace apps {

namespace {

void AddReceiveOptions(CommandLine& app, net::ServerOptions& options) {
  app.Add("--host", options.host, "IPv4 address to listen on").ShowDefault();
  app.Add("--port", options.port, "TCP port; 0 = any free one").ShowDefault();
  app.Add("--session-max", options.session_max, "connections at most (SERVER_SESSION_MAX)")
      .ShowDefault();
  app.Add("--workers", options.worker_threads, "worker threads; 0 = one per processor")
      .ShowDefault();
  app.Add("--running", options.running_threads, "workers that run at once; 0 = processors")
      .ShowDefault();
  app.Add("--packet-max", options.packet_max, "longest payload of a client's packet, bytes")
      .ShowDefault();
  app.Add("--receive-memory-max", options.receive_memory_max,
          "receive memory of one session, bytes; above it the client is disconnected")
      .ShowDefault();
  app.Add("--receive-packets-per-second", options.receive_packets_per_second,
          "packets of one client; above it the client has to wait; 0 = no limit")
      .ShowDefault();
  app.Add("--receive-bytes-per-second", options.receive_bytes_per_second, "the same in bytes")
      .ShowDefault();
  app.Add("--receive-overspeed-ms", options.receive_overspeed_ms,
          "a client that has to wait for so long is disconnected; 0 = never")
      .ShowDefault();
  app.Add("--first-packet-timeout-ms", options.first_packet_timeout_ms,
          "time for a client's first whole packet; 0 = no limit")
      .ShowDefault();
  app.Add("--idle-timeout-ms", options.idle_timeout_ms,
          "time between two whole packets; 0 = no limit")
      .ShowDefault();
  app.Flag(
      "--accept-ex", [&options] { options.accept_mode = net::AcceptMode::kAcceptEx; },
      "accept with AcceptEx instead of an accept thread");
}

void AddSendOptions(CommandLine& app, net::ServerOptions& options) {
  app.Add("--send-packet-max", options.send_packet_max,
          "packets of one gathered send (SESSION_SEND_PACKET_MAX)")
      .ShowDefault();
  app.Add("--send-memory-max", options.send_memory_max,
          "bytes queued for one session; above it the client is disconnected")
      .ShowDefault();
  app.Add("--send-buffer", options.socket_options.send_buffer,
          "SO_SNDBUF of a client's socket; 0 = the system's default")
      .ShowDefault();
  app.Flag("--nagle", options.socket_options.nagle, "leave Nagle's algorithm on");
  app.Add("--linger-ms", options.linger_ms, "time for a client to take its last packet")
      .ShowDefault();
  app.Add("--completion-batch", options.completion_batch,
          "completions that a worker dequeues at once")
      .ShowDefault();
  app.Flag(
      "--no-skip", [&options] { options.skip_on_success = false; },
      "queue a packet even for what completes at once");
}

}  // namespace

void AddServerOptions(CommandLine& app, net::ServerOptions& options) {
  AddReceiveOptions(app, options);
  AddSendOptions(app, options);
}

}  // namespace apps
