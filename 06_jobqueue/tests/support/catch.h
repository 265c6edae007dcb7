// Catch2, whichever generation of it the machine has: Debian 12 and Ubuntu 22.04 bring 2.13, one
// header; Debian 13 and Ubuntu 24.04 bring 3, a library. What the scenarios use is the same in
// both.
#pragma once

#define CATCH_CONFIG_ENABLE_OPTIONAL_STRINGMAKER  // exit codes are optional: print what they hold
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/interfaces/catch_interfaces_capture.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
using CatchListener = Catch::EventListenerBase;
using CatchHeard = void;  // what a listener's assertionEnded returns
#else
#ifndef CATCH_CONFIG_EXTERNAL_INTERFACES
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners
#endif
#include <catch2/catch.hpp>
using CatchListener = Catch::TestEventListenerBase;
using CatchHeard = bool;
#endif
