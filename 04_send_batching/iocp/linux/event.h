// Event objects: manual-reset or auto-reset.
#pragma once

#include "iocp/linux/handle_table.h"
#include "iocp/linux/waitable.h"

namespace iocp {

class Event final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::kEvent;
  Event(bool manual_reset, bool signalled)
      : Object(kKind),
        signal_(manual_reset ? Signal::Reset::kManual : Signal::Reset::kAuto, signalled) {}

  Signal* signal() override { return &signal_; }

 private:
  Signal signal_;
};

}  // namespace iocp
