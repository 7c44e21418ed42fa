# Real processes: killed, restarted, short of everything, and measured.
lingkaran_test(e2e_startup_test LABEL e2e SOURCES e2e/startup_test.cc LIBS cluster_support)
lingkaran_test(e2e_one_service_resources_test LABEL e2e
  SOURCES e2e/one_service_resources_test.cc LIBS cluster_support)
lingkaran_test(e2e_resources_test LABEL e2e
  SOURCES e2e/resources_fixture.cc e2e/resources_test.cc
  LIBS cluster_support lingkaran_books PkgConfig::LIBPQ PkgConfig::SQLITE3)
target_compile_definitions(e2e_resources_test PRIVATE
  LINGKARAN_FAULTY_LIBRARY="$<TARGET_FILE:faulty_machine>")
add_dependencies(e2e_resources_test faulty_machine)

# Kills and rolling restarts. The long forms are run by tests/soak.
add_executable(lingkaran-kills
  kill/main.cc kill/audit.cc kill/client.cc kill/crew.cc kill/lane.cc kill/places.cc
  kill/rolling.cc)
target_link_libraries(lingkaran-kills PRIVATE lingkaran_options client_workload lingkaran_books
                      cluster_support)
lingkaran_tool(lingkaran-kills test_headers)
foreach(store sqlite postgres)
  add_test(NAME kills_${store}
           COMMAND lingkaran-kills --store ${store} --kills 25 --lanes 3 --seed 20191107)
endforeach()
add_test(NAME rolling_restarts COMMAND lingkaran-kills --restarts 6 --seed 20191107)
set_tests_properties(kills_sqlite kills_postgres rolling_restarts
                     PROPERTIES LABELS e2e TIMEOUT 120)

# Freshness of checks. The long form: lingkaran-freshness --seeds 200.
add_executable(lingkaran-freshness freshness/main.cc)
target_link_libraries(lingkaran-freshness PRIVATE lingkaran_options freshness)
lingkaran_tool(lingkaran-freshness)
foreach(test freshness_test redis_faults_test)
  lingkaran_test(${test} LABEL e2e SOURCES freshness/${test}.cc LIBS freshness)
endforeach()
