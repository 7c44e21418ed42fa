# Failing machines, with real processes; and bugs of our own, planted to see that tests notice.

# Stands before the C library in the processes under test; see support/faulty_machine.h.
add_library(faulty_machine SHARED support/faulty_machine.cc)
target_link_libraries(faulty_machine PRIVATE lingkaran_options ${CMAKE_DL_LIBS})

lingkaran_test(e2e_resources_test LABEL e2e
  SOURCES e2e/resources_test.cc e2e/resources_fixture.cc
  LIBS cluster_support lingkaran_books PkgConfig::LIBPQ PkgConfig::SQLITE3 HEAVY)
target_compile_definitions(e2e_resources_test PRIVATE
  LINGKARAN_FAULTY_LIBRARY="$<TARGET_FILE:faulty_machine>")
add_dependencies(e2e_resources_test faulty_machine)

add_test(NAME seeded_bugs_fit
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/bugs/run --check --build ${CMAKE_BINARY_DIR})
set_tests_properties(seeded_bugs_fit PROPERTIES LABELS style TIMEOUT 60)
add_test(NAME seeded_bugs
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/bugs/run --short --build ${CMAKE_BINARY_DIR})
set_tests_properties(seeded_bugs PROPERTIES LABELS system TIMEOUT 300)
