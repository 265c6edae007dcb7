// io_models: one job done in four ways, and what each way costs. The job: echo for N clients that
// think between their messages, as players do.

#include <cstdlib>
#include <filesystem>
#include <future>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "labs/io_models/cost.h"
#include "labs/io_models/model.h"
#include "support/options.h"

namespace io_models {
namespace {

struct Options {
  std::size_t clients = 32;
  std::size_t messages = 50;
  unsigned interval_ms = 10;
  bool json = false;
  std::string echo_client;  // the program that plays the clients
};

struct Model {
  const char* name;
  std::size_t (*serve)(Clients clients);
};

constexpr Model kModels[] = {
    {"blocking threads", ServeByThreads},
    {"non-blocking polling", ServeByPolling},
    {"overlapped + event", ServeByEvents},
    {"completion port", ServeByCompletionPort},
};

struct Row {
  std::string name;
  std::size_t threads = 0;
  Cost cost;
  bool complete = false;  // every message of every client came back
};

std::string LoadCommand(const Options& options, unsigned short port) {
  std::ostringstream command;
#ifdef _WIN32
  command << '"';  // cmd.exe takes the outermost quotes away
#endif
  command << '"' << options.echo_client << "\" --port " << port << " --clients " << options.clients
          << " --messages " << options.messages << " --interval-ms " << options.interval_ms;
#ifdef _WIN32
  command << " >NUL\"";
#else
  command << " >/dev/null";
#endif
  return command.str();
}

Clients AcceptAll(SOCKET listener, std::size_t count) {
  Clients clients;
  while (clients.size() < count) {
    const SOCKET socket = accept(listener, nullptr, nullptr);
    if (socket == INVALID_SOCKET) {
      throw apps::StartError("the clients (echo_client) did not come");
    }
    apps::SendAtOnce(socket);
    clients.emplace_back(socket);
  }
  return clients;
}

Row Measure(const Model& model, const Options& options) {
  apps::UniqueSocket listener = apps::ListenOnLoopback(0);
  const SOCKET listening = listener.Release();
  auto load = std::async(std::launch::async, [&, port = apps::PortOf(listening)] {
    const int status = std::system(LoadCommand(options, port).c_str());
    closesocket(listening);  // if the clients failed to start, AcceptAll must not wait for ever
    return status == 0;
  });
  Row row;
  row.name = model.name;
  Clients clients = AcceptAll(listening, options.clients);
  const Cost start = ReadCost();
  row.threads = model.serve(std::move(clients));
  row.cost = ReadCost() - start;
  row.complete = load.get();
  return row;
}

std::string Number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "-";
}

void PrintTable(const std::vector<Row>& rows, const Options& options) {
  std::cout << options.clients << " clients, " << options.messages << " messages each, "
            << options.interval_ms << " ms pause between two\n\n"
            << std::left << std::setw(22) << "model" << std::right << std::setw(8) << "threads"
            << std::setw(13) << "system calls" << std::setw(10) << "wake-ups" << std::setw(10)
            << "CPU ms" << std::setw(10) << "time ms" << '\n';
  for (const Row& row : rows) {
    std::cout << std::left << std::setw(22) << row.name << std::right << std::setw(8) << row.threads
              << std::setw(13) << Number(row.cost.system_calls) << std::setw(10)
              << Number(row.cost.wake_ups) << std::fixed << std::setprecision(1) << std::setw(10)
              << static_cast<double>(row.cost.cpu.count()) / 1000 << std::setw(10)
              << static_cast<double>(row.cost.wall.count()) / 1000
              << (row.complete ? "" : "  messages were lost") << '\n';
  }
  std::cout << "\nsystem calls: those of the port and its sockets; wake-ups: voluntary context\n"
               "switches of the process (both are visible on Linux only: \"-\" elsewhere)\n";
}

void PrintJson(const std::vector<Row>& rows) {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? std::to_string(*value) : std::string("null");
  };
  std::cout << "[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    std::cout << (i == 0 ? "\n" : ",\n") << R"(  {"model": ")" << row.name << R"(", "threads": )"
              << row.threads << R"(, "system_calls": )" << number(row.cost.system_calls)
              << R"(, "wake_ups": )" << number(row.cost.wake_ups) << R"(, "cpu_us": )"
              << row.cost.cpu.count() << R"(, "wall_us": )" << row.cost.wall.count()
              << R"(, "complete": )" << (row.complete ? "true" : "false") << "}";
  }
  std::cout << "\n]\n";
}

// echo_client lies beside this program; a program found through PATH finds it there too.
std::string EchoClientBeside(const char* program) {
  const std::filesystem::path path(program);
  return path.has_parent_path() ? (path.parent_path() / "echo_client").string() : "echo_client";
}

int Run(const Options& options) {
  const apps::Winsock winsock;
  std::vector<Row> rows;
  bool complete = true;
  for (const Model& model : kModels) {
    if (!options.json) {
      std::cerr << "running: " << model.name << '\n';
    }
    rows.push_back(Measure(model, options));
    complete = complete && rows.back().complete;
  }
  if (options.json) {
    PrintJson(rows);
  } else {
    PrintTable(rows, options);
  }
  return complete ? 0 : 1;
}

}  // namespace
}  // namespace io_models

int main(int argc, char** argv) {
  apps::CommandLine app("One echo job by four I/O models, and what each costs", "io_models");
  io_models::Options options;
  options.echo_client = io_models::EchoClientBeside(argv[0]);
  app.Add("--clients", options.clients, "clients").Range(1, 500);
  app.Add("--messages", options.messages, "messages of each client").Range(1, 100000);
  app.Add("--interval-ms", options.interval_ms, "pause of a client between two messages")
      .Range(0, 1000);
  app.Flag("--json", options.json, "print the table as JSON");
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) {
    return *exit_code;
  }
  try {
    return io_models::Run(options);
  } catch (const std::exception& error) {
    std::cerr << "io_models: " << error.what() << '\n';
    return 1;
  }
}
