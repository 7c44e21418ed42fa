# tests of coverage
lingkaran_test(coverage_rules_test LABEL unit SOURCES unit/coverage_rules_test.cc
               LIBS coverage_lookup rapidcheck)
lingkaran_test(coverage_eligibility_test LABEL unit SOURCES unit/coverage_eligibility_test.cc
               LIBS coverage_lookup rapidcheck)
lingkaran_test(coverage_cover_test LABEL unit SOURCES unit/coverage_cover_test.cc
               LIBS coverage_lookup rapidcheck)
lingkaran_test(coverage_store_test LABEL store SOURCES store/coverage_store_test.cc
               LIBS coverage_store test_support HEAVY)
lingkaran_test(coverage_log_test LABEL store SOURCES store/coverage_log_test.cc
               LIBS coverage_replication test_support HEAVY)
lingkaran_test(coverage_log_follower_test LABEL service SOURCES service/coverage_log_follower_test.cc
               LIBS coverage_replication test_support HEAVY)
lingkaran_test(coverage_watch_test LABEL service SOURCES service/coverage_watch_test.cc
               LIBS coverage_app test_support HEAVY)
lingkaran_test(coverage_lookup_batcher_test LABEL unit
               SOURCES unit/coverage_lookup_batcher_test.cc unit/coverage_lookup_freshness_test.cc
               LIBS coverage_lookup)
lingkaran_test(coverage_allocations_test LABEL service SOURCES service/coverage_allocations_test.cc
               LIBS coverage_app test_support HEAVY)
lingkaran_test(coverage_caches_test LABEL service SOURCES service/coverage_caches_test.cc
               LIBS coverage_app test_support rapidcheck HEAVY)
lingkaran_test(coverage_service_test LABEL service SOURCES service/coverage_service_test.cc
               LIBS coverage_app test_support HEAVY)
lingkaran_test(coverage_check_test LABEL service SOURCES service/coverage_check_test.cc
               LIBS coverage_app test_support HEAVY)
lingkaran_test(coverage_report_test LABEL service SOURCES service/coverage_report_test.cc
               LIBS coverage_app test_support HEAVY)

# The near cache: no gRPC, no SQL.
add_library(coverage_people STATIC support/coverage_people.cc)
target_link_libraries(coverage_people PUBLIC coverage_cache rapidcheck PRIVATE lingkaran_options)
target_include_directories(coverage_people PUBLIC ${PROJECT_SOURCE_DIR})
lingkaran_test(coverage_member_record_test LABEL unit SOURCES unit/coverage_member_record_test.cc
               LIBS coverage_people)
lingkaran_test(coverage_member_table_test LABEL unit SOURCES unit/coverage_member_table_test.cc
               LIBS coverage_people)
lingkaran_test(coverage_near_cache_test LABEL unit
               SOURCES unit/coverage_near_cache_test.cc unit/coverage_near_orders_test.cc
               LIBS coverage_people)

# The shared cache, on real Redis servers.
lingkaran_test(coverage_redis_reader_test LABEL unit SOURCES unit/coverage_redis_reader_test.cc
               LIBS coverage_people coverage_lookup redis_server)
lingkaran_test(coverage_redis_memory_test LABEL unit SOURCES unit/coverage_redis_memory_test.cc
               LIBS coverage_people coverage_lookup redis_server)
