# Calling and serving: admission, the client library, real servers under load and short of resources.
foreach(test common_admission_test common_client_test common_throttle_test)
  lingkaran_test(${test} LABEL unit SOURCES unit/${test}.cc LIBS common_server HEAVY)
endforeach()
foreach(test common_listener_test common_overload_test)
  lingkaran_test(${test} LABEL service SOURCES service/${test}.cc LIBS common_server proto_registry_grpc
    HEAVY)
endforeach()

# One service as a process of its own, short of descriptors, connections, memory and time.
lingkaran_test(e2e_one_service_resources_test LABEL e2e
  SOURCES e2e/one_service_resources_test.cc LIBS cluster_support HEAVY)

# Goodput above capacity: a benchmark, and as a test for a few seconds.
add_executable(lingkaran-bench-overload bench/overload.cc)
target_link_libraries(lingkaran-bench-overload PRIVATE lingkaran_options cluster_support)
lingkaran_tool(lingkaran-bench-overload)
add_test(NAME overload_short COMMAND lingkaran-bench-overload --short)
set_tests_properties(overload_short PROPERTIES LABELS e2e TIMEOUT 60)
