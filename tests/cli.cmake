# tests of cli
lingkaran_test(cli_list_test LABEL unit
  SOURCES unit/cli_list_test.cc unit/cli_data_test.cc LIBS cli_list rapidcheck)

lingkaran_test(cli_output_test LABEL unit SOURCES unit/cli_output_test.cc unit/cli_command_test.cc
  LIBS cli_lib common_server HEAVY)

lingkaran_test(cli_submit_test LABEL service SOURCES service/cli_submit_test.cc LIBS cli_lib
  HEAVY)

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
