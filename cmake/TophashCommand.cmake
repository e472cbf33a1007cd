# The command `tophash`: the dispatcher and its subcommands.
file(GLOB subcommand_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/cmd_*.c)

# tools/cmd_<name>.c is the subcommand <name>: the dispatcher's table is made from the file names.
set(subcommands "")
foreach(source ${subcommand_sources})
    string(REGEX REPLACE ".*/cmd_([a-z0-9_]+)\\.c" "\\1" name ${source})
    string(APPEND subcommands "TH_SUBCOMMAND(${name})\n")
endforeach()
file(CONFIGURE OUTPUT generated/subcommands.inc CONTENT "${subcommands}" @ONLY)

add_executable(tophash_command ${PROJECT_SOURCE_DIR}/tools/main.c ${subcommand_sources})
set_target_properties(tophash_command PROPERTIES OUTPUT_NAME tophash)
target_include_directories(tophash_command PRIVATE
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/server ${PROJECT_SOURCE_DIR}/tools
    ${PROJECT_BINARY_DIR}/generated)
target_link_libraries(tophash_command PRIVATE tophash_static tophash_flags)

if(TARGET tophash_server)
    target_link_libraries(tophash_command PRIVATE tophash_server)
endif()

# The style checker is a program of its own and knows nothing of the library.
file(GLOB tidy_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/tidy/*.c)
add_executable(tidy ${tidy_sources})
target_link_libraries(tidy PRIVATE tophash_flags)
