# login: what a session key is worth.
stage_library(login_key services/login/key_verdict.cc)
