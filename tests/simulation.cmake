# The three services under a simulated clock and network. It must be fast, so it is optimized.
add_library(simulation STATIC
  simulation/client.cc simulation/network.cc simulation/oracle.cc simulation/simulation.cc
  simulation/workload.cc simulation/workload_people.cc simulation/world.cc)
target_link_libraries(simulation PUBLIC registry_app coverage_app sponsorship_app
                      PRIVATE lingkaran_options)
target_include_directories(simulation PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_options(simulation PRIVATE -O1)
target_precompile_headers(simulation PRIVATE <grpcpp/grpcpp.h> <soci/soci.h>
  <lingkaran/sponsorship/v1/sponsorship.grpc.pb.h> <lingkaran/registry/v1/registry.grpc.pb.h>
  <lingkaran/coverage/v1/coverage.grpc.pb.h>)

add_executable(lingkaran-simulation simulation/main.cc)
target_link_libraries(lingkaran-simulation PRIVATE simulation lingkaran_options)
target_compile_definitions(lingkaran-simulation PRIVATE
  LINGKARAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
lingkaran_test(simulation_test LABEL system SOURCES simulation/simulation_test.cc LIBS simulation)
add_dependencies(simulation_test lingkaran-simulation)
# About a minute of work for the thousand seeds, more where others work beside it.
set_tests_properties(simulation_test PROPERTIES TIMEOUT 1200)
