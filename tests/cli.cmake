# tests of cli
lingkaran_test(cli_list_test LABEL unit
  SOURCES unit/cli_list_test.cc unit/cli_data_test.cc LIBS cli_list rapidcheck)

lingkaran_test(cli_output_test LABEL unit SOURCES unit/cli_output_test.cc LIBS cli_lib)
