// What an update thread hands to a job queue for one time slice, and what comes out of it when a
// job fails.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "job/clock.h"
#include "job/job_stats.h"
#include "job/source_location.h"

namespace job {

// An exception that left a job (or OnSliceEnd).
struct JobFailure {
  SourceLocation origin;  // the line that posted the job
  bool in_slice_end;      // it left OnSliceEnd; origin is then the slice's last job
  std::string what;
};

struct SliceContext {
  const Clock& clock;
  std::uint32_t max_jobs;  // a slice ends after so many jobs,
  Duration max_time;       // or after the first job that ends later than this, whichever is first
  ThreadStats& stats;      // of the executing thread
  const std::function<void(const JobFailure&)>& on_failure;  // must not throw
};

}  // namespace job
