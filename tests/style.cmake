# What GCC can't see.
add_test(NAME style COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/check)
add_test(NAME style_links COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/links)
add_test(NAME style_self_check COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/self_check)
add_test(NAME seeded_bugs_fit
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/bugs/run --check --build ${CMAKE_BINARY_DIR})
set_tests_properties(style style_links style_self_check seeded_bugs_fit
                     PROPERTIES LABELS style TIMEOUT 60)

# With clang: its warnings, which include who holds which mutex, and clang-tidy for what changed.
# Both write build/clang, one after the other.
add_test(NAME clang_build COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/clang_build)
add_test(NAME clang_tidy COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/tidy --changed)
set_tests_properties(clang_build clang_tidy
                     PROPERTIES LABELS style TIMEOUT 1800 RESOURCE_LOCK build_clang)
