# tests of sponsorship
lingkaran_test(sponsorship_unit_test LABEL unit
  SOURCES unit/sponsorship_money_test.cc unit/sponsorship_seat_planner_test.cc
          unit/sponsorship_named_test.cc unit/sponsorship_continuation_test.cc
          unit/sponsorship_rules_test.cc unit/sponsorship_allocation_test.cc
          unit/common_group_commit_test.cc
  LIBS sponsorship_app rapidcheck)
target_precompile_headers(sponsorship_unit_test PRIVATE <gtest/gtest.h> <rapidcheck.h>)
lingkaran_test(sponsorship_store_test LABEL store
  SOURCES store/sponsorship_store_test.cc store/sponsorship_schema_test.cc
          store/sponsorship_guards_test.cc
  LIBS sponsorship_store test_support HEAVY)

# What fills seats, alone on a database.
add_library(sponsorship_host STATIC support/sponsorship_host.cc)
target_link_libraries(sponsorship_host PUBLIC sponsorship_app PRIVATE lingkaran_options)
lingkaran_tool(sponsorship_host)

# All three services in one process.
add_library(suite_support STATIC support/suite.cc support/story.cc support/process.cc)
target_link_libraries(suite_support PUBLIC registry_app coverage_app sponsorship_app test_support
                      PRIVATE lingkaran_options)
lingkaran_tool(suite_support test_headers)
lingkaran_test(suite_test LABEL system
  SOURCES system/suite_test.cc system/suite_failure_test.cc LIBS suite_support HEAVY)
lingkaran_test(suite_rivals_test LABEL system
  SOURCES system/suite_rivals_test.cc system/suite_named_test.cc LIBS suite_support HEAVY)
lingkaran_test(sponsorship_service_test LABEL service
  SOURCES service/sponsorship_service_test.cc service/sponsorship_desk_test.cc
          service/sponsorship_workflow_test.cc
  LIBS suite_support sponsorship_host HEAVY)
