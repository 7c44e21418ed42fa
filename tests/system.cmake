# All three services together, in one process or simulated.
lingkaran_test(suite_test LABEL system SHARDS 2
  SOURCES system/audit_tamperings.cc system/audit_test.cc system/suite_failure_test.cc
          system/suite_named_test.cc system/suite_rivals_test.cc system/suite_test.cc
  LIBS suite_support lingkaran_books cli_lib)

# The three services under a simulated clock and network. It must be fast, so it is optimized.
add_library(simulation STATIC
  simulation/audits.cc simulation/client.cc simulation/network.cc simulation/simulation.cc
  simulation/world.cc)
target_link_libraries(simulation PUBLIC client_workload process registry_app coverage_app
                      sponsorship_app PRIVATE lingkaran_options)
lingkaran_tool(simulation)
add_executable(lingkaran-simulation simulation/main.cc)
target_link_libraries(lingkaran-simulation PRIVATE simulation lingkaran_options)
lingkaran_tool(lingkaran-simulation)
lingkaran_test(simulation_test LABEL system SOURCES simulation/simulation_test.cc LIBS simulation)
add_dependencies(simulation_test lingkaran-simulation)
# About a minute of work for the thousand seeds, more where others work beside it.
set_tests_properties(simulation_test PROPERTIES TIMEOUT 1200)

# Histories of what clients saw through a bad network.
lingkaran_test(histories_test LABEL system SOURCES history/histories_test.cc LIBS history_workload)
add_executable(lingkaran-histories history/main.cc)
target_link_libraries(lingkaran-histories PRIVATE lingkaran_options history_workload)
lingkaran_tool(lingkaran-histories test_headers)

# The whole story through the command line and real services, on both databases.
foreach(store sqlite postgres)
  set(flag)
  if(store STREQUAL postgres)
    set(flag --postgres)
  endif()
  add_test(NAME demo_story_${store} COMMAND ${PROJECT_SOURCE_DIR}/deploy/local/demo --built ${flag})
  set_tests_properties(demo_story_${store} PROPERTIES LABELS system TIMEOUT 120
    ENVIRONMENT LINGKARAN_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
endforeach()

# Bugs of our own, planted to see that tests notice.
add_test(NAME seeded_bugs
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/bugs/run --short --build ${CMAKE_BINARY_DIR})
set_tests_properties(seeded_bugs PROPERTIES LABELS system TIMEOUT 300)
