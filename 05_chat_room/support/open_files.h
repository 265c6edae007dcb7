// Every connection is an open file on Linux, and the usual limit is 1024.
#pragma once

namespace apps {

// As many open files as this user may have. Nothing to do on Windows.
void RaiseOpenFileLimit();

}  // namespace apps
