# tests of common

# Fresh databases for tests; link it wherever a store or a service is tested.
lingkaran_library(test_support SOURCES support/test_database.cc LIBS common_sql GTest::gtest)

lingkaran_test(common_sql_test LABEL store SOURCES store/common_sql_test.cc LIBS test_support)
lingkaran_test(common_outbox_test LABEL store SOURCES store/common_outbox_test.cc LIBS test_support)
