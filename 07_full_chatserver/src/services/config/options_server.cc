// Options of the chat server itself: network, limits, update threads, time-outs, sectors.
#include "services/config/options.h"

namespace config {

namespace {

constexpr std::string_view kAcceptNames[] = {"thread", "acceptex"};

using Net = net::ServerOptions;
using World = chat::WorldOptions;
using Update = job::UpdateOptions;
using Connections = services::ConnectionLimits;

template <auto... kPath>
constexpr FieldOf kNet = &At<&Config::server, kPath...>;
template <auto... kPath>
constexpr FieldOf kWorld = &At<&Config::world, kPath...>;
template <auto... kPath>
constexpr FieldOf kUpdate = &At<&Config::update, kPath...>;
template <auto... kPath>
constexpr FieldOf kConnections = &At<&Config::connections, kPath...>;

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kGiB = 1ULL << 30;

constexpr Option kServerOptions[] = {
    Number("server.id",
           &At<&Config::monitor, &Monitor::collector, &services::CollectorOptions::server_id>, 1,
           65535, "Number of this server in reports, rows and metrics.",
           "모니터링 보고, DB 행, 메트릭에 쓰는 서버 번호."),
    String("server.bind", kNet<&Net::host>, Text::kIpv4,
           "IPv4 address to listen on; 0.0.0.0 = all. The default is reachable from this machine "
           "only.",
           "리슨할 IPv4 주소. 0.0.0.0 = 모든 주소. 기본값은 이 컴퓨터에서만 접속할 수 있다."),
    Number("server.port", kNet<&Net::port>, 0, 65535, "0 = any free port (printed at start).",
           "0 = 비어 있는 포트(시작할 때 출력)."),
    Choice("server.accept", kNet<&Net::accept_mode>, kAcceptNames,
           "thread = an accept thread; acceptex = AcceptEx operations on the port.",
           "thread = accept 스레드, acceptex = 포트 위의 AcceptEx."),
    Number("server.accepts_outstanding", kNet<&Net::accepts_outstanding>, 1, 1024,
           "AcceptEx operations kept pending.", "걸어 두는 AcceptEx 개수."),
    Number("server.backlog", kNet<&Net::backlog>, 1, 65535, "Queue of listen().",
           "listen() 큐의 길이."),
    Number("server.workers", kNet<&Net::worker_threads>, 0, 256,
           "Worker threads of the port; 0 = one per processor.",
           "워커 스레드 수. 0 = CPU 코어 수."),
    Number("server.running", kNet<&Net::running_threads>, 0, 256,
           "Workers that may run at once (NumberOfConcurrentThreads); 0 = processors.",
           "동시에 실행될 수 있는 워커 수(NumberOfConcurrentThreads). 0 = 코어 수."),
    Number("server.completion_batch", kNet<&Net::completion_batch>, 1, 256,
           "Completions that a worker dequeues at once.", "워커가 한 번에 꺼내는 완료통지 수."),
    Flag("server.skip_on_success", kNet<&Net::skip_on_success>,
         "What completes at once is handled by the thread that issued it and queues no packet.",
         "즉시 끝난 I/O는 요청한 스레드가 처리하고 완료통지를 큐에 넣지 않는다."),
    Number("server.session_max", kNet<&Net::session_max>, 1, 1'000'000,
           "SERVER_SESSION_MAX: the next connection is refused with a reason.",
           "SERVER_SESSION_MAX: 그다음 접속은 이유를 알려 주고 거절한다."),
    Number("server.fixed_key", kNet<&Net::fixed_key>, 0, 255,
           "Fixed key of the packet encoding; the clients must have the same.",
           "패킷 인코딩의 고정 키. 클라이언트와 같아야 한다."),
    Flag("server.check_sequence", kNet<&Net::check_sequence>,
         "Check the sequence numbers of the clients' packets.",
         "클라이언트 패킷의 순번을 검사한다."),
    Number("server.packet_max_bytes", kNet<&Net::packet_max>, 64, 65535,
           "Largest payload of a client's packet.", "클라이언트 패킷의 최대 크기."),
    Number("server.receive_buffer_bytes", kNet<&Net::receive_buffer>, 128, 131072,
           "Receive ring buffer of a session: at least packet_max_bytes + 5.",
           "세션 수신 링버퍼의 크기. packet_max_bytes + 5 이상."),
    Number("server.receive_memory_bytes", kNet<&Net::receive_memory_max>, 4096, kGiB,
           "Receive memory of one session; above it that client is disconnected.",
           "세션 하나의 수신 메모리 한도. 넘으면 그 클라이언트를 끊는다."),
    Number(
        "server.receive_packets_per_second", kNet<&Net::receive_packets_per_second>, 0, 10'000'000,
        "Packets of one client per second; above it the server stops receiving for a while; "
        "0 = no limit.",
        "클라이언트 하나가 1초에 보낼 수 있는 패킷 수. 넘으면 수신을 잠시 멈춘다. 0 = 제한 없음."),
    Number("server.receive_bytes_per_second", kNet<&Net::receive_bytes_per_second>, 0, kGiB,
           "The same in bytes; 0 = no limit.", "같은 제한의 바이트 수. 0 = 제한 없음."),
    Number(
        "server.receive_overspeed_ms", kNet<&Net::receive_overspeed_ms>, 0, 600'000,
        "A client that is held back for so long, without a second of peace, is disconnected; "
        "0 = never.",
        "수신이 이 시간 동안 1초도 쉬지 않고 계속 멈추면 그 클라이언트를 끊는다. 0 = 끊지 않음."),
    Number("server.send_memory_bytes", kNet<&Net::send_memory_max>, 65536, kGiB,
           "Send memory of one session; above it that client is disconnected.",
           "세션 하나의 송신 메모리 한도. 넘으면 그 클라이언트를 끊는다."),
    Number("server.send_packet_max", kNet<&Net::send_packet_max>, 1, 512,
           "SESSION_SEND_PACKET_MAX: packets gathered by one WSASend.",
           "SESSION_SEND_PACKET_MAX: WSASend 한 번에 모으는 패킷 수."),
    Number("server.send_copy_bytes", kNet<&Net::send_copy_max>, 0, 65536,
           "Batches of packets up to this average size are copied into one piece; 0 = never.",
           "평균 크기가 이 값 이하인 묶음은 하나의 버퍼로 복사해서 보낸다. 0 = 안 함."),
    Flag("server.nagle", kNet<&Net::socket_options, &net::SocketOptions::nagle>,
         "Nagle's algorithm on the clients' sockets.", "클라이언트 소켓의 Nagle 알고리즘."),
    Number("server.send_buffer_bytes", kNet<&Net::socket_options, &net::SocketOptions::send_buffer>,
           0, kGiB, "SO_SNDBUF; 0 = the system's default.", "SO_SNDBUF. 0 = 시스템 기본값."),
    Number(
        "server.flush_interval_ms",
        &In<std::chrono::milliseconds, &Config::world, &World::flush_interval>, 0, 1000,
        "Send at most this often per session (gathers more per call); 0 = at the end of each turn.",
        "세션마다 이 간격으로 모아 보낸다. 0 = 매 턴이 끝날 때 보낸다."),
    Number("server.linger_ms", kNet<&Net::linger_ms>, 10, 600'000,
           "How long the last packets of a closed session may take.",
           "닫힌 세션의 남은 송신을 기다리는 시간."),

    Number("limits.message_bytes", kWorld<&World::max_message_bytes>, 1, 60'000,
           "Longest chat message, UTF-8 bytes.", "채팅 메시지의 최대 길이(UTF-8 바이트)."),
    Number("limits.name_bytes", &At<&Config::auth, &Auth::desk, &auth::AuthOptions::name_bytes>, 1,
           auth::kNameBytesMax, "Longest player name, UTF-8 bytes.",
           "플레이어 이름의 최대 길이(UTF-8 바이트)."),
    Number("limits.rooms", kWorld<&World::rooms>, 1, 100'000, "Rooms.", "방의 수."),
    Number("limits.players_per_room", kWorld<&World::room_members_max>, 1, 1'000'000,
           "Players of one room.", "방 하나의 플레이어 수."),
    Number(
        "limits.messages_per_second",
        &In<std::uint64_t, &Config::world, &World::limits, &chat::RequestLimits::requests,
            &chat::Rate::per_second>,
        0, 100'000,
        "Requests of one account per second (chat, moves, heartbeats, leaving: 1 each; entering "
        "a room, log-in: 5), the rest is refused; 0 = no limit.",
        "계정 하나의 초당 요청 수(채팅, 이동, 하트비트, 나가기는 1, 룸 입장과 로그인은 5). 넘으면 "
        "거절한다. 0 = 제한 없음."),
    Number("limits.message_burst",
           &In<std::uint64_t, &Config::world, &World::limits, &chat::RequestLimits::requests,
               &chat::Rate::burst>,
           5, 1'000'000,
           "Requests that an account may make at once before limits.messages_per_second counts.",
           "초당 제한이 걸리기 전에 한꺼번에 허용하는 요청 수."),
    Number("limits.refused_messages",
           &In<std::uint64_t, &Config::world, &World::limits, &chat::RequestLimits::refused>, 1,
           1'000'000,
           "Refused requests, made faster than limits.messages_per_second, that end the session.",
           "거절된 요청이 limits.messages_per_second보다 빠르게 이만큼 쌓이면 세션을 끊는다."),
    Number(
        "limits.fan_out_bytes_per_second",
        &In<std::uint64_t, &Config::world, &World::fan_out_bytes_per_second>, 0, 4'000'000'000,
        "Bytes said in one room, or in one sector, times those who hear them, per second; the rest "
        "is refused. 0 = no limit.",
        "룸 하나(또는 섹터 하나)에서 1초에 내보낼 수 있는 바이트(메시지 크기 x 듣는 사람 수). "
        "넘으면 거절한다. 0 = 제한 없음."),
    Number("limits.connections_per_address", kConnections<&Connections::per_address>, 0, 1'000'000,
           "Connections of one address to the chat port at once; 0 = no limit.",
           "주소 하나가 채팅 포트에 동시에 접속할 수 있는 수. 0 = 제한 없음."),
    Number("limits.connection_rate", kConnections<&Connections::rate>, 0, 100'000,
           "New connections of one address per second, on either port; 0 = no limit.",
           "주소 하나가 1초에 새로 접속할 수 있는 수(포트마다). 0 = 제한 없음."),
    Number("limits.connection_burst", kConnections<&Connections::burst>, 1, 100'000,
           "Connections that an address may make at once before its rate counts.",
           "접속 속도 제한이 걸리기 전에 한꺼번에 허용하는 접속 수."),
    Number("limits.reserved_percent", &At<&Config::reserved_percent>, 0, 90,
           "Part of either port's slots that only addresses get which have logged in lately.",
           "최근에 로그인한 주소만 쓸 수 있도록 남겨 두는 자리의 비율(포트마다)."),
    Number("limits.known_address_s",
           &At<&Config::auth, &Auth::guesses, &account::GuessLimits::known_for>, 0,
           30 * kDayMs / 1000,
           "Seconds for which an address counts as one that has logged in lately.",
           "로그인한 주소를 최근에 로그인한 주소로 기억하는 시간(초)."),
    Number(
        "limits.wrong_keys_per_minute", kConnections<&Connections::wrong_keys>, 0, 100'000,
        "Wrong session keys that an address may try; then it may not connect; 0 = no limit.",
        "주소 하나가 1분에 시도할 수 있는 틀린 세션 키 수. 넘으면 접속을 거절한다. 0 = 제한 없음."),

    Number("update.threads", kUpdate<&Update::threads>, 0, 256,
           "Update threads; 0 = one per processor, 1 = the single chat thread.",
           "업데이트 스레드 수. 0 = 프로세서마다 하나, 1 = 단일 채팅 스레드."),
    Number("update.slice_jobs", kUpdate<&Update::slice_jobs>, 1, 1'000'000,
           "Jobs of one actor before the next one's turn.", "한 액터가 연속으로 실행하는 잡의 수."),
    Number("update.slice_us", &In<std::chrono::microseconds, &Config::update, &Update::slice_time>,
           10, 1'000'000, "Microseconds of one actor before the next one's turn.",
           "한 액터가 연속으로 쓰는 시간(마이크로초)."),

    Number("timeouts.first_packet_ms", kNet<&Net::first_packet_timeout_ms>, 0, kDayMs,
           "From the connection to the first whole packet; 0 = no limit.",
           "접속부터 첫 패킷까지. 0 = 제한 없음."),
    Number("timeouts.login_ms",
           &In<std::chrono::milliseconds, &Config::world, &World::lobby,
               &chat::LobbyOptions::login_timeout>,
           100, kDayMs, "From the connection to the login.", "접속부터 로그인까지."),
    Number("timeouts.heartbeat_ms",
           &In<std::chrono::milliseconds, &Config::world, &World::lobby,
               &chat::LobbyOptions::heartbeat_timeout>,
           0, kDayMs, "Between two packets or heartbeats of a player; 0 = no limit.",
           "플레이어의 패킷(하트비트 포함) 사이의 간격. 0 = 제한 없음."),
    Number("timeouts.idle_ms", kNet<&Net::idle_timeout_ms>, 0, kDayMs,
           "Between two packets of any connection; 0 = no limit.",
           "모든 접속의 패킷 사이 간격. 0 = 제한 없음."),
    Number("timeouts.check_ms",
           &In<std::chrono::milliseconds, &Config::world, &World::lobby,
               &chat::LobbyOptions::check_interval>,
           10, 60'000, "How often the message generator posts the checks.",
           "메시지 생성 스레드가 검사 메시지를 넣는 간격."),
    Number("timeouts.shutdown_ms", &At<&Config::shutdown>, 100, 600'000,
           "How long an orderly shutdown may take before what is left is cut off.",
           "정상 종료에 걸릴 수 있는 최대 시간."),

    Number("sector.width", kWorld<&World::sector, &chat::SectorOptions::columns>, 1, 1000,
           "Sectors from west to east.", "가로 섹터 수."),
    Number("sector.height", kWorld<&World::sector, &chat::SectorOptions::rows>, 1, 1000,
           "Sectors from north to south.", "세로 섹터 수."),
    Number("sector.start_x", kWorld<&World::start, &chat::Position::x>, 0, 999,
           "Where players start.", "플레이어의 시작 섹터 x."),
    Number("sector.start_y", kWorld<&World::start, &chat::Position::y>, 0, 999,
           "Where players start.", "플레이어의 시작 섹터 y."),
};

}  // namespace

std::span<const Option> ServerOptions() {
  return kServerOptions;
}

}  // namespace config
