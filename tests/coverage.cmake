# tests of coverage
lingkaran_test(coverage_rules_test LABEL unit SOURCES unit/coverage_rules_test.cc
               LIBS coverage_readers rapidcheck)
lingkaran_test(coverage_eligibility_test LABEL unit SOURCES unit/coverage_eligibility_test.cc
               LIBS coverage_readers rapidcheck)
lingkaran_test(coverage_cover_test LABEL unit SOURCES unit/coverage_cover_test.cc
               LIBS coverage_readers rapidcheck)
