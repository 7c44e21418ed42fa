# tests of registry
lingkaran_test(registry_unit_test LABEL unit
  SOURCES unit/registry_batch_test.cc unit/registry_candidate_parser_test.cc
          unit/registry_codec_test.cc unit/registry_rules_test.cc unit/registry_worker_test.cc
  LIBS registry_store rapidcheck)
target_precompile_headers(registry_unit_test PRIVATE <gmock/gmock.h> <gtest/gtest.h> <rapidcheck.h>)

lingkaran_test(registry_store_test LABEL store SOURCES store/registry_store_test.cc
  LIBS registry_store test_support HEAVY)

lingkaran_test(registry_service_test LABEL service
  SOURCES service/registry_fixture.cc service/registry_service_test.cc
          service/registry_worker_service_test.cc
  LIBS registry_app test_support HEAVY)
