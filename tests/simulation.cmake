# The three services under a simulated clock and network. It must be fast, so it is optimized.
add_library(simulation STATIC
  simulation/client.cc simulation/network.cc simulation/oracle.cc simulation/simulation.cc
  simulation/workload.cc simulation/workload_people.cc simulation/world.cc)
target_link_libraries(simulation PUBLIC registry_app coverage_app sponsorship_app
                      PRIVATE lingkaran_options)
lingkaran_tool(simulation)

add_executable(lingkaran-simulation simulation/main.cc)
target_link_libraries(lingkaran-simulation PRIVATE simulation lingkaran_options)
lingkaran_tool(lingkaran-simulation)
lingkaran_test(simulation_test LABEL system SOURCES simulation/simulation_test.cc LIBS simulation HEAVY)
add_dependencies(simulation_test lingkaran-simulation)
# About a minute of work for the thousand seeds, more where others work beside it.
set_tests_properties(simulation_test PROPERTIES TIMEOUT 1200)
