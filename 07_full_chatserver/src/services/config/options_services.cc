// Options of login, authentication, database and journal.
#include "services/config/options.h"

namespace config {

namespace {

constexpr std::string_view kStoreNames[] = {"redis", "memory"};
constexpr std::string_view kKindNames[] = {"sqlite", "mariadb"};
constexpr std::string_view kOnFullNames[] = {"refuse", "continue"};
constexpr std::string_view kSyncNames[] = {"none", "turn"};

using Redis = services::RedisOptions;
using MariaDb = db::MariaDbOptions;
using Writer = db::WriterOptions;
using Journal = journal::JournalOptions;
using Desk = auth::AuthOptions;
using Guesses = account::GuessLimits;
using Hash = account::HashCost;

template <auto... kPath>
constexpr FieldOf kRedis = &At<&Config::login, &Login::redis, kPath...>;
template <auto... kPath>
constexpr FieldOf kAuth = &At<&Config::auth, kPath...>;
template <auto... kPath>
constexpr FieldOf kDatabase = &At<&Config::database, kPath...>;
template <auto... kPath>
constexpr FieldOf kMariaDb = &At<&Config::database, &Database::mariadb, kPath...>;
template <auto... kPath>
constexpr FieldOf kJournal = &At<&Config::journal, kPath...>;

constexpr std::uint64_t kMiB = 1 << 20;

constexpr Option kServiceOptions[] = {
    Choice(
        "login.store", &At<&Config::login, &Login::store>, kStoreNames,
        "Where session keys are: redis, or memory (lessons without Redis: auth runs inside "
        "chat_server).",
        "세션 키를 두는 곳. memory는 Redis 없이 수업할 때 쓴다(인증이 chat_server 안에서 돈다)."),
    String("login.redis_host", kRedis<&Redis::host>, Text::kAny, "Host or IPv4 address of Redis.",
           "Redis 호스트."),
    Number("login.redis_port", kRedis<&Redis::port>, 1, 65535, "Port of Redis.", "Redis 포트."),
    String("login.redis_socket", kRedis<&Redis::unix_socket>, Text::kAny,
           "Unix socket of Redis; used instead of host and port when it is not empty.",
           "Redis의 유닉스 소켓. 비어 있지 않으면 호스트와 포트 대신 쓴다."),
    Secret("login.redis_password", kRedis<&Redis::password>, "Password (AUTH); empty = none.",
           "Redis 비밀번호(AUTH). 비어 있으면 쓰지 않는다."),
    Number("login.redis_database", kRedis<&Redis::database>, 0, 15, "Number of the Redis database.",
           "Redis 데이터베이스 번호."),
    String("login.redis_prefix", &At<&Config::login, &Login::redis_prefix>, Text::kAny,
           "Prefix of the keys' names.", "키 이름의 앞부분."),
    Number("login.redis_connect_ms", kRedis<&Redis::connect_timeout>, 10, kMinuteMs,
           "Time-out of connecting.", "연결 제한 시간."),
    Number("login.redis_request_ms", kRedis<&Redis::request_timeout>, 10, kMinuteMs,
           "Time-out of one request; then the login is answered \"try later\".",
           "요청 하나의 제한 시간. 넘으면 로그인에 \"나중에 다시\"라고 답한다."),
    Number("login.redis_queue_max", kRedis<&Redis::max_requests>, 1, 1'000'000,
           "Lookups that may wait; above it logins are answered \"try later\".",
           "기다릴 수 있는 조회 수. 넘으면 로그인에 \"나중에 다시\"라고 답한다."),
    Number("login.redis_backoff_min_ms", kRedis<&Redis::backoff_first>, 1, kMinuteMs,
           "First wait before a new connection; it doubles.",
           "재연결 전 첫 대기 시간. 매번 두 배가 된다."),
    Number("login.redis_backoff_max_ms", kRedis<&Redis::backoff_max>, 1, 10 * kMinuteMs,
           "Longest wait before a new connection.", "재연결 전 최대 대기 시간."),

    String("auth.bind", kAuth<&Auth::bind>, Text::kIpv4, "Address of auth_server.",
           "auth_server의 주소."),
    Number("auth.port", kAuth<&Auth::port>, 0, 65535, "Port of auth_server; 0 = any free port.",
           "auth_server의 포트. 0 = 비어 있는 포트."),
    Number("auth.metrics_port", kAuth<&Auth::metrics_port>, 0, 65535,
           "Port of auth_server's /metrics (address: monitor.metrics_bind); 0 = any free port.",
           "auth_server의 /metrics 포트(주소는 monitor.metrics_bind). 0 = 비어 있는 포트."),
    Number("auth.session_max", kAuth<&Auth::session_max>, 1, 100'000,
           "Connections of auth_server at once.", "auth_server의 동시 접속 수."),
    Number("auth.connections_per_address", kAuth<&Auth::connections_per_address>, 0, 100'000,
           "Connections of one address to auth_server at once; 0 = no limit.",
           "주소 하나가 auth_server에 동시에 접속할 수 있는 수. 0 = 제한 없음."),
    Number("auth.key_ttl_s", kAuth<&Auth::key_ttl>, 1, 86'400, "Seconds that a session key lives.",
           "세션 키가 살아 있는 시간(초)."),
    Number("auth.hash_threads", kAuth<&Auth::desk, &Desk::threads>, 1, 64,
           "Threads that hash passwords; each needs hash_memory_bytes.",
           "비밀번호를 해시하는 스레드 수. 각각 hash_memory_bytes를 쓴다."),
    Number("auth.hash_queue_max", kAuth<&Auth::desk, &Desk::queue_max>, 1, 1'000'000,
           "Logins that may wait for a hash thread; above it they are answered \"try later\".",
           "해시를 기다릴 수 있는 로그인 수. 넘으면 \"나중에 다시\"라고 답한다."),
    Number("auth.hash_queue_per_address", kAuth<&Auth::desk, &Desk::address_queue_max>, 1,
           1'000'000, "Of these, logins of one address; the addresses take turns.",
           "그중 주소 하나의 로그인 수. 주소들이 번갈아 차례를 얻는다."),
    Number("auth.hash_ops", kAuth<&Auth::hash, &Hash::ops>, 1, 100,
           "Passes of Argon2id over its memory (2 = libsodium's \"interactive\").",
           "Argon2id가 메모리를 도는 횟수(2 = libsodium의 interactive)."),
    Number("auth.hash_memory_bytes", kAuth<&Auth::hash, &Hash::memory_bytes>, 8192, 1024 * kMiB,
           "Memory of one Argon2id hash (64 MiB = \"interactive\").",
           "Argon2id 해시 하나가 쓰는 메모리(64 MiB = interactive)."),
    Number("auth.guesses_per_account", kAuth<&Auth::guesses, &Guesses::per_account>, 1, 1'000'000,
           "Wrong passwords of one account from one address in guess_window_s; then that address "
           "must wait (one that has logged in lately need not), and others are slowed down.",
           "guess_window_s 동안 주소 하나가 계정 하나의 비밀번호를 틀릴 수 있는 횟수. 넘으면 그 "
           "주소는 기다려야 하고(최근에 로그인한 주소는 제외) 다른 주소는 답이 늦어진다."),
    Number("auth.guesses_per_address", kAuth<&Auth::guesses, &Guesses::per_address>, 1, 1'000'000,
           "Wrong passwords from one address in guess_window_s; then it must wait.",
           "guess_window_s 동안 주소 하나가 틀릴 수 있는 횟수. 넘으면 기다려야 한다."),
    Number("auth.guess_window_s", kAuth<&Auth::guesses, &Guesses::window>, 1, 86'400,
           "Seconds; see above.", "초. 위를 보라."),
    Number("auth.guess_delay_max_ms", kAuth<&Auth::guesses, &Guesses::delay_max>, 0, kMinuteMs,
           "Longest slow-down of an account that is being guessed at.",
           "비밀번호를 추측당하는 계정의 답을 늦추는 최대 시간."),
    Number("auth.guess_entries_max", kAuth<&Auth::guesses, &Guesses::entries_max>, 100, 10'000'000,
           "Accounts and addresses that are remembered (bounds the memory).",
           "기억하는 계정과 주소의 수(메모리 한도)."),
    Flag("auth.create_accounts", kAuth<&Auth::create_accounts>,
         "Unknown names get an account at their first login (for lessons).",
         "모르는 이름이 처음 로그인하면 계정을 만든다(수업용)."),

    Choice("database.kind", kDatabase<&Database::kind>, kKindNames,
           "sqlite = a file on this machine; mariadb = a database server.",
           "sqlite = 이 컴퓨터의 파일, mariadb = 데이터베이스 서버."),
    String("database.path", kDatabase<&Database::sqlite, &db::SqliteOptions::path>, Text::kNotEmpty,
           "File of the SQLite database.", "SQLite 데이터베이스 파일."),
    String("database.host", kMariaDb<&MariaDb::host>, Text::kAny,
           "Host of MariaDB, by TCP (\"localhost\" too; see socket).",
           "MariaDB 호스트. TCP로 접속한다(\"localhost\"도 마찬가지. 소켓은 socket을 쓴다)."),
    Number("database.port", kMariaDb<&MariaDb::port>, 1, 65535, "Port of MariaDB.",
           "MariaDB 포트."),
    String("database.socket", kMariaDb<&MariaDb::socket>, Text::kAny,
           "Unix socket of MariaDB; used instead of host and port when it is not empty.",
           "MariaDB의 유닉스 소켓. 비어 있지 않으면 호스트와 포트 대신 쓴다."),
    String("database.user", kMariaDb<&MariaDb::user>, Text::kAny,
           "User of MariaDB, with all rights on that database (GRANT ALL ON name.*).",
           "MariaDB 사용자. 그 데이터베이스의 모든 권한이 있어야 한다(GRANT ALL ON name.*)."),
    Secret("database.password", kMariaDb<&MariaDb::password>, "Password of that user.",
           "그 사용자의 비밀번호."),
    String("database.name", kMariaDb<&MariaDb::name>, Text::kNotEmpty,
           "Name of the MariaDB database; it must exist, the tables are made.",
           "MariaDB 데이터베이스 이름. 미리 있어야 하고, 테이블은 자동으로 만든다."),
    Choice("database.on_full", kDatabase<&Database::writer, &Writer::on_full>, kOnFullNames,
           "When the journal cannot be written: refuse = chat is refused with a reason; continue = "
           "chat "
           "goes on, without the promise, and is counted.",
           "저널을 쓸 수 없을 때. refuse = 이유를 알리고 채팅을 거절, continue = 보장 없이 "
           "계속하고 센다."),
    Number("database.queue_memory_bytes", kDatabase<&Database::writer, &Writer::queue_memory_bytes>,
           64 * 1024, 1024 * kMiB,
           "Memory of the writer's queue; beyond it the journal on disk is the queue.",
           "DB 쓰기 큐의 메모리. 넘치면 디스크의 저널이 큐가 된다."),
    Number("database.batch_rows", kDatabase<&Database::writer, &Writer::batch_rows>, 1, 10'000,
           "Rows of one transaction at most.", "트랜잭션 하나의 최대 행 수."),
    Number("database.gather_ms", kDatabase<&Database::writer, &Writer::gather>, 0, 10'000,
           "How long a row waits for others to share its transaction; 0 = not at all. The journal "
           "has it meanwhile.",
           "한 트랜잭션에 함께 넣을 행을 기다리는 시간. 0 = 기다리지 않는다. 그동안은 저널에 "
           "있다."),
    Number("database.connect_ms", kMariaDb<&MariaDb::connect_ms>, 100, kMinuteMs,
           "Time-out of connecting.", "연결 제한 시간."),
    Number("database.request_ms", kMariaDb<&MariaDb::request_ms>, 100, 10 * kMinuteMs,
           "Time-out of one statement (MariaDB) or of a lock (SQLite).",
           "문장 하나(MariaDB) 또는 잠금(SQLite)의 제한 시간."),
    Number("database.backoff_min_ms", kDatabase<&Database::writer, &Writer::backoff_min>, 1,
           kMinuteMs, "First wait after a failure; it doubles.",
           "실패 뒤의 첫 대기 시간. 매번 두 배가 된다."),
    Number("database.backoff_max_ms", kDatabase<&Database::writer, &Writer::backoff_max>, 1,
           10 * kMinuteMs, "Longest wait after a failure.", "실패 뒤의 최대 대기 시간."),
    Number("database.drain_ms", kDatabase<&Database::drain>, 0, 10 * kMinuteMs,
           "How long a shutdown waits for the last rows; the journal keeps the rest for the next "
           "start.",
           "종료할 때 남은 행을 기다리는 시간. 나머지는 저널에 남아 다음 시작 때 기록된다."),

    String("journal.folder", kJournal<&Journal::folder>, Text::kNotEmpty,
           "Where the journal is; one server per folder.", "저널 폴더. 서버마다 하나씩."),
    Choice("journal.sync", &Either<&Config::journal, &Journal::sync>, kSyncNames,
           "none = survives a killed process; turn = survives a power cut too: nothing is sent "
           "before one "
           "fsync for all that waits.",
           "none = 프로세스가 죽어도 남는다. turn = 정전에도 남는다(기다리는 것을 fsync 한 번에 "
           "묶어 쓰고 "
           "나서 보낸다)."),
    Number("journal.segment_bytes", kJournal<&Journal::segment_bytes>, 64 * 1024, 1024 * kMiB,
           "Size of one journal file.", "저널 파일 하나의 크기."),
    Number("journal.max_bytes", kJournal<&Journal::max_bytes>, 1 * kMiB, 1024 * 1024 * kMiB,
           "Size of all journal files; reaching it is like a full disk (database.on_full).",
           "저널 파일 전체의 한도. 넘으면 디스크가 가득 찬 것과 같다(database.on_full)."),
    Number(
        "journal.keep_bytes", kJournal<&Journal::keep_bytes>, 0, 1024 * 1024 * kMiB,
        "Journal kept although the database has it (256 files at most): a database restored from "
        "an older copy gets the rest from here, as far back as this reaches.",
        "DB에 들어간 뒤에도 남겨 두는 저널(최대 256개 파일). DB를 옛 사본에서 복구하면 빠진 부분을 "
        "여기 "
        "남은 데까지 다시 기록한다."),
};

}  // namespace

std::span<const Option> ServiceOptions() {
  return kServiceOptions;
}

}  // namespace config
