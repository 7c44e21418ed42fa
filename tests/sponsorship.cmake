# tests of sponsorship
lingkaran_test(sponsorship_unit_test LABEL unit
  SOURCES unit/sponsorship_money_test.cc unit/sponsorship_allocator_test.cc
          unit/sponsorship_continuation_test.cc unit/sponsorship_rules_test.cc
  LIBS sponsorship_app rapidcheck)
target_precompile_headers(sponsorship_unit_test PRIVATE <gtest/gtest.h> <rapidcheck.h>)
lingkaran_test(sponsorship_store_test LABEL store SOURCES store/sponsorship_store_test.cc
  LIBS sponsorship_store test_support)
