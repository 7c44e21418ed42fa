# Benchmarks: built with the tests, run by tests/bench/run.
add_library(bench_figures STATIC bench/check/figures.cc bench/check/measure.cc)
target_link_libraries(bench_figures PUBLIC absl::strings PRIVATE lingkaran_options)
add_executable(lingkaran-bench-main bench/main_job.cc)
target_link_libraries(lingkaran-bench-main PRIVATE lingkaran_options lingkaran_books cluster_support
                      bench_figures
                      PkgConfig::LIBPQ)
lingkaran_tool(lingkaran-bench-main)

add_executable(lingkaran-bench-hot bench/hot_pledge.cc)
target_link_libraries(lingkaran-bench-hot PRIVATE lingkaran_options sponsorship_host cluster_support
                      test_support bench_figures)
lingkaran_tool(lingkaran-bench-hot)

# Eligibility checks: the service against an echo, a SELECT and a GET, on generated nations.
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
add_library(check_bench STATIC
  bench/check/batches.cc bench/check/calls.cc bench/check/cold_start.cc bench/check/costs.cc
  bench/check/echo_server.cc bench/check/h2.cc bench/check/import.cc bench/check/load.cc
  bench/check/nation_file.cc bench/check/people.cc bench/check/plot.cc bench/check/redis_memory.cc
  bench/check/setting.cc bench/check/sqlite.cc bench/check/stampede.cc bench/check/tail.cc
  bench/check/verdicts.cc bench/check/work.cc)
target_link_libraries(check_bench PUBLIC coverage_app sponsorship_app cluster_support bench_figures
                      PkgConfig::SQLITE3 PkgConfig::NGHTTP2 PRIVATE lingkaran_options)
lingkaran_tool(check_bench)

add_executable(lingkaran-bench-check bench/check/main.cc)
target_link_libraries(lingkaran-bench-check PRIVATE lingkaran_options allocator check_bench)
lingkaran_tool(lingkaran-bench-check)

add_executable(lingkaran-bench-baseline
  bench/check/baseline.cc bench/check/baseline_answer.cc bench/check/baseline_echo.cc
  bench/check/baseline_get.cc bench/check/baseline_select.cc)
target_link_libraries(lingkaran-bench-baseline PRIVATE lingkaran_options allocator check_bench
                      ${HIREDIS_LIBRARIES})
lingkaran_tool(lingkaran-bench-baseline)
add_dependencies(lingkaran-bench-check lingkaran-bench-baseline lingkaran-coverage)

add_test(NAME bench_check_short COMMAND lingkaran-bench-check --quick)
set_tests_properties(bench_check_short PROPERTIES LABELS e2e TIMEOUT 120 RUN_SERIAL TRUE)

add_executable(lingkaran-bench-near bench/near_bench.cc)
target_link_libraries(lingkaran-bench-near PRIVATE lingkaran_options coverage_cache
                      benchmark::benchmark)

# Goodput above capacity: a benchmark, and as a test for a few seconds.
add_executable(lingkaran-bench-overload bench/overload.cc)
target_link_libraries(lingkaran-bench-overload PRIVATE lingkaran_options cluster_support
                      bench_figures)
lingkaran_tool(lingkaran-bench-overload)
add_test(NAME overload_short COMMAND lingkaran-bench-overload --short)
set_tests_properties(overload_short PROPERTIES LABELS e2e TIMEOUT 60)

# Prints what sealing, hashing and reading cost; no test.
find_package(benchmark CONFIG REQUIRED)
add_executable(lingkaran-bench-common bench/common_bench.cc)
target_link_libraries(lingkaran-bench-common PRIVATE registry_domain lingkaran_options
                      benchmark::benchmark)
target_compile_definitions(lingkaran-bench-common PRIVATE LINGKARAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
