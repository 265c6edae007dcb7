# login: what a session key is worth.
stage_library(login_key src/services/login/key_verdict.cc)
