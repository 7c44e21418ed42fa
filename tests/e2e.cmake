# Real processes.
lingkaran_test(e2e_crash_test LABEL e2e SOURCES e2e/crash_test.cc LIBS cluster_support
  HEAVY)
