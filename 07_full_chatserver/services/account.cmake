# account: accounts, passwords, session keys.
include(services/storage_libraries.cmake)
stage_library(account
  services/account/account_name.cc
  services/account/account_service.cc
  services/account/guess_limiter.cc
  services/account/password.cc
  services/account/session_key.cc
  LINK db login_key admission course_sodium course_utf8proc)
