# What tests of several labels are helped by.

# Fresh databases; link it wherever a store or a service is tested.
lingkaran_library(test_support SOURCES support/test_database.cc LIBS process common_sql GTest::gtest)
lingkaran_tool(test_support test_headers)

# Real processes.
add_library(process STATIC support/process.cc)
target_link_libraries(process PRIVATE lingkaran_options)

# A bad network.
add_library(fault_proxy STATIC support/fault_proxy.cc)
target_link_libraries(fault_proxy PUBLIC process absl::strings absl::time Threads::Threads
                      PRIVATE lingkaran_options)

# Real Redis servers.
add_library(redis_server STATIC support/redis_server.cc)
target_link_libraries(redis_server PUBLIC process common_redis PRIVATE lingkaran_options)
target_include_directories(redis_server PUBLIC ${PROJECT_SOURCE_DIR})

# Service processes with their databases and Redis.
add_library(cluster_support STATIC support/servers.cc support/cluster.cc)
target_link_libraries(cluster_support PUBLIC common_server fault_proxy redis_server proto_registry_grpc
                      proto_coverage_grpc proto_sponsorship_grpc proto_ops_grpc
                      PRIVATE PkgConfig::LIBPQ lingkaran_options)
lingkaran_tool(cluster_support)
add_dependencies(cluster_support lingkaran-registry lingkaran-coverage lingkaran-sponsorship)

# What fills seats, alone on a database.
add_library(sponsorship_host STATIC support/sponsorship_host.cc)
target_link_libraries(sponsorship_host PUBLIC sponsorship_app PRIVATE lingkaran_options)
lingkaran_tool(sponsorship_host)

# All three services in one process.
add_library(suite_support STATIC support/suite.cc support/story.cc)
target_link_libraries(suite_support PUBLIC registry_app coverage_app sponsorship_app test_support
                      redis_server PRIVATE lingkaran_options)
lingkaran_tool(suite_support test_headers)

# People as caches hold them.
add_library(coverage_people STATIC support/coverage_people.cc)
target_link_libraries(coverage_people PUBLIC coverage_cache rapidcheck PRIVATE lingkaran_options)
target_include_directories(coverage_people PUBLIC ${PROJECT_SOURCE_DIR})

# Searches and random histories by the ten thousand: worth optimising.
add_library(history_check STATIC history/wgl.cc history/models.cc history/objects.cc)
target_link_libraries(history_check PUBLIC absl::strings absl::str_format absl::flat_hash_set
                      PRIVATE lingkaran_options)
target_compile_options(history_check PRIVATE -O2)

add_library(history_workload STATIC history/workload.cc history/group_cover.cc
            history/group_member.cc history/group_pledge.cc history/deployment.cc)
target_link_libraries(history_workload PUBLIC history_check fault_proxy cluster_support
                      PRIVATE lingkaran_options)
lingkaran_tool(history_workload test_headers)

# "Checks are never stale": coverage under faults of all kinds, each answer judged by the whole
# truth.
add_library(freshness_judge STATIC freshness/truth.cc freshness/judge.cc)
target_link_libraries(freshness_judge PUBLIC common_base proto_coverage absl::time
                      PRIVATE lingkaran_options)
add_library(freshness STATIC
  freshness/ask.cc freshness/faults.cc freshness/load.cc freshness/people.cc freshness/probe.cc
  freshness/redis_box.cc freshness/run.cc freshness/world.cc)
target_link_libraries(freshness PUBLIC freshness_judge fault_proxy cluster_support PRIVATE lingkaran_options)
lingkaran_tool(freshness)

# What clients do and what must hold afterwards, for the simulated world and for killed processes.
add_library(client_workload STATIC workload/ledger.cc workload/oracle.cc workload/transport.cc
  workload/workload.cc workload/workload_money.cc)
target_link_libraries(client_workload PUBLIC common_rpc common_sql sponsorship_domain
                      proto_registry_grpc proto_coverage_grpc proto_sponsorship_grpc
                      PRIVATE lingkaran_options)
lingkaran_tool(client_workload)

# Stands before the C library in the processes under test; see support/faulty_machine.h.
add_library(faulty_machine SHARED support/faulty_machine.cc)
target_link_libraries(faulty_machine PRIVATE lingkaran_options ${CMAKE_DL_LIBS})
