# Configuration, journal, database, accounts.
stage_unit_test(config
  tests/unit_config.cc
  LINK config)

stage_unit_test(journal
  tests/unit_journal.cc
  LINK journal
  LABELS stress)

stage_unit_test(account
  tests/unit_account.cc
  LINK account)
