# tests of common

# Fresh databases for tests; link it wherever a store or a service is tested.
lingkaran_library(test_support SOURCES support/test_database.cc LIBS common_sql GTest::gtest)

lingkaran_test(common_sql_test LABEL store
  SOURCES store/common_sql_test.cc store/common_migrate_test.cc store/common_limits_test.cc
  LIBS test_support HEAVY)
lingkaran_test(common_bulk_test LABEL store
  SOURCES store/common_bulk_test.cc store/common_once_test.cc LIBS test_support HEAVY)
lingkaran_test(common_outbox_test LABEL store
  SOURCES store/common_outbox_test.cc store/common_outbox_admin_test.cc
          store/common_outbox_order_test.cc
  LIBS test_support common_outbox HEAVY)

# RPC, Redis, flags.
lingkaran_test(common_rpc_test LABEL unit SOURCES unit/common_rpc_test.cc LIBS common_server rapidcheck
  HEAVY)
lingkaran_test(common_authorization_test LABEL unit SOURCES unit/common_authorization_test.cc LIBS common_server)
lingkaran_test(common_concurrency_test LABEL unit SOURCES unit/common_single_flight_test.cc unit/common_executor_test.cc
  LIBS common_concurrency test_support HEAVY)
lingkaran_test(common_config_test LABEL unit SOURCES unit/common_config_test.cc LIBS common_server HEAVY)

# Redis: real servers, started by the tests themselves.
add_library(redis_server STATIC support/redis_server.cc support/process.cc)
target_link_libraries(redis_server PUBLIC common_redis PRIVATE lingkaran_options)
target_include_directories(redis_server PUBLIC ${PROJECT_SOURCE_DIR})
lingkaran_test(common_metrics_test LABEL unit SOURCES unit/common_metrics_test.cc LIBS redis_server)
lingkaran_test(common_redis_test LABEL unit SOURCES unit/common_redis_test.cc LIBS redis_server)
lingkaran_test(common_redis_broken_test LABEL unit SOURCES unit/common_redis_broken_test.cc
  LIBS redis_server fault_proxy)
lingkaran_test(common_redis_cluster_test LABEL unit SOURCES unit/common_redis_cluster_test.cc
  LIBS redis_server)
lingkaran_test(common_pubsub_test LABEL unit SOURCES unit/common_pubsub_test.cc
  LIBS redis_server fault_proxy)

foreach(test common_server_test common_run_rpc_test)
  lingkaran_test(${test} LABEL service SOURCES service/${test}.cc LIBS common_server proto_registry_grpc
    HEAVY)
endforeach()

# The contracts themselves: whatever lies under proto, so that none is forgotten.
file(GLOB_RECURSE contracts CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/proto
     ${PROJECT_SOURCE_DIR}/proto/lingkaran/*.proto)
list(TRANSFORM contracts PREPEND ${PROJECT_SOURCE_DIR}/proto/ OUTPUT_VARIABLE contract_files)
set(descriptors ${PROJECT_BINARY_DIR}/gen/contracts.binpb)
add_custom_command(
  OUTPUT ${descriptors}
  COMMAND protobuf::protoc -I . --include_imports --descriptor_set_out=${descriptors} ${contracts}
  DEPENDS ${contract_files} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/proto VERBATIM)
lingkaran_test(contract_test LABEL contract SOURCES contract/contract_test.cc ${descriptors}
               LIBS common_server HEAVY)
target_compile_definitions(contract_test PRIVATE LINGKARAN_DESCRIPTORS="${descriptors}")
add_test(NAME contract_lint COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/contract/buf lint)
foreach(check breaking self_check)
  add_test(NAME contract_${check} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/contract/${check})
endforeach()
set_tests_properties(contract_lint contract_breaking contract_self_check
                     PROPERTIES LABELS contract TIMEOUT 60)

# What a compiler can't see.
add_test(NAME style COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/check)
add_test(NAME style_links COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/links)
add_test(NAME style_self_check COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/self_check)
set_tests_properties(style style_links style_self_check PROPERTIES LABELS style TIMEOUT 60)

lingkaran_test(common_base_test LABEL unit
  SOURCES unit/common_error_test.cc unit/common_date_test.cc unit/common_money_test.cc
          unit/common_region_test.cc unit/common_clock_test.cc unit/common_vault_test.cc
          unit/common_rules_text_test.cc unit/common_log_test.cc unit/common_failpoint_test.cc
  LIBS common_crypto rapidcheck)
target_precompile_headers(common_base_test PRIVATE <gtest/gtest.h> <rapidcheck.h>)
lingkaran_test(registry_nik_test LABEL unit SOURCES unit/registry_nik_test.cc
  LIBS registry_domain rapidcheck)

# Prints what sealing, hashing and reading cost; no test.
find_package(benchmark CONFIG REQUIRED)
add_executable(lingkaran-bench-common bench/common_bench.cc)
target_link_libraries(lingkaran-bench-common PRIVATE registry_domain lingkaran_options
                      benchmark::benchmark)
target_compile_definitions(lingkaran-bench-common PRIVATE LINGKARAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
