# Real processes.
lingkaran_test(e2e_startup_test LABEL e2e SOURCES e2e/startup_test.cc LIBS cluster_support HEAVY)
