# What the services say of what they owe and of their books, and the comparison of the books.
lingkaran_test(cli_reconcile_test LABEL unit SOURCES unit/cli_reconcile_test.cc LIBS lingkaran_books
  HEAVY)
lingkaran_test(sponsorship_audit_test LABEL unit SOURCES unit/sponsorship_audit_test.cc
  LIBS sponsorship_domain)
lingkaran_test(operations_test LABEL service SOURCES service/operations_test.cc LIBS suite_support
  HEAVY)
add_dependencies(operations_test lingkaran-registry lingkaran-coverage lingkaran-sponsorship lingkaran)
lingkaran_test(audit_test LABEL system SOURCES system/audit_test.cc system/audit_tamperings.cc
  LIBS suite_support lingkaran_books cli_lib HEAVY)
