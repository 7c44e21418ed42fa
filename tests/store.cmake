# SQL, on both databases.
lingkaran_test(store_test LABEL store SHARDS 2
  SOURCES
    store/common_bulk_test.cc store/common_limits_test.cc store/common_migrate_test.cc
    store/common_once_test.cc store/common_outbox_admin_test.cc store/common_outbox_order_test.cc
    store/common_outbox_test.cc store/common_sql_test.cc
    store/coverage_log_test.cc store/coverage_store_test.cc
    store/registry_store_test.cc
    store/sponsorship_guards_test.cc store/sponsorship_schema_test.cc store/sponsorship_store_test.cc
  LIBS registry_store coverage_replication sponsorship_store common_outbox test_support)
