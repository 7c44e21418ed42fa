# The contracts themselves: whatever lies under proto, so that none is forgotten.
file(GLOB_RECURSE contracts CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/proto
     ${PROJECT_SOURCE_DIR}/proto/lingkaran/*.proto)
list(TRANSFORM contracts PREPEND ${PROJECT_SOURCE_DIR}/proto/ OUTPUT_VARIABLE contract_files)
set(descriptors ${PROJECT_BINARY_DIR}/gen/contracts.binpb)
add_custom_command(
  OUTPUT ${descriptors}
  COMMAND protobuf::protoc -I . --include_imports --descriptor_set_out=${descriptors} ${contracts}
  DEPENDS ${contract_files} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/proto VERBATIM)
lingkaran_test(contract_test LABEL contract SOURCES contract/contract_test.cc ${descriptors}
               LIBS common_server)
target_compile_definitions(contract_test PRIVATE LINGKARAN_DESCRIPTORS="${descriptors}")
add_test(NAME contract_lint COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/contract/buf lint)
foreach(check breaking self_check)
  add_test(NAME contract_${check} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/contract/${check})
endforeach()
set_tests_properties(contract_lint contract_breaking contract_self_check
                     PROPERTIES LABELS contract TIMEOUT 60)
