// What a port costs when nothing happens.
#pragma once

#include <cstdint>

namespace bench {

struct IdleFigures {
  double cpu_milliseconds = 0;  // of the whole process, while idle
  long context_switches = 0;    // likewise
  double seconds = 0;           // how long that was
  double bytes_per_socket = 0;  // user memory of one idle associated socket
};

// `sockets` connected and associated sockets, two waiting workers, nothing to do.
IdleFigures MeasureIdle(int sockets, double seconds);

}  // namespace bench
