# What clients do and what must hold afterwards, for the simulated world and for killed processes.
add_library(client_workload STATIC workload/ledger.cc workload/oracle.cc workload/transport.cc
  workload/workload.cc workload/workload_money.cc)
target_link_libraries(client_workload PUBLIC common_rpc common_sql sponsorship_domain
                      proto_registry_grpc proto_coverage_grpc proto_sponsorship_grpc
                      PRIVATE lingkaran_options)
lingkaran_tool(client_workload)

# The three services under a simulated clock and network. It must be fast, so it is optimized.
add_library(simulation STATIC
  simulation/audits.cc simulation/client.cc simulation/network.cc simulation/simulation.cc
  simulation/world.cc)
target_link_libraries(simulation PUBLIC client_workload registry_app coverage_app sponsorship_app
                      PRIVATE lingkaran_options)
lingkaran_tool(simulation)

add_executable(lingkaran-simulation simulation/main.cc)
target_link_libraries(lingkaran-simulation PRIVATE simulation lingkaran_options)
lingkaran_tool(lingkaran-simulation)
lingkaran_test(simulation_test LABEL system SOURCES simulation/simulation_test.cc LIBS simulation HEAVY)
add_dependencies(simulation_test lingkaran-simulation)
# About a minute of work for the thousand seeds, more where others work beside it.
set_tests_properties(simulation_test PROPERTIES TIMEOUT 1200)
