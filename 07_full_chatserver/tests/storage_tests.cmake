# Configuration, journal, database, accounts.
stage_unit_test(config
  tests/unit_config.cc
  LINK config)
