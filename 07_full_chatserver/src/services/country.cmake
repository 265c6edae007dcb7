# country: the country check of a peer's address. Without libmaxminddb (on Windows) there is no check.
option(COURSE_WITH_COUNTRY "Country check with libmaxminddb" ON)
set(COURSE_HAS_COUNTRY OFF)
if(COURSE_WITH_COUNTRY AND NOT WIN32)
  find_path(MAXMINDDB_INCLUDE_DIR maxminddb.h)
  find_library(MAXMINDDB_LIBRARY maxminddb)
  if(MAXMINDDB_INCLUDE_DIR AND MAXMINDDB_LIBRARY)
    set(COURSE_HAS_COUNTRY ON)
  else()
    message(STATUS "${STAGE}: no libmaxminddb (Debian: libmaxminddb-dev); no country check")
  endif()
endif()
if(COURSE_HAS_COUNTRY)
  stage_library(country
    src/services/country/country_check.cc
    src/services/country/mmdb_file.cc
    LINK ${MAXMINDDB_LIBRARY})
  target_include_directories(${STAGE}_country SYSTEM PRIVATE ${MAXMINDDB_INCLUDE_DIR})
else()
  stage_library(country
    src/services/country/country_check.cc
    src/services/country/mmdb_file_absent.cc)
endif()
