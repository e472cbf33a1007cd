# The model checker: it knows nothing of the library, and programs that are checked link it.
#   check/engine/    executions of a program under the memory model
#   check/litmus/    litmus tests: parser and interpreter
#   check/report/    what went wrong, said so that it can be understood
#   check/runtime/   what a compiled program is linked with in place of a thread sanitizer's runtime
#   check/driver/    compiles a file for the checker and looks into the objects
file(GLOB check_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/check/*/*.c)
add_library(tophash_check STATIC ${check_sources})
set_target_properties(tophash_check PROPERTIES OUTPUT_NAME tophash-check)
target_include_directories(tophash_check
    PUBLIC ${PROJECT_SOURCE_DIR}/check PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(tophash_check PRIVATE tophash_flags)
target_link_libraries(tophash_command PRIVATE tophash_check)

# The command finds the library beside itself, as built or as installed, and the header with it.
file(RELATIVE_PATH bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set_source_files_properties(${PROJECT_SOURCE_DIR}/check/driver/find.c PROPERTIES
    COMPILE_DEFINITIONS "TH_CHECK_SOURCE_INCLUDE=\"${PROJECT_SOURCE_DIR}/include\";\
TH_CHECK_LIBRARY_FOLDER=\"${bin_to_lib}\"")
install(TARGETS tophash_check ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
