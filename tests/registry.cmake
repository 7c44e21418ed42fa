# tests of registry
lingkaran_test(registry_unit_test LABEL unit
  SOURCES unit/registry_batch_test.cc unit/registry_candidate_test.cc
          unit/registry_rules_test.cc unit/registry_worker_test.cc
  LIBS registry_domain registry_rules rapidcheck)
target_precompile_headers(registry_unit_test PRIVATE <gmock/gmock.h> <gtest/gtest.h> <rapidcheck.h>)
