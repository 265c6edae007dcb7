// The echo servers of stage 01's labs as programs of their own.
#pragma once

#include <functional>
#include <memory>

#include "labs/echo_server.h"

namespace echo {

// main() of `name`: starts the server with so many threads, and ends it when it is asked to.
int Run(int argc, char** argv, const char* name, const char* about,
        const std::function<std::unique_ptr<bench::EchoServer>(int threads)>& start);

}  // namespace echo
