# A bad network, and histories of what clients saw through it. The long form is run by tests/soak.
add_library(fault_proxy STATIC support/fault_proxy.cc support/fault_schedule.cc)
target_link_libraries(fault_proxy PUBLIC absl::strings absl::time Threads::Threads
                      PRIVATE lingkaran_options)

# Searches and random histories by the ten thousand: worth optimising.
add_library(history_check STATIC history/wgl.cc history/models.cc history/objects.cc)
target_link_libraries(history_check PUBLIC absl::strings absl::str_format absl::flat_hash_set
                      PRIVATE lingkaran_options)
target_compile_options(history_check PRIVATE -O2)

add_library(history_workload STATIC history/workload.cc history/group_cover.cc
            history/group_member.cc history/group_pledge.cc history/deployment.cc)
target_link_libraries(history_workload PUBLIC history_check fault_proxy cluster_support
                      PRIVATE lingkaran_options)
lingkaran_tool(history_workload test_headers)

add_executable(lingkaran-histories history/main.cc)
target_link_libraries(lingkaran-histories PRIVATE lingkaran_options history_workload)
lingkaran_tool(lingkaran-histories test_headers)

lingkaran_test(fault_proxy_test LABEL unit SOURCES history/fault_proxy_test.cc LIBS fault_proxy)
lingkaran_test(history_check_test LABEL unit SOURCES history/wgl_test.cc LIBS history_check)
target_compile_options(history_check_test PRIVATE -O1)
lingkaran_test(histories_test LABEL system SOURCES history/histories_test.cc LIBS history_workload
  HEAVY)
