# admission: how many connections an address may have, and how fast.
stage_library(admission src/services/admission/connection_gate.cc)
