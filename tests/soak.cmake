# Kills, rolling restarts. The long forms are run by tests/soak.
add_executable(lingkaran-kills
  kill/main.cc kill/audit.cc kill/client.cc kill/crew.cc kill/lane.cc kill/places.cc
  kill/rolling.cc)
target_link_libraries(lingkaran-kills PRIVATE lingkaran_options client_workload lingkaran_books
                      cluster_support)
lingkaran_tool(lingkaran-kills test_headers)

# The short form of tests/soak: main places and random moments on each store, rolling restarts.
foreach(store sqlite postgres)
  add_test(NAME kills_${store}
           COMMAND lingkaran-kills --store ${store} --kills 25 --lanes 3 --seed 20191107)
endforeach()
add_test(NAME rolling_restarts COMMAND lingkaran-kills --restarts 6 --seed 20191107)
set_tests_properties(kills_sqlite kills_postgres rolling_restarts
                     PROPERTIES LABELS e2e TIMEOUT 120)
