# account: accounts, passwords, session keys.
include(src/services/storage_libraries.cmake)
stage_library(account
  src/services/account/account_name.cc
  src/services/account/account_service.cc
  src/services/account/guess_limiter.cc
  src/services/account/password.cc
  src/services/account/session_key.cc
  LINK db login_key admission course_sodium course_utf8proc)
