# tests of sponsorship
lingkaran_test(sponsorship_unit_test LABEL unit
  SOURCES unit/sponsorship_money_test.cc unit/sponsorship_allocator_test.cc
          unit/sponsorship_named_test.cc unit/sponsorship_continuation_test.cc
          unit/sponsorship_rules_test.cc unit/common_group_commit_test.cc
  LIBS sponsorship_app rapidcheck)
target_precompile_headers(sponsorship_unit_test PRIVATE <gtest/gtest.h> <rapidcheck.h>)
lingkaran_test(sponsorship_store_test LABEL store
  SOURCES store/sponsorship_store_test.cc store/sponsorship_schema_test.cc
          store/sponsorship_guards_test.cc
  LIBS sponsorship_store test_support)
target_precompile_headers(sponsorship_store_test PRIVATE <gtest/gtest.h> <soci/soci.h>)

# The desk for named workers, alone on a database.
add_library(sponsorship_host STATIC support/sponsorship_host.cc)
target_link_libraries(sponsorship_host PUBLIC sponsorship_app PRIVATE lingkaran_options)
target_compile_definitions(sponsorship_host PRIVATE LINGKARAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_include_directories(sponsorship_host PUBLIC ${PROJECT_SOURCE_DIR})
target_precompile_headers(sponsorship_host REUSE_FROM sponsorship_app)

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
lingkaran_test(suite_rivals_test LABEL system
  SOURCES system/suite_rivals_test.cc system/suite_named_test.cc LIBS suite_support)
lingkaran_test(sponsorship_service_test LABEL service
  SOURCES service/sponsorship_service_test.cc service/sponsorship_desk_test.cc
          service/sponsorship_process_test.cc
  LIBS suite_support sponsorship_host)
foreach(test suite_test suite_rivals_test sponsorship_service_test)
  target_precompile_headers(${test} PRIVATE <grpcpp/grpcpp.h> <soci/soci.h> <gmock/gmock.h>
    <lingkaran/sponsorship/v1/sponsorship.grpc.pb.h> <lingkaran/registry/v1/registry.grpc.pb.h>)
endforeach()
