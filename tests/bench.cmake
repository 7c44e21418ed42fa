# Benchmarks: built with the tests, run by tests/bench/run.
add_library(stack_support STATIC support/process.cc support/servers.cc support/stack.cc)
target_link_libraries(stack_support PUBLIC common_rpc proto_registry_grpc proto_coverage_grpc
                      proto_sponsorship_grpc proto_ops_grpc PRIVATE PkgConfig::LIBPQ lingkaran_options)
target_precompile_headers(stack_support PRIVATE <grpcpp/grpcpp.h>)
target_compile_definitions(stack_support PRIVATE LINGKARAN_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                           LINGKARAN_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
add_dependencies(stack_support lingkaran-registry lingkaran-coverage lingkaran-sponsorship)

add_executable(lingkaran-bench-main bench/main_job.cc bench/nation.cc)
target_link_libraries(lingkaran-bench-main PRIVATE lingkaran_options lingkaran_books stack_support
                      PkgConfig::LIBPQ)
target_precompile_headers(lingkaran-bench-main PRIVATE <grpcpp/grpcpp.h> <CLI/CLI.hpp>)

add_executable(lingkaran-bench-hot bench/hot_pledge.cc)
target_link_libraries(lingkaran-bench-hot PRIVATE lingkaran_options sponsorship_host stack_support
                      test_support)
target_precompile_headers(lingkaran-bench-hot PRIVATE <grpcpp/grpcpp.h> <CLI/CLI.hpp>
  <soci/soci.h>)
