# Real servers in the test's process.
lingkaran_test(common_service_test LABEL service
  SOURCES service/common_run_rpc_test.cc service/common_server_test.cc
  LIBS common_server proto_registry_grpc)
lingkaran_test(registry_service_test LABEL service
  SOURCES service/registry_service_test.cc service/registry_worker_service_test.cc
  LIBS registry_app test_support)
lingkaran_test(coverage_service_test LABEL service SHARDS 2
  SOURCES service/coverage_caches_test.cc service/coverage_check_test.cc
          service/coverage_log_follower_test.cc service/coverage_report_test.cc
          service/coverage_service_test.cc service/coverage_watch_test.cc
  LIBS coverage_app test_support)
lingkaran_test(sponsorship_service_test LABEL service
  SOURCES service/sponsorship_desk_test.cc service/sponsorship_service_test.cc
          service/sponsorship_workflow_test.cc
  LIBS suite_support sponsorship_host)
lingkaran_test(cli_service_test LABEL service SOURCES service/cli_submit_test.cc LIBS cli_lib)
lingkaran_test(operations_test LABEL service SOURCES service/operations_test.cc LIBS suite_support)
add_dependencies(operations_test lingkaran-registry lingkaran-coverage lingkaran-sponsorship lingkaran)

# Processes of their own: each counts what the whole process does, or takes it all.
lingkaran_test(coverage_allocations_test LABEL service SOURCES service/coverage_allocations_test.cc
               LIBS coverage_app test_support)
foreach(test common_listener_test common_overload_test)
  lingkaran_test(${test} LABEL service SOURCES service/${test}.cc LIBS common_server proto_registry_grpc)
endforeach()
