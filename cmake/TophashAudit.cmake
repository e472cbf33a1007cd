# The auditor of machine code: it knows nothing of the library, and its tools are LLVM's, found when
# it runs.
file(GLOB audit_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/audit/*.c)
add_library(tophash_audit STATIC ${audit_sources})
target_include_directories(tophash_audit
    PUBLIC ${PROJECT_SOURCE_DIR}/audit PRIVATE ${PROJECT_SOURCE_DIR}/check)
target_link_libraries(tophash_audit PRIVATE tophash_flags tophash_check)
target_link_libraries(tophash_command PRIVATE tophash_audit)
