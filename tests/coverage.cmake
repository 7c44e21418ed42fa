# tests of coverage
lingkaran_test(coverage_rules_test LABEL unit SOURCES unit/coverage_rules_test.cc
               LIBS coverage_readers rapidcheck)
lingkaran_test(coverage_eligibility_test LABEL unit SOURCES unit/coverage_eligibility_test.cc
               LIBS coverage_readers rapidcheck)
lingkaran_test(coverage_cover_test LABEL unit SOURCES unit/coverage_cover_test.cc
               LIBS coverage_readers rapidcheck)
lingkaran_test(coverage_store_test LABEL store SOURCES store/coverage_store_test.cc
               LIBS coverage_store test_support)
lingkaran_test(coverage_readers_test LABEL unit SOURCES unit/coverage_readers_test.cc
               LIBS coverage_readers rapidcheck)
lingkaran_test(coverage_service_test LABEL service SOURCES service/coverage_service_test.cc
               LIBS coverage_app test_support)
target_precompile_headers(coverage_service_test PRIVATE <grpcpp/grpcpp.h> <gmock/gmock.h>
                          <gtest/gtest.h> <lingkaran/coverage/v1/coverage.grpc.pb.h>)
lingkaran_test(coverage_check_test LABEL service SOURCES service/coverage_check_test.cc
               LIBS coverage_app test_support rapidcheck)
target_precompile_headers(coverage_check_test REUSE_FROM coverage_service_test)
lingkaran_test(coverage_report_test LABEL service SOURCES service/coverage_report_test.cc
               LIBS coverage_app test_support)
target_precompile_headers(coverage_report_test REUSE_FROM coverage_service_test)
