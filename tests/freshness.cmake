# "Checks are never stale": coverage under faults of all kinds, each answer judged by the whole
# truth. The long form: lingkaran-freshness --seeds 200.
add_library(freshness_judge STATIC freshness/truth.cc freshness/judge.cc)
target_link_libraries(freshness_judge PUBLIC common_base proto_coverage absl::time
                      PRIVATE lingkaran_options)

add_library(freshness STATIC
  freshness/ask.cc freshness/faults.cc freshness/load.cc freshness/people.cc freshness/probe.cc
  freshness/redis_box.cc freshness/run.cc freshness/world.cc)
target_link_libraries(freshness PUBLIC freshness_judge fault_proxy cluster_support PRIVATE lingkaran_options)
lingkaran_tool(freshness)

add_executable(lingkaran-freshness freshness/main.cc)
target_link_libraries(lingkaran-freshness PRIVATE lingkaran_options freshness)
lingkaran_tool(lingkaran-freshness)

lingkaran_test(freshness_judge_test LABEL unit SOURCES freshness/judge_test.cc LIBS freshness_judge)
lingkaran_test(freshness_test LABEL e2e SOURCES freshness/freshness_test.cc LIBS freshness HEAVY)
lingkaran_test(redis_faults_test LABEL e2e SOURCES freshness/redis_faults_test.cc LIBS freshness HEAVY)
