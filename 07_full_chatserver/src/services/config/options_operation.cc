// Options of monitoring, country check, congestion control and log.
#include "services/config/options.h"

namespace config {

namespace {

constexpr std::string_view kLevelNames[] = {"trace", "debug", "info", "warn", "error", "off"};

using Country = services::CountryOptions;
using Judge = services::CongestionOptions;
using Log = services::LogOptions;
using Core = services::MonitorOptions;

template <auto... kPath>
constexpr FieldOf kMonitor = &At<&Config::monitor, kPath...>;
template <auto... kPath>
constexpr FieldOf kPage = &At<&Config::monitor_server, kPath...>;
template <auto... kPath>
constexpr FieldOf kCountry = &At<&Config::country, kPath...>;
template <auto... kPath>
constexpr FieldOf kCongestion = &At<&Config::congestion, &Congestion::judge, kPath...>;
template <auto... kPath>
constexpr FieldOf kLog = &At<&Config::log, kPath...>;

constexpr Option kOperationOptions[] = {
    Flag("monitor.metrics", kMonitor<&Monitor::metrics>, "Serve /metrics for Prometheus.",
         "Prometheus용 /metrics를 연다."),
    String("monitor.metrics_bind", kMonitor<&Monitor::metrics_bind>, Text::kIpv4,
           "Address of /metrics.", "/metrics의 주소."),
    Number("monitor.metrics_port", kMonitor<&Monitor::metrics_port>, 0, 65535,
           "Port of /metrics; 0 = any free port.", "/metrics의 포트. 0 = 비어 있는 포트."),
    Flag("monitor.report", kMonitor<&Monitor::report>, "Report to a monitor_server.",
         "monitor_server에 보고한다."),
    String("monitor.server_host", kMonitor<&Monitor::server_host>, Text::kIpv4,
           "Address of monitor_server.", "monitor_server의 주소."),
    Number("monitor.server_port", kMonitor<&Monitor::server_port>, 1, 65535,
           "Port of monitor_server.", "monitor_server의 포트."),
    Number("monitor.interval_ms",
           kMonitor<&Monitor::collector, &services::CollectorOptions::interval>, 50, kMinuteMs,
           "How often values are collected and reported.", "수집하고 보고하는 간격."),
    Number("monitor.reconnect_min_ms",
           kMonitor<&Monitor::link, &services::ReportLinkOptions::reconnect_min>, 1, kMinuteMs,
           "First wait before a new connection; it doubles.",
           "재연결 전 첫 대기 시간. 매번 두 배가 된다."),
    Number("monitor.reconnect_max_ms",
           kMonitor<&Monitor::link, &services::ReportLinkOptions::reconnect_max>, 1, 10 * kMinuteMs,
           "Longest wait before a new connection.", "재연결 전 최대 대기 시간."),
    Secret(
        "monitor.secret", kMonitor<&Monitor::secret>,
        "What a server proves to monitor_server that it knows (monitor_server proves nothing to "
        "it); empty = secret_file, else the environment's CHAT_MONITOR_SECRET. Without any of them "
        "the monitor server listens on this machine only.",
        "서버가 알고 있음을 monitor_server에 증명하는 비밀(monitor_server는 증명하지 않는다). 비어 "
        "있으면 secret_file, 그것도 없으면 환경 변수 CHAT_MONITOR_SECRET을 쓴다. 모두 없으면 "
        "monitor_server는 이 컴퓨터의 접속만 받는다."),
    String("monitor.secret_file", kMonitor<&Monitor::secret_file>, Text::kAny,
           "File whose first line is the secret; empty = none.",
           "첫 줄이 비밀인 파일. 비어 있으면 안 쓴다."),

    String("monitor_server.bind", kPage<&MonitorServer::bind>, Text::kIpv4,
           "Address for the servers' reports.", "서버들의 보고를 받는 주소."),
    Number("monitor_server.port", kPage<&MonitorServer::port>, 0, 65535,
           "Port for the servers' reports; 0 = any free port.",
           "서버들의 보고를 받는 포트. 0 = 비어 있는 포트."),
    String("monitor_server.http_bind", kPage<&MonitorServer::http_bind>, Text::kIpv4,
           "Address of the page.", "웹 페이지의 주소."),
    Number("monitor_server.http_port", kPage<&MonitorServer::http_port>, 0, 65535,
           "Port of the page; 0 = any free port.", "웹 페이지의 포트. 0 = 비어 있는 포트."),
    Number("monitor_server.history_s", kPage<&MonitorServer::history_s>, 10, 86'400,
           "Seconds of history kept per server, when it reports every monitor.interval_ms.",
           "서버마다 보관하는 기록(초). 서버가 monitor.interval_ms마다 보고할 때의 값."),
    Number("monitor_server.servers_max", kPage<&MonitorServer::core, &Core::servers_max>, 1, 1000,
           "Servers that may report.", "보고할 수 있는 서버 수."),
    Number("monitor_server.server_gone_ms", kPage<&MonitorServer::core, &Core::server_gone_ms>, 100,
           10 * kMinuteMs, "A server that is silent for this long is shown as down.",
           "이 시간 동안 보고가 없으면 죽은 것으로 표시한다."),
    String("monitor_server.alarms", kPage<&MonitorServer::alarms>, Text::kNotEmpty,
           "Alarm rules: \"metric > value for seconds\" (or <).",
           "경보 규칙: \"메트릭 > 값 for 초\" (또는 <)."),

    String("country.database", kCountry<&Country::database>, Text::kAny,
           "MMDB file; empty = addresses are not checked.",
           "MMDB 파일. 비어 있으면 국가를 검사하지 않는다."),
    String("country.allowed", kCountry<&Country::allowed>, Text::kCountry,
           "Country codes (ISO 3166-1) that may connect.",
           "접속을 허용하는 국가 코드(ISO 3166-1)."),
    Flag("country.allow_loopback", kCountry<&Country::allow_loopback>, "Allow 127.0.0.0/8.",
         "127.0.0.0/8을 허용한다."),
    Flag("country.allow_private", kCountry<&Country::allow_private>,
         "Allow the private ranges (10/8, 172.16/12, 192.168/16).",
         "사설 주소(10/8, 172.16/12, 192.168/16)를 허용한다."),
    Flag("country.allow_unknown", kCountry<&Country::allow_unknown>,
         "Allow addresses that the database does not know.",
         "데이터베이스에 없는 주소를 허용한다."),

    Flag("congestion.enabled", &At<&Config::congestion, &Congestion::enabled>,
         "Pause accept and send while the machine's TCP retransmits too much.",
         "TCP 재전송이 너무 많으면 accept와 send를 잠시 멈춘다."),
    Number("congestion.sample_ms", kCongestion<&Judge::sample>, 10, kMinuteMs,
           "Between two samples.", "검사 간격."),
    Number("congestion.segments_min", kCongestion<&Judge::segments_min>, 1, 1'000'000'000,
           "Segments sent in a sample for it to count.", "검사에 필요한 최소 송신 세그먼트 수."),
    Number("congestion.retransmit_percent", kCongestion<&Judge::retransmit_percent>, 1, 99,
           "Retransmitted segments in percent of those sent, above which the server pauses.",
           "재전송한 세그먼트가 송신한 것의 이 퍼센트보다 많으면 멈춘다."),
    Number("congestion.recheck_ms", kCongestion<&Judge::recheck>, 10, kMinuteMs,
           "Between two checks while paused; at most sample_ms.",
           "멈춰 있는 동안의 검사 간격. sample_ms 이하."),
    Number("congestion.clean_checks", kCongestion<&Judge::clean_checks>, 1, 1000,
           "Clean checks in a row before the server goes on.",
           "다시 시작하기까지 필요한 연속 정상 횟수."),

    Choice("log.level", kLog<&Log::level>, kLevelNames, "Can be changed while the server runs.",
           "실행 중에도 바꿀 수 있다."),
    Flag("log.console", kLog<&Log::console>, "Log to the console too.", "콘솔에도 출력한다."),
    String(
        "log.file", kLog<&Log::file>, Text::kAny,
        "Log file; empty = none. {program}: the server's name, so that each has a file of its own.",
        "로그 파일. 비어 있으면 안 쓴다. {program}: 서버 이름. 서버마다 제 파일에 쓰게 한다."),
    Number("log.rotate_bytes", kLog<&Log::rotate_bytes>, 4096, 1 << 30,
           "Size at which a new file begins.", "이 크기가 되면 새 파일로 넘어간다."),
    Number("log.rotate_files", kLog<&Log::rotate_files>, 1, 1000, "Files that are kept.",
           "남겨 두는 파일 수."),
    Number("log.flush_ms", kLog<&Log::flush>, 1, kMinuteMs,
           "How often the file is flushed; warnings are flushed at once.",
           "파일로 내보내는 간격. 경고 이상은 바로 내보낸다."),
};

}  // namespace

std::span<const Option> OperationOptions() {
  return kOperationOptions;
}

}  // namespace config
