# tests of sponsorship
lingkaran_test(sponsorship_unit_test LABEL unit
  SOURCES unit/sponsorship_money_test.cc unit/sponsorship_allocator_test.cc
          unit/sponsorship_continuation_test.cc unit/sponsorship_rules_test.cc
  LIBS sponsorship_app rapidcheck)
target_precompile_headers(sponsorship_unit_test PRIVATE <gtest/gtest.h> <rapidcheck.h>)
lingkaran_test(sponsorship_store_test LABEL store SOURCES store/sponsorship_store_test.cc
  LIBS sponsorship_store test_support)

# All three services in one process.
add_library(suite_support STATIC support/suite.cc support/story.cc support/process.cc)
target_link_libraries(suite_support PUBLIC registry_app coverage_app sponsorship_app test_support
                      PRIVATE lingkaran_options)
target_compile_definitions(suite_support PRIVATE LINGKARAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_include_directories(suite_support PUBLIC ${PROJECT_SOURCE_DIR})
target_precompile_headers(suite_support PRIVATE <grpcpp/grpcpp.h> <soci/soci.h> <gtest/gtest.h>
  <lingkaran/sponsorship/v1/sponsorship.grpc.pb.h> <lingkaran/registry/v1/registry.grpc.pb.h>)
lingkaran_test(suite_test LABEL system
  SOURCES system/suite_test.cc system/suite_failure_test.cc LIBS suite_support)
lingkaran_test(sponsorship_service_test LABEL service
  SOURCES service/sponsorship_service_test.cc LIBS suite_support)
foreach(test suite_test sponsorship_service_test)
  target_precompile_headers(${test} PRIVATE <grpcpp/grpcpp.h> <soci/soci.h> <gmock/gmock.h>
    <lingkaran/sponsorship/v1/sponsorship.grpc.pb.h> <lingkaran/registry/v1/registry.grpc.pb.h>)
endforeach()
