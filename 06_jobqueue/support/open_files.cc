#include "support/open_files.h"

#ifndef _WIN32
#include <sys/resource.h>
#endif

namespace apps {

void RaiseOpenFileLimit() {
#ifndef _WIN32
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // if it is refused, accept and connect will say so
#endif
}

}  // namespace apps
