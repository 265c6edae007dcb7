# admission: how many connections an address may have, and how fast.
stage_library(admission services/admission/connection_gate.cc)
